"""Writes docs/reliability.md: runs every class on every subject and on the lasso of other packages."""

import importlib.metadata
import importlib.util
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from hostile_inputs import CASES, PEERS, SUBJECTS
from hostile_pool import Pool

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def cell(pool, subject, number):
    """What stands in the table; "ok" for ours means every trial and check of the class passed."""
    answer = pool.run(subject, number)
    if subject in PEERS and answer not in ("the process died", None) and "no answer" not in answer:
        return answer
    if answer is None:
        return "ok"
    return {"the process died": "crash"}.get(answer, "hang" if "no answer" in answer else "FAILED")


def warm(pool, peer):
    """A child that has compiled what the peer compiles, dense and sparse, before its answers are timed."""
    if pool._child is None:
        patience, pool.patience = pool.patience, 300
        for number in (76, 95):
            pool.run(peer, number)
        pool.patience = patience


def main():
    peers = [name for name in PEERS if importlib.util.find_spec(name.replace("scikit-learn", "sklearn"))]
    columns = [*SUBJECTS, *peers]
    ours = Pool()
    pools = {name: Pool(patience=10) if name in PEERS else ours for name in columns}
    rows, count = [], {}
    for number in sorted(CASES):
        cells = []
        for name in columns:
            if name in PEERS:
                warm(pools[name], name)
            cells.append(cell(pools[name], name, number))
            count.setdefault(name, {}).setdefault(cells[-1], 0)
            count[name][cells[-1]] += 1
        rows.append(f"| {number} | {CASES[number].name} | {' | '.join(cells)} |")
        print(rows[-1], file=sys.stderr)
    for pool in pools.values():
        pool.close()
    heads = [name if name in SUBJECTS else f"{name} {importlib.metadata.version(name)}" for name in columns]
    table = [f"| | input | {' | '.join(heads)} |", "|---" * (2 + len(columns)) + "|", *rows]
    sums = [f"- {name}: {', '.join(f'{n} {what}' for what, n in sorted(c.items()))}" for name, c in count.items()]
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text("\n".join([before + BEGIN, "", *sums, "", *table, "", END + rest.split(END)[1]]))


if __name__ == "__main__":
    main()
