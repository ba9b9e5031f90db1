"""Does a question that names a company, a plan, a product or a person find its documents?

`sets/names.jsonl` has 128 questions, written before the mechanism was tuned: names, tickers,
initials, brands, other spellings, two names, periods, unknown names, and common words that are
names elsewhere. Half `a` was looked at while it was made, half `b` was not. The PDFs of northwind,
mmlongbench and kgrag_sec10q and two texts share one library. `--renamed` gives the files names that
say nothing: only their pages tell then.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import bootstrap_interval, first_distinct, read_rows
from benchmarks import common
from vectorstore.embedding.embedder import load_embedder
from vectorstore.library import Library

QUESTIONS = Path(__file__).parents[1] / "sets" / "names.jsonl"
PDF_SETS = ("northwind", "mmlongbench", "kgrag_sec10q")
TEXTS = ("wiki.md", "duck.md")
HITS = 25

Row = dict[str, Any]
Values = dict[str, list[float]]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--renamed", action="store_true", help="files with names that say nothing")
    parser.add_argument("--half", choices=("a", "b"), help="half of the questions")
    parser.add_argument("--show", action="store_true", help="questions that went wrong")
    options = parser.parse_args()
    embedder = load_embedder(common.model(options, "embedding"))
    with tempfile.TemporaryDirectory() as folder:
        files = named_files(common.eval_folder(options.eval), Path(folder), options.renamed)
        with Library(Path(folder) / "library", "names", lambda: embedder) as library:
            library.add(list(files.values()))
            report(options, library, {name: path.name for name, path in files.items()})


def named_files(folder: Path, scratch: Path, renamed: bool) -> dict[str, Path]:
    """Each file by its name in the questions; copies with other names if they are renamed."""
    files = [pdf for name in PDF_SETS for pdf in common.pdf_set(folder, name).pdfs]
    files += [folder / "office" / "files" / name for name in TEXTS]
    found = {path.name: path for path in files}
    if not renamed:
        return found
    return {
        name: Path(shutil.copyfile(path, scratch / f"scan_{number}{path.suffix}"))
        for number, (name, path) in enumerate(sorted(found.items()))
    }


def report(options: Any, library: Library, names: Mapping[str, str]) -> None:
    rows = [row for row in read_rows(QUESTIONS) if options.half in (None, row["half"])]
    values: Values = defaultdict(list)
    for row in rows:
        groups = [{names[document] for document in group} for group in row["documents"]]
        found = scores(library, row["question"], groups)
        if options.show and min(found.values()) < 1:
            print(row["kind"], row["question"], found)
        for name, score in found.items():
            values[name].append(score)
        values[f"{row['kind']}: {next(iter(found))}"].append(next(iter(found.values())))
    print(f"\n## Questions that name something: {len(rows)}\n")
    body = [[name, len(found), bootstrap_interval(found)] for name, found in values.items()]
    print(common.table(["", "questions", "share"], body))


def scores(library: Library, question: str, groups: list[set[str]]) -> dict[str, float]:
    """Of a question that names nothing in the library, whether nothing is taken for a name."""
    if not groups:
        return {"nothing is named": float(not library.about(question))}
    hits = library.passages(question, HITS)
    pages = first_distinct(((hit.document, hit.page) for hit in hits), 5)
    documents = [document for document, _ in pages]
    right = set().union(*groups)
    return {
        "first document": float(documents[0] in right),
        "document hit@5": float(not right.isdisjoint(documents)),
        "right pages of five": sum(name in right for name in documents) / len(documents),
        "all that is named": float(not any(group.isdisjoint(documents) for group in groups)),
    }


if __name__ == "__main__":
    main()
