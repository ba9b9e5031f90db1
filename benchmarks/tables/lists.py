"""Are questions to lists computed right, in languages that no rule was written for?

Each list is a library of its own. Counted are answers of the tool for lists alone: what it leaves
goes to the tool for all questions. `--half held-out` takes the lists that nobody looked at, and
`conditions` questions over several records with a condition that no column tells.
"""

import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from assistant.answering.tables.records import asked_list, computed, sentence
from assistant.evaluation.metrics import read_rows
from assistant.llm.chat_model import LlamaCppChat
from assistant.settings import Settings
from assistant.tools.tabular import Chooser
from assistant.wiring.composition import library_in
from benchmarks import common
from vectorstore.library import Library

_SETS = Path(__file__).parents[1] / "sets" / "lists"


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument(
        "--half", choices=("development", "held-out", "conditions"), default="development"
    )
    options.add_argument("--show", action="store_true", help="print what the model chose")
    given = options.parse_args()
    model = LlamaCppChat.from_file(common.model(given, "chat"))
    chooser = Chooser(model, threading.Event())
    rows = [row for row in read_rows(_SETS / "questions.jsonl") if row["half"] == given.half]
    counts: Counter[tuple[str, str]] = Counter()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="pincite-bench-") as scratch:
        for name in dict.fromkeys(row["list"] for row in rows):
            library = library_in(Settings.load(), Path(scratch, name), name)
            library.add([_SETS / f"{name}.csv"])
            for row in (row for row in rows if row["list"] == name):
                told = answer(row["question"], library, chooser, given.show)
                label = labelled(row["wanted"], told)
                counts["answerable" if row["wanted"] else "unanswerable", label] += 1
                print(f"{label:6} {row['question']} | {told} | {row['wanted']}", flush=True)
    print(f"\n{dict(counts)}, {(time.perf_counter() - begun) / len(rows):.1f} s a question")


def answer(question: str, library: Library, chooser: Chooser, show: bool) -> str:
    """Empty where the tool leaves the question."""
    asked = asked_list(question, library, None)
    if asked is None:
        return ""
    if show:
        said = {c.label: set(v) for c, v in asked.mentions.values.items()}
        print("   ", said, chooser.operation(asked))
    program = chooser.chosen(asked)
    plan = computed(asked, *program) if program else None
    if show:
        print("   ", program)
    return sentence(plan, question) if plan else ""


def labelled(wanted: Any, told: str) -> str:
    if not told:
        return "left"
    return "right" if wanted and plain(wanted) in plain(told) else "WRONG"


def plain(text: str) -> str:
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


if __name__ == "__main__":
    main()
