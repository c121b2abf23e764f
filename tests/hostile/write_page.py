"""Writes docs/reliability.md: runs every class on every subject and on the lasso of other packages.

With names of subjects or packages as arguments only these are run, and the others keep what the page says.
"""

import importlib.metadata
import importlib.util
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from hostile_inputs import CASES, PEERS, SUBJECTS
from hostile_pool import Pool

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
PATIENCE = 10  # seconds a class may take
WARM = {"skglm": ["skglm", "76", "95"]}  # what compiles itself in every process, first with dense and with sparse data
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def cell(pool, subject, number):
    """What stands in the table; "ok" for ours means every trial and check of the class passed."""
    if subject in SUBJECTS and not CASES[number].asks(SUBJECTS[subject]):
        return "-"
    answer = pool.run(subject, number)
    if subject in PEERS and answer not in ("the process died", None) and "no answer" not in answer:
        return answer
    if answer is None:
        return "ok"
    return {"the process died": "crash"}.get(answer, "hang" if "no answer" in answer else "FAILED")


def written_before():
    """Return the heads and the cells of the page as it is, by the name of the column and the number of the class."""
    lines = [line for line in PAGE.read_text().split(BEGIN)[1].splitlines() if line.startswith("| ")]
    heads, *rows = [[part.strip() for part in line.strip("|").split("|")] for line in lines]
    columns = {head.split()[0]: head for head in heads[2:]}
    return columns, {(name, int(row[0])): row[2 + i] for i, name in enumerate(columns) for row in rows}


def main():
    wanted = sys.argv[1:]
    old_heads, old = written_before()
    peers = [name for name in PEERS if importlib.util.find_spec(name.replace("scikit-learn", "sklearn"))]
    if wanted:
        peers = [name for name in PEERS if name in wanted or name in old_heads]
    columns = [*SUBJECTS, *peers]
    ours = Pool()
    pools = {name: Pool(PATIENCE, WARM.get(name, ())) if name in PEERS else ours for name in columns}
    rows, count = [], {}
    for number in sorted(CASES):
        cells = []
        for name in columns:
            if wanted and name not in wanted:
                cells.append(old[name, number])
            else:
                cells.append(cell(pools[name], name, number))
            count.setdefault(name, {}).setdefault(cells[-1], 0)
            count[name][cells[-1]] += 1
        rows.append(f"| {number} | {CASES[number].name} | {' | '.join(cells)} |")
        print(rows[-1], file=sys.stderr)
    for pool in pools.values():
        pool.close()
    heads = []
    for name in columns:
        kept = bool(wanted) and name not in wanted
        heads.append(
            old_heads[name] if kept else name if name in SUBJECTS else f"{name} {importlib.metadata.version(name)}"
        )
    table = [f"| | input | {' | '.join(heads)} |", "|---" * (2 + len(columns)) + "|", *rows]
    sums = [f"- {name}: {', '.join(f'{n} {what}' for what, n in sorted(c.items()))}" for name, c in count.items()]
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text("\n".join([before + BEGIN, "", *sums, "", *table, "", END + rest.split(END)[1]]))


if __name__ == "__main__":
    main()
