"""Adds a notice to an answer that another document contradicts, and cites both.

Only what was found is looked at, whether it was read or not, and only running text: rows of tables
say too little by themselves.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answering.passages import window_builder
from assistant.answering.passages.citable_spans import CitableSpan, states, units_of
from assistant.answering.passages.context_builder import Context
from assistant.answering.passages.window_builder import Window
from assistant.answering.verification import attribution
from assistant.answering.verification.contradiction import Difference, difference
from assistant.contract.evidence import Evidence
from assistant.contract.outcome import Citation, Outcome, Sentence, place
from assistant.i18n.translation import _
from ingest.language.words import name_parts, stems
from vectorstore.versions.names import one_document, parsed

OTHERWISE = "Another document says otherwise:"
BOTH = "The documents cited here do not agree on this."
_MOST = 2  # in one answer
_WORD = re.compile(r"\w+")
_NAME = re.compile(r"(?<=\s)(?:[A-Z]\w*|(?=\w*\d)\w+)")  # behind the first word of a question


@dataclass(frozen=True)
class Disagreement:
    """A sentence of the answer rests on `cited`; `other`, of another document, contradicts it."""

    mark: int  # mark of the citation of `cited`
    cited: CitableSpan
    other: CitableSpan
    difference: Difference


def noted(outcome: Outcome, context: Context, evidence: Evidence) -> Outcome:
    """The outcome with a sentence, a citation and a notice for each contradiction, at most two."""
    if outcome.refused or outcome.stopped:
        return outcome
    windows = found(context, evidence)
    for one in list(disagreements(outcome, context.question, windows))[:_MOST]:
        outcome = _told(outcome, one, windows)
    return outcome


def found(context: Context, evidence: Evidence) -> tuple[Window, ...]:
    """The passages that were read, followed by those that were only found."""
    read = context.windows + context.earlier
    return read + window_builder.beside(context.hits, read, evidence)


def disagreements(
    outcome: Outcome, question: str, windows: Sequence[Window]
) -> Iterator[Disagreement]:
    """The contradictions of an answer, in order; each sentence of another document once."""
    units = [u for i, w in enumerate(windows) for u in units_of(w, i) if _prose(u, w)]
    seen: set[CitableSpan] = set()
    for sentence in outcome.sentences:
        for mark, cited in _cited(sentence, outcome.citations, units, windows):
            for other in units:
                one, two = windows[cited.window], windows[other.window]
                if other in seen or not _comparable(one, two) or _told_apart(question, one, two):
                    continue
                around = _about(one), _about(two)
                what = difference(question, cited.text, other.text, *around)
                if what and states(other):
                    seen |= {cited, other}
                    yield Disagreement(mark, cited, other, what)


def _prose(unit: CitableSpan, window: Window) -> bool:
    return not any(t.first <= unit.last and unit.first <= t.last for t in window.page.tables)


def _about(window: Window) -> str:
    """The text around a sentence, which may name its subject."""
    return f"{window.document}\n{window.text}"


def _cited(
    sentence: Sentence,
    citations: Sequence[Citation],
    units: Sequence[CitableSpan],
    read: Sequence[Window],
) -> Iterator[tuple[int, CitableSpan]]:
    """For each mark, the sentence of the cited lines closest to the answer's."""
    wanted = stems(sentence.text)
    for citation in citations:
        if citation.mark in sentence.marks:
            quote = " ".join(citation.quote.split())
            within = [u for u in units if _stands_in(u, citation, quote, read[u.window])]
            if within:
                yield citation.mark, max(within, key=lambda unit: len(unit.stems & wanted))


def _stands_in(unit: CitableSpan, citation: Citation, quote: str, window: Window) -> bool:
    same = window.document == citation.document and window.page.number == citation.page
    return same and " ".join(unit.text.split()) in quote


def _comparable(one: Window, other: Window) -> bool:
    """Whether two documents can contradict each other: versions and reports of two years cannot."""
    if one.document == other.document:
        return False
    first, second = parsed(one.document), parsed(other.document)
    if first.periods and second.periods and first.periods != second.periods:
        return False
    return not one_document(first, second)


def _told_apart(question: str, one: Window, other: Window) -> bool:
    """Whether the question names one of two of a kind, such as the Acme and the Globex contract."""
    first, second = (set(_WORD.findall(name_parts(w.document).lower())) for w in (one, other))
    if not first & second:
        return False
    return any(name.lower() in first ^ second for name in _NAME.findall(question))


def _told(outcome: Outcome, found: Disagreement, read: Sequence[Window]) -> Outcome:
    sentence, citations = _sentence(outcome, found, read)
    return replace(
        outcome,
        text=f"{outcome.text} {sentence.text}",
        sentences=(*outcome.sentences, sentence),
        citations=citations,
        notices=(*outcome.notices, _notice(found, read)),
    )


def _sentence(
    outcome: Outcome, found: Disagreement, read: Sequence[Window]
) -> tuple[Sentence, tuple[Citation, ...]]:
    """The sentence to add to the answer, with its marks, and all citations then."""
    mark = 1 + max((citation.mark for citation in outcome.citations), default=0)
    new = attribution.citation(mark, found.other, read, 1.0)
    for known in outcome.citations:
        if replace(known, mark=mark, score=1.0) == new:  # the answer cites both already
            return Sentence(BOTH, True, (found.mark, known.mark)), outcome.citations
    text = " ".join(found.other.text.split())
    return Sentence(f"{OTHERWISE} “{text}”", True, (mark,)), (*outcome.citations, new)


def _notice(found: Disagreement, read: Sequence[Window]) -> str:
    """`A.pdf, page 1, says 25 days; B.pdf, page 2, says 28 days.`"""
    sides = ((found.cited, found.difference.one), (found.other, found.difference.other))
    said = (_("{place}, says {value}", place=_where(unit, read), value=v) for unit, v in sides)
    return _("The documents do not agree: {sides}.", sides="; ".join(said))


def _where(unit: CitableSpan, read: Sequence[Window]) -> str:
    window = read[unit.window]
    seconds = window.page.lines[unit.first].seconds
    return f"{window.document}, {place(window.page.number, seconds)}"
