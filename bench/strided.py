"""Strided masks beside independent ones of the same rate: ``python -m bench.strided``.

Both train the same linear model for the same number of steps; the median seconds of runs that take turns.
"""

import time

import numpy as np
from threadpoolctl import threadpool_limits

from pyreweight import dropout_training
from pyreweight.penalties import BernoulliDropout

from .datasets.simulated import gaussian

PATTERNS = ["independent", "strided"]


def seconds(X, y, rate, pattern, batch_size, n_steps):
    """CPU time of one training without preparation: that of a run of `n_steps` less that of a run of one step."""
    times = []
    for steps in (1, n_steps):
        start = time.process_time()
        dropout_training(
            X,
            y,
            dropout=BernoulliDropout(rate=1 - rate),
            pattern=pattern,
            batch_size=batch_size,
            n_steps=steps,
            n_records=1,
            step=1e-5,
            random_state=0,
        )
        times.append(time.process_time() - start)
    return times[1] - times[0]


def compare(n, p, rate, batch_size, n_steps=2000, repeats=5):
    """Microseconds per step of each pattern, medians over `repeats` rounds in which they take turns."""
    X, y = gaussian(None, n, p, rho=0.5, n_nonzero=min(p, 50))
    X = np.asfortranarray(X)
    rounds = [[seconds(X, y, rate, pattern, batch_size, n_steps) for pattern in PATTERNS] for _ in range(repeats)]
    return dict(zip(PATTERNS, np.median(rounds, axis=0) / n_steps * 1e6, strict=True))


def main():
    print("microseconds per step; keep probability q")
    with threadpool_limits(limits=1):
        for n, p in ((1000, 200), (1000, 4000)):
            for batch_size in (1, 8, 32):
                for rate in (0.5, 0.2):
                    row = compare(n, p, rate, batch_size)
                    ratio = row["independent"] / row["strided"]
                    print(
                        f"{n} x {p}, batch {batch_size:2d}, q = {rate}: independent {row['independent']:7.1f}, "
                        f"strided {row['strided']:7.1f}, ratio {ratio:.1f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
