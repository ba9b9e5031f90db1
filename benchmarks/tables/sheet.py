"""Are the cells of a sheet right, cited on the right page, and empty where they should be?

Ten documents of five layouts are written and added, and eight columns are asked of each, by
`pincite sheet`. What is wanted is known from the facts the documents were made of.
`--half held-out` takes ten documents of five other layouts. `--home` keeps the cells, so that an
interrupted run goes on. `--copy 1` takes the first of the two documents of each layout alone, and
`--copy 2` the second.
"""

import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.sheet.cell import plain
from benchmarks import common
from benchmarks.tables.sheet_documents.documents import Wanted, write
from benchmarks.tables.sheet_documents.facts import COLUMNS

Row = dict[str, Any]
_LONGER = 40  # characters that a name may be longer than wanted, such as by an address
LABELS = ("right", "wrong", "missed")


def main() -> None:
    options = parser().parse_args()
    if options.home:
        run(options, options.home)
    else:
        with tempfile.TemporaryDirectory(prefix="pincite-bench-") as folder:
            run(options, Path(folder))


def parser() -> Any:
    made = common.parser(__doc__)
    made.add_argument("--half", choices=("development", "held-out"), default="development")
    made.add_argument("--home", type=Path, help="a home that is kept")
    made.add_argument("--copy", type=int, choices=(1, 2), help="one document of each layout")
    made.add_argument("--show", action="store_true", help="print each cell that is not right")
    return made


def run(options: Any, home: Path) -> None:
    held_out = options.half == "held-out"
    folder = home / "documents" / options.half
    wanted = write(folder, held_out)
    environment = common.environment(home, options, "chat", "embedding")
    library = "--library", options.half
    common.pincite(environment, "add", folder, *library, "--json")
    names = sorted({cell.document for cell in wanted})
    names = names[options.copy - 1 :: 2] if options.copy else names
    asked = [part for column in COLUMNS for part in ("--question", column)]
    begun = time.perf_counter()
    sheet = common.pincite(
        environment, "sheet", *library, *asked, "--documents", *names, "--json"
    )[0]  # fmt: skip
    seconds = time.perf_counter() - begun
    labelled = list(label_all([cell for cell in wanted if cell.document in names], sheet["cells"]))
    print_results(labelled, seconds)
    if options.show:
        print_others(labelled)


def label_all(wanted: Iterable[Wanted], cells: Iterable[Row]) -> Iterator[Row]:
    made = {(cell["document"], cell["head"]): cell for cell in cells}
    for cell in wanted:
        found = made[cell.document, cell.column]
        yield {"wanted": cell, "cell": found, "label": label(cell, found)}


def label(wanted: Wanted, cell: Row) -> str:
    """An empty cell is missed where something was wanted, and right where nothing was."""
    if cell["state"] in ("empty", "failed"):
        return "missed" if wanted.value else "right"
    if not wanted.value:
        return "right" if cell["kind"] == "truth" and cell["value"] == "no" else "wrong"
    return "right" if same(wanted.value, cell) else "wrong"


def same(wanted: str, cell: Row) -> bool:
    if cell["kind"] == "money":
        return isinstance(cell["typed"], float) and abs(cell["typed"] - float(wanted)) < 0.005
    if cell["kind"] == "time":
        return f"{cell['typed']:g} {cell['unit']}" == wanted if cell["unit"] else False
    if cell["kind"] in ("date", "truth", "code"):
        return plain(str(cell["value"] if cell["kind"] != "date" else cell["typed"])) == plain(
            wanted
        )
    found = plain(cell["value"])
    return plain(wanted) in found and len(found) - len(plain(wanted)) <= _LONGER


def print_results(rows: Sequence[Row], seconds: float) -> None:
    def line(name: str, of: Sequence[Row]) -> list[object]:
        counts = [sum(row["label"] == kind for row in of) for kind in LABELS]
        share = [f"{count} ({count / len(of):.2f})" for count in counts]
        doubtful = [row for row in of if row["cell"]["state"] == "doubtful"]
        wrong = sum(row["label"] == "wrong" for row in doubtful)
        return [name, len(of), *share, f"{len(doubtful)}, {wrong} wrong"]

    columns = [line(c, [r for r in rows if r["wanted"].column == c]) for c in COLUMNS]
    heads = ("column", "n", *LABELS, "doubtful")
    print(common.table(heads, [*columns, line("all", rows)]))
    filled = [row for row in rows if row["cell"]["value"] and row["wanted"].value]
    right_page = sum(row["cell"]["page"] == row["wanted"].page for row in filled)
    made = sum(not row["cell"]["answer"] for row in rows)
    print(f"\nFilled cells of facts cited on the right page: {right_page} of {len(filled)}")
    print(f"Cells that needed no model: {made} of {len(rows)}; {seconds:.0f} s in all")


def print_others(rows: Iterable[Row]) -> None:
    for row in rows:
        if row["label"] != "right":
            cell, wanted = row["cell"], row["wanted"]
            said = re.sub(r"\s+", " ", f"{cell['value']!r} ({cell['state']}) of {cell['answer']!r}")
            print(
                f"{row['label']}: {wanted.document} {wanted.column}: {said}, not {wanted.value!r}"
            )


if __name__ == "__main__":
    main()
