"""Are questions over tables answered with the right value, from the right cells, and no others?

The questions stand in samples/table_questions.jsonl; `--questions` takes another file of that form,
whose rows may name a `library` of the home. Each is asked in both of its phrasings, with no model:
the tool that computes from tables takes it or leaves it. A row is right when the value and all of
its cells are those that a person took from the document. Near misses must be left.

`--takeovers FILE...` asks questions that are not made for tables, and prints each that is taken.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from assistant.contract.request import Request
from assistant.evaluation.metrics import bootstrap_interval, read_rows
from assistant.settings import Settings
from assistant.tools.tabular import Tables
from assistant.wiring import composition
from benchmarks import common
from vectorstore.library import Library

QUESTIONS = common.ROOT / "samples" / "table_questions.jsonl"
PHRASINGS = ("question", "paraphrase")
NEAR_MISS = "near miss"
OFF = 0.006  # of a computed value: half of the last digit that a person would write

Row = dict[str, Any]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--part", help="only these rows: development, held-out or near miss")
    parser.add_argument("--home", type=Path, help="a home that has the libraries (else a new one)")
    parser.add_argument("--library", default="main", help="of rows that name none")
    parser.add_argument("--takeovers", type=Path, nargs="*", metavar="FILE")
    options = parser.parse_args()
    if options.home:
        run(options, options.home)
    else:
        with common.fresh_home() as home:
            environment = common.environment(home, options, "embedding")
            pdfs = sorted((common.ROOT / "samples").glob("*.pdf"))
            common.pincite(environment, "add", *pdfs, "--json")
            run(options, home)


def run(options: Any, home: Path) -> None:
    libraries = Libraries(options, home)
    if options.takeovers:
        for path in options.takeovers:
            print_takeovers(path, libraries.named(options.library))
        return
    rows = [r for r in read_rows(options.questions) if options.part in (None, r["part"])]
    asked = list(ask_all(rows, libraries, options.library))
    print_results(asked)
    print_wrong(asked)


class Libraries:
    """Of a home, opened once."""

    def __init__(self, options: Any, home: Path) -> None:
        embedder = str(common.model(options, "embedding"))
        self._settings = Settings.load().model_copy(
            update={"home": home, "embedding_model": embedder}
        )
        self._open: dict[str, Library] = {}

    def named(self, name: str) -> Library:
        if name not in self._open:
            self._open[name] = composition.library(self._settings, name)
        return self._open[name]


def ask_all(rows: Iterable[Row], libraries: Libraries, usual: str) -> Iterator[Row]:
    for row in rows:
        library = libraries.named(row.get("library", usual))
        for phrasing in (p for p in PHRASINGS if p in row):
            said = ask(row[phrasing], library)
            yield {**row, "phrasing": phrasing, "said": said, "label": label(row, said)}


def ask(question: str, library: Library) -> Row | None:
    """The answer document; None when the tool leaves the question."""
    reply = Tables().offer(Request(question, library))
    return reply.to_json() if reply else None


def label(row: Row, said: Row | None) -> str:
    if said is None:
        return "left"
    if row["part"] == NEAR_MISS:
        return "wrong"
    return "right" if right(row, said) else "wrong"


def right(row: Row, said: Row) -> bool:
    """The value, or the words of the cell; all cells, of an extreme or a count among others."""
    used = {digits(cell["text"]) for cell in said["cells"]}
    wanted = {digits(cell) for cell in row["cells"]}
    extreme = row["operation"] in ("extreme", "count")
    cells = wanted <= used if extreme else wanted == used
    named = row.get("label", "").lower() in said["answer"].lower()
    if isinstance(row["value"], str):
        return cells and row["value"] in said["answer"]
    shown = numbers(said["answer"])
    return cells and named and any(near(value, row["value"]) for value in shown)


def digits(text: str) -> str:
    return re.sub(r"[^\d.]", "", text)


def numbers(text: str) -> list[float]:
    """Those of a text, with their signs; money without its sign."""
    plain = re.sub(r"[€$£]|(?<=\d),(?=\d{3})", "", text).replace("\u2212", "-")
    return [float(found) for found in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", plain)]


def near(value: float, wanted: float) -> bool:
    return abs(value - wanted) <= OFF * abs(wanted)


def cited(said: Row) -> bool:
    """Each cell stands in the lines that its mark cites."""
    quotes = {citation["mark"]: citation["quote"] for citation in said["citations"]}
    return all(
        digits(cell["text"]) in digits(quotes[cell["mark"]].replace(" ", "|"))
        or cell["text"] in quotes[cell["mark"]]
        for cell in said["cells"]
    )


def print_results(asked: list[Row]) -> None:
    groups = [("all", asked)]
    groups += [
        (f"{part}, {p}", [r for r in asked if r["part"] == part and r["phrasing"] == p])
        for part in ("development", "held-out", NEAR_MISS)
        for p in PHRASINGS
    ]
    operations = dict.fromkeys(row["operation"] for row in asked if "operation" in row)
    groups += [(name, [r for r in asked if r.get("operation") == name]) for name in operations]
    print(common.table(["", "n", "right", "wrong", "left", "right of all"], map(line, groups)))
    said = [row["said"] for row in asked if row["said"]]
    print(
        f"\nAnswers whose every cell stands in its cited lines: {sum(map(cited, said))} of", end=""
    )
    print(f" {len(said)}.")


def line(group: tuple[str, list[Row]]) -> list[object]:
    name, rows = group
    labels = [row["label"] for row in rows]
    share = bootstrap_interval([found == "right" for found in labels]) if labels else "-"
    return [name, len(rows), *(labels.count(found) for found in ("right", "wrong", "left")), share]


def print_wrong(asked: list[Row]) -> None:
    for row in asked:
        if row["label"] == "wrong" or (row["label"] == "left" and row["part"] != NEAR_MISS):
            told = row["said"]["answer"] if row["said"] else "(left)"
            print(f"\n{row['id']} {row['label']}: {row[row['phrasing']]}\n  {told}")
            print(f"  wanted {row.get('value', 'nothing')}")


def print_takeovers(path: Path, library: Library) -> None:
    rows = read_rows(path)
    taken = [(row, said) for row in rows if (said := ask(row["question"], library))]
    print(f"\n{path.parent.name}: {len(taken)} of {len(rows)} questions are taken")
    for row, said in taken:
        print(f"\n{row['id']}: {row['question']}\n  {said['answer']}\n  gold: {row.get('answers')}")


if __name__ == "__main__":
    main()
