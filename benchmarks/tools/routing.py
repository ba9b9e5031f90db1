"""Which tool is chosen: messages whose request is known, and questions that are only questions.

`sets/wishes.jsonl` has messages in several phrasings with the tool ("wish") and its arguments; each
is in the tuning half or the held-out half by a hash of the message. `sets/wishes_unseen*.jsonl` are
of other authors. None of the held-out half or of these sets is among the examples that the
classifier learns from (`scripts/fit_router.py`). Printed are accuracy with 95 % Wilson intervals,
the confusion, and how often each argument is exactly right. `--questions` routes all questions of
the evaluation sets, also behind a picture of the turn before, and those of XQuAD in seven
languages: each that is taken for a request is printed. `--errors` prints the messages that went
wrong. `--plain` leaves the embedding out, as for an embedder that the weights do not know.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import read_rows, wilson
from assistant.routing.dispatch import command, route
from assistant.routing.slots import ANSWER, Decision, Message
from benchmarks import common
from vectorstore.embedding.embedder import Embedder, load_embedder
from vectorstore.errors import LibraryError

SETS = Path(__file__).parents[1] / "sets"
WANTED = 0.95
ANSWERED = "The last answer."
Row = dict[str, Any]
Choosing = Callable[[Message], Decision]


def main() -> None:
    parser = common.parser(__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--half", choices=["tuning", "held_out"], help="of wishes.jsonl")
    parser.add_argument("--set", default="wishes", help="of sets/, without its ending")
    parser.add_argument("--questions", action="store_true", help="all questions of --eval")
    parser.add_argument("--plain", action="store_true", help="without an embedding")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take each N-th message")
    parser.add_argument("--errors", action="store_true", help="print what went wrong")
    options = parser.parse_args()
    if options.questions:
        report_questions(common.eval_folder(options.eval), by_classifier(options))
        return
    name = f"{options.set}.jsonl"
    rows = [r for r in read_rows(SETS / name) if options.half in (None, r.get("half"))]
    rows = rows[:: options.every]
    router = by_classifier(options)
    begun = time.monotonic()
    choices = [choose(row, router) for row in rows]
    report(rows, choices, options.errors)
    print(f"\n{(time.monotonic() - begun) / len(rows):.4f} s a message")


def choose(row: Row, choosing: Choosing) -> Decision:
    files, shown = (tuple(map(Path, row.get(name, ()))) for name in ("files", "last"))
    message = Message(row["text"], files, shown, ANSWERED, "The last question?")
    return command(message) or choosing(message)


def by_classifier(options: Any) -> Choosing:
    """With the embedder, unless `--plain`."""
    embedder = None if options.plain else load_embedder(common.model(options, "embedding"))
    return lambda message: route(message, lambda: installed(embedder))


def installed(embedder: Embedder | None) -> Embedder:
    if embedder is None:
        raise LibraryError("No embedding model is installed.")
    return embedder


def chosen(choice: Decision) -> str:
    return type(choice.intent).__name__


def report(rows: Sequence[Row], choices: Sequence[Decision], errors: bool) -> None:
    pairs = [(row["wish"], chosen(choice)) for row, choice in zip(rows, choices, strict=True)]
    print(common.table(["intent", "n", "right", "accuracy", "95 %"], _accuracies(pairs)))
    wrong = Counter(pair for pair in pairs if pair[0] != pair[1])
    print("\nTaken for another: " + (", ".join(f"{a} → {b}: {n}" for (a, b), n in wrong.items())))
    print()
    print(common.table(["argument", "n", "right", "accuracy"], _arguments(rows, choices)))
    if errors:
        for row, choice in zip(rows, choices, strict=True):
            if row["wish"] != chosen(choice):
                told = [row.get("files"), row.get("last")]
                print(f"{row['wish']:10} → {chosen(choice):10} {row['text']!r} {told} {choice.why}")
            else:
                for name, wanted, got in compared(row, choice):
                    if wanted != got:
                        print(f"{row['wish']}.{name}: {row['text']!r}: {got!r}, not {wanted!r}")


def _accuracies(pairs: Sequence[tuple[str, str]]) -> Iterable[Sequence[object]]:
    for name in ["all", *sorted({wanted for wanted, _ in pairs})]:
        group = [wanted == got for wanted, got in pairs if name in ("all", wanted)]
        share = wilson(sum(group), len(group))
        ends = f"{share.low:.3f}–{share.high:.3f}"
        yield name, len(group), sum(group), f"{share.mean:.3f}", ends


def _arguments(rows: Sequence[Row], choices: Sequence[Decision]) -> Iterable[Sequence[object]]:
    """Of messages whose intent was recognised."""
    found: dict[str, list[bool]] = {}
    for row, choice in zip(rows, choices, strict=True):
        if row["wish"] == chosen(choice):
            for name, wanted, got in compared(row, choice):
                found.setdefault(f"{row['wish']}.{name}", []).append(wanted == got)
    every = [right for group in found.values() for right in group]
    for name, group in [("all", every), *sorted(found.items())]:
        yield name, len(group), sum(group), f"{sum(group) / max(len(group), 1):.3f}"


def compared(row: Row, choice: Decision) -> Iterable[tuple[str, object, object]]:
    """(name, wanted, got) of each argument that the row tells; words whatever their capitals."""
    for name, wanted in row.get("arguments", {}).items():
        got = _got(name, choice)
        yield name, _plain(wanted), _plain(got)


def _got(name: str, choice: Decision) -> object:
    made = choice.intent
    if name == "file":
        paths = getattr(made, "pictures", ()) or [
            getattr(made, field)
            for field in ("picture", "recording", "video")
            if hasattr(made, field)
        ]
        return paths[0].name if len(paths) == 1 else [path.name for path in paths]
    if name == "question" and row_is_answer(choice):
        return choice.question
    return getattr(made, name)


def row_is_answer(choice: Decision) -> bool:
    return chosen(choice) == "Answer"


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value.lower().strip(" .!")
    return list(value) if isinstance(value, tuple) else value


def report_questions(folder: Path, choosing: Choosing) -> None:
    body = []
    for name, questions in question_lists(folder):
        taken = []
        for shown in ((), (Path("drawing.png"),)):
            found = [(q, choosing(Message(q, (), shown, ANSWERED))) for q in questions]
            taken.append([(q, choice) for q, choice in found if choice != ANSWER])
            for question, choice in taken[-1]:
                common.say(f"{name} {shown}: {question!r} → {chosen(choice)} ({choice.why})")
        body.append([name, len(questions), *map(len, taken)])
    print(common.table(["questions of", "n", "no Answer", "behind a picture"], body))


def question_lists(folder: Path) -> Iterable[tuple[str, list[str]]]:
    """Also claims and the turns of people in conversations; samples and what is in `sets/`."""
    files = [*sorted(folder.glob("*/*.jsonl")), *sorted((common.ROOT / "samples").glob("*.jsonl"))]
    for path in [*files, SETS / "whole.jsonl"]:
        asks = (
            path.stem in ("questions", "table_questions", "tasks", "whole")
            or "quer" in path.stem
            or path.stem.startswith("questions.")
        )
        rows = read_rows(path) if asks or path.parent.name == "injection" else []
        texts = [text for row in rows for text in _questions(row)]
        if texts:
            yield f"{path.parent.name}/{path.stem}", list(dict.fromkeys(texts))


def _questions(row: Row) -> Iterable[str]:
    named = (row.get(field) for field in ("question", "query", "text"))
    yield from (text for text in named if isinstance(text, str))
    for turn in row.get("history") or ():
        if turn["role"] == "user":
            yield str(turn["text"])


if __name__ == "__main__":
    main()
