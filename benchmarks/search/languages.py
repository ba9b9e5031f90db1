"""XQuAD: how often the right passage is found first, and among five, by languages.

Each of the 120 passages is a text file of its own, added as people add files, so that the library
chooses its model by itself. Columns are languages of questions, rows of passages.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import read_rows
from assistant.settings import Settings
from assistant.wiring.composition import library_in
from benchmarks import common
from vectorstore.library import Library

SET = "xquad"
SAME = "the same"
DEFAULT = "en de es ru zh tr ar"
KEPT = 5


def main(arguments: Sequence[str]) -> None:
    options = parser().parse_args(arguments)
    folder = common.eval_folder(options.eval) / SET
    settings = Settings.load(embedding_model=options.model)
    for language in options.passages.split():
        with tempfile.TemporaryDirectory() as scratch:
            measure(options, folder, language, settings, Path(scratch))


def parser() -> Any:
    made = common.parser(__doc__)
    made.add_argument("--passages", default=DEFAULT, help=f"their languages ({DEFAULT})")
    made.add_argument("--questions", default=SAME, help="their languages (as the passages)")
    made.add_argument("--model", help="an embedding model for all (else the library chooses)")
    made.add_argument("--every", type=int, default=1, help="every n-th question")
    return made


def measure(options: Any, folder: Path, language: str, settings: Settings, scratch: Path) -> None:
    files = scratch / "files"
    files.mkdir()
    for row in read_rows(folder / f"corpus.{language}.jsonl"):
        (files / f"{row['_id']}.txt").write_text(row["text"], "utf-8")
    with library_in(settings, scratch / "library", "xquad") as library:
        summary = library.add([files])
        common.say(f"{language}: {summary.seconds} s. {summary.languages}")
        asked = language if options.questions == SAME else options.questions
        for one in asked.split():
            rows = read_rows(folder / f"questions.{one}.jsonl")[:: options.every]
            print(f"| {one} in {language} | {found(library, rows)} |", flush=True)


def found(library: Library, rows: Sequence[dict[str, Any]]) -> str:
    """Shares of first places and of places among five, and the time of a search."""
    started, first, among = time.perf_counter(), 0, 0
    for row in rows:
        gold = f"{row['evidence'][0]['doc_id']}.txt"
        hits = [hit.document for hit in library.search(row["question"], KEPT)]
        first += hits[:1] == [gold]
        among += gold in hits
    milliseconds = (time.perf_counter() - started) / len(rows) * 1000
    return f"{first / len(rows):.3f} / {among / len(rows):.3f} | {milliseconds:.0f} ms"


if __name__ == "__main__":
    main(sys.argv[1:])
