"""Are citations right? Sentences that the model wrote are grounded again and compared with labels.

Reads labelled answers, one a row: {"id", "set", "half", "question", "answer", "library" or "given",
"passages", "sentences": [{"text", "label", "facts"}]}. "passages" are those of the answer document.
Their lines are taken from the library of that name (`--home`), or from "given", the passages that
came with the question as [{"title", "text"}]. A label is "yes" (all that the sentence says stands
in the passages), "partly", "no", or "none" (it says nothing that could be true). "facts" are the
claims of the sentence that stand there, each a list of the places that state it, any of which will
do: [passage, first line, last line], from 0. "context" are places that tell what a pronoun there
stands for: right to cite, and not required.

No chat model runs. A sentence that is partly supported shows the closest lines; such a citation is
right when its lines hold one of the facts. `--attack` also changes one number, date, quoted phrase
or name of each sentence that is shown as supported: what the passages do not say must not be shown
as supported then.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.answering.attributor import Attributor
from assistant.answering.evidence_units import Window, windows_of
from assistant.contract.evidence import Evidence, GivenPassages
from assistant.contract.facts import Citation, Passage, Sentence
from assistant.evaluation.metrics import bootstrap_interval, read_rows
from assistant.settings import Settings
from assistant.wiring import chosen_models, composition
from benchmarks import common
from benchmarks.answering import citation_attacks
from vectorstore.retrieval.search_query import SearchQuery

Row = dict[str, Any]
Span = tuple[int, int, int]  # passage, first and last line of it


@dataclass(frozen=True)
class Read:
    """A labelled answer with the lines that it was written from."""

    row: Row
    windows: tuple[Window, ...]
    evidence: Evidence

    def ground(self, answer: str) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
        return Attributor(SearchQuery(self.row["question"]), self.windows, self.evidence).attribute(
            answer
        )


@dataclass(frozen=True)
class Judged:
    """A sentence, its label, and whether each of its citations is right."""

    text: str
    label: str
    shown: bool  # as supported
    right: tuple[bool, ...]  # its citations: does each hold a fact of the sentence?
    whole: bool  # do they together hold all of its facts?


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("labels", type=Path, help="JSON Lines of labelled answers")
    parser.add_argument("--home", type=Path, help="where the libraries are (else the usual home)")
    parser.add_argument("--half", help="only rows of this half")
    parser.add_argument("--attack", action="store_true", help="change exact items, too")
    parser.add_argument("--show", action="store_true", help="print what is judged wrong")
    options = parser.parse_args()
    rows = [row for row in read_rows(options.labels) if options.half in (None, row["half"])]
    with ExitStack() as stack:
        answers = list(read(rows, Settings.load(home=options.home), stack))
        judged = [(answer, list(judge(answer))) for answer in answers]
        report(judged)
        for answer, sentences in judged if options.show else []:
            show(answer, sentences)
        if options.attack:
            attack(answers, options.show)


def read(rows: Iterable[Row], settings: Settings, stack: ExitStack) -> Iterator[Read]:
    """The rows with their windows; libraries stay open until the stack is closed."""
    embedder = chosen_models.embedder(settings)
    opened: dict[str, Evidence] = {}
    for row in rows:
        if "given" in row:
            texts = [(given["title"] or "", given["text"]) for given in row["given"]]
            evidence: Evidence = GivenPassages(texts, embedder)
        else:
            name = row["library"]
            if name not in opened:
                opened[name] = stack.enter_context(composition.library(settings, name))
            evidence = opened[name]
        windows = tuple(_windows(row, evidence))
        yield Read(row, windows, evidence)


def _windows(row: Row, evidence: Evidence) -> Iterator[Window]:
    for told in row["passages"]:
        passage = Passage(told["document"], told["page"], told["score"], told["text"])
        windows = windows_of(passage, evidence)
        if not windows:
            raise SystemExit(f"{row['id']}: a passage of {passage.document} is not as it was read.")
        yield from windows


def judge(answer: Read) -> Iterator[Judged]:
    """Grounds the answer anew and compares it with its labels, sentence by sentence."""
    sentences, citations = answer.ground(answer.row["answer"])
    spans = {citation.mark: span_of(citation, answer.windows) for citation in citations}
    labels = {labelled["text"]: labelled for labelled in answer.row["sentences"]}
    for sentence in sentences:
        label = labels.get(sentence.text)
        if label is None:
            raise SystemExit(f"{answer.row['id']}: no label for the sentence {sentence.text!r}")
        if label["label"] != "none":
            yield _judged(sentence, label, [spans[mark] for mark in sentence.marks])


def _judged(sentence: Sentence, label: Row, cited: Sequence[Span]) -> Judged:
    facts = [[(p, first, last) for p, first, last in places] for places in label["facts"]]
    context = [(p, first, last) for p, first, last in label.get("context", [])]
    telling = [place for places in [*facts, context] for place in places]
    right = tuple(any(_within(place, [span]) for place in telling) for span in cited)
    whole = bool(facts) and all(any(_within(p, cited) for p in places) for places in facts)
    return Judged(sentence.text, label["label"], sentence.supported, right, whole)


def _within(place: Span, spans: Sequence[Span]) -> bool:
    """Whether each line of a place is among those of the spans."""
    lines = {(p, line) for p, first, last in spans for line in range(first, last + 1)}
    return all((place[0], line) in lines for line in range(place[1], place[2] + 1))


def span_of(citation: Citation, windows: Sequence[Window]) -> Span:
    """Where a citation stands in what was read."""
    quote = citation.quote.split("\n")
    for at, window in enumerate(windows):
        if (window.document, window.page.number) == (citation.document, citation.page):
            lines = window.text.split("\n")
            for first in range(len(lines) - len(quote) + 1):
                if lines[first : first + len(quote)] == quote:
                    return at, first, first + len(quote) - 1
    raise ValueError(f"The citation {citation.quote!r} is of no passage.")


def report(judged: Sequence[tuple[Read, Sequence[Judged]]]) -> None:
    """Each set, and all of them."""
    sets = list(dict.fromkeys(answer.row["set"] for answer, _ in judged))
    body = []
    for name in [*sets, "all"]:
        some = [s for answer, found in judged if name in ("all", answer.row["set"]) for s in found]
        body.append([name, *figures(some)])
    header = [
        "set", "sentences", "citations of supported", "precision", "- of sentences labelled yes",
        "recall", "all facts cited", "shown as supported: partly / no",
        "citations of partly", "on a line of a fact", "yes with a right citation of either",
        "false with a citation",
    ]  # fmt: skip
    print(common.table(header, body))


def figures(judged: Sequence[Judged]) -> list[object]:
    """Precision counts every citation of a supported sentence that is not wholly there as wrong.
    A citation of a partly supported one is right when its lines state one of its facts."""
    shown = [one for one in judged if one.shown]
    strict = [right and one.label == "yes" for one in shown for right in one.right]
    near = [right for one in judged if not one.shown for right in one.right]
    true = [one for one in judged if one.label == "yes"]
    false = [sum(one.label == label for one in shown) for label in ("partly", "no")]
    untrue = [sum(one.label == label for one in judged) for label in ("partly", "no")]
    return [
        len(judged),
        len(strict),
        bootstrap_interval(strict),
        bootstrap_interval([right for one in true if one.shown for right in one.right]),
        bootstrap_interval([one.shown and any(one.right) for one in true]),
        bootstrap_interval([one.whole for one in true]),
        " / ".join(f"{some} of {all_}" for some, all_ in zip(false, untrue, strict=True)),
        len(near),
        bootstrap_interval(near),
        bootstrap_interval([any(one.right) for one in true]),
        f"{sum(bool(one.right) for one in judged if one.label == 'no')} of {untrue[1]}",
    ]


def show(answer: Read, judged: Sequence[Judged]) -> None:
    """Sentences whose citations are not as they should be, with what is cited."""
    sentences, citations = answer.ground(answer.row["answer"])
    marks = {sentence.text: sentence.marks for sentence in sentences}
    quotes = {citation.mark: citation for citation in citations}
    for one in judged:
        good = one.whole and all(one.right) if one.label == "yes" else not one.shown
        if not good:
            print(f"\n{answer.row['id']} [{one.label}, shown: {one.shown}] {one.text}")
        for mark, right in zip(marks[one.text], one.right, strict=True) if not good else []:
            quote = quotes[mark]
            where, said = span_of(quote, answer.windows), " ".join(quote.quote.split())
            print(f"  {'right' if right else 'WRONG'} {quote.score} {where} {said}")


def attack(answers: Sequence[Read], show_them: bool) -> None:
    """Of each sentence that is shown as supported and is: what becomes of its changed twins."""
    counts: dict[str, list[bool]] = {kind: [] for kind in citation_attacks.KINDS}
    for answer in answers:
        for text in _true_and_shown(answer):
            for kind, changed in citation_attacks.changed(text, _all_text(answer)):
                shown = _is_shown(answer, changed)
                counts[kind].append(shown)
                if shown and show_them:
                    print(f"\nSTILL SHOWN ({kind}) {answer.row['id']}: {text}\n  -> {changed}")
    body = [[kind, len(shown), sum(shown)] for kind, shown in counts.items()]
    print("\n" + common.table(["changed", "sentences", "still shown as supported"], body))


def _true_and_shown(answer: Read) -> list[str]:
    return [one.text for one in judge(answer) if one.shown and one.label == "yes"]


def _all_text(answer: Read) -> str:
    return "\n".join([answer.row["question"], *(window.text for window in answer.windows)])


def _is_shown(answer: Read, changed: str) -> bool:
    return any(sentence.supported for sentence in answer.ground(changed)[0])


if __name__ == "__main__":
    main()
