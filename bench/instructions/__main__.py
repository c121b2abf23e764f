"""Compare the instruction counts of the solver with stored ones: ``python -m bench.instructions DRIVER [--update]``.

Seconds depend on the machine and instructions on the compiler, so what is stored is their ratio to a plain coordinate
descent for the same lasso, compiled with the same flags into the same binary (``driver.cpp``). valgrind counts; nothing
else that runs on the machine changes the figure.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

STORED = Path(__file__).with_name("ratios.json")
TOLERANCE = 1.15


def count(driver, case, function):
    """Instructions spent in a function of the driver and in what it calls."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        command += ["--collect-atstart=no", f"--toggle-collect=*{function}*", str(driver), case]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    (line,) = (text for text in done.stderr.splitlines() if "Collected :" in text)
    if (instructions := int(line.split()[-1])) == 0:
        raise RuntimeError(f"no instructions collected in {function}")
    return instructions


def measure(driver):
    """One row per case of the driver."""
    cases = subprocess.run([str(driver)], capture_output=True, text=True, check=True).stdout.split()
    rows = []
    for case in cases:
        solver, reference = (count(driver, case, f"measured_{part}") for part in ("solver", "reference"))
        rows.append({"case": case, "solver": solver, "reference": reference, "ratio": solver / reference})
    return pd.DataFrame(rows)


def judge(table, stored):
    """Add the stored ratios and what they say: slower beyond the tolerance, faster beyond it, new, or as before."""
    table = table.assign(stored=table["case"].map(stored))
    change = table["ratio"] / table["stored"]
    verdict = pd.Series("as before", index=table.index)
    verdict[change > TOLERANCE] = "SLOWER"
    verdict[change < 1 / TOLERANCE] = "faster: store it"
    verdict[change.isna()] = "NEW: store it"
    return table.assign(change=change, verdict=verdict)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m bench.instructions", description=__doc__.splitlines()[0])
    parser.add_argument("driver", type=Path, help="the compiled driver.cpp (CMake target pyreweight_instructions)")
    parser.add_argument("--update", action="store_true", help="store the ratios measured now")
    args = parser.parse_args(argv)
    table = measure(args.driver.resolve())
    if args.update:
        ratios = {case: float(f"{ratio:.4g}") for case, ratio in zip(table["case"], table["ratio"], strict=True)}
        STORED.write_text(json.dumps(ratios, indent=2) + "\n")
    table = judge(table, json.loads(STORED.read_text()))
    print(table.to_string(index=False, float_format="{:.3g}".format))
    failed = table["verdict"].str.isupper() | table["verdict"].str.startswith("NEW")
    if failed.any():
        sys.exit(
            f"{int(failed.sum())} case(s) need more than {TOLERANCE} times their stored instructions or are not stored"
        )


if __name__ == "__main__":
    main()
