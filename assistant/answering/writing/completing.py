"""Stage 6, complete: quotes the sentences that answer a question and that the answer leaves out.

A small model often writes half of an answer, or a fact beside it. The learned reader finds the
sentence that states the answer more often than the model writes it (benchmarks/results/answers.md),
so that what the reader is sure of is quoted behind what the model wrote.
"""

from collections.abc import Sequence
from dataclasses import replace

from assistant.answering.passages.best_sentences import Quoted
from assistant.answering.passages.context_builder import Context
from assistant.answering.verification.attribute import citations_of
from assistant.contract.outcome import Citation, Outcome, Sentence


def completed(outcome: Outcome, quoted: Sequence[Quoted], context: Context) -> Outcome:
    """The outcome with sentences quoted behind it, each with its citation."""
    for one in quoted:
        text = f"“{' '.join(one.unit.text.split())}”"
        outcome = _with(outcome, text, citations_of([one], context)[0])
    return outcome


def _with(outcome: Outcome, text: str, lines: Citation) -> Outcome:
    place = lines.document, lines.page, lines.quote
    marks = {(c.document, c.page, c.quote): c.mark for c in outcome.citations}
    # Lines that are cited already keep their mark.
    mark = marks.get(place, len(outcome.citations) + 1)
    new = () if place in marks else (replace(lines, mark=mark),)
    return replace(
        outcome, text=f"{outcome.text}\n\n{text}",
        sentences=(*outcome.sentences, Sentence(text, True, (mark,))),
        citations=(*outcome.citations, *new),
    )  # fmt: skip
