"""What is said beside an answer: what a refusal looked for, pages that could not be read, and
documents that contradict each other.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from assistant.answering.contradiction import Difference, difference
from assistant.answering.retrieve import Context
from assistant.answering.window import CitableSpan, Window, surroundings
from assistant.contract.evidence import Evidence
from assistant.contract.facts import Citation, Outcome, Sentence, place
from assistant.i18n.translation import N_, _, ngettext, told
from ingest.chunking import PageLedger
from ingest.language.words import content_words, name_parts, stems, telling_words
from ingest.text.legibility import FEW
from vectorstore.errors import UnknownDocument
from vectorstore.versions import one_document, parsed

# -- Says of a refusal what was looked for and where, and which words no passage has

_UNSURE = N_("The passages probably do not answer this. Check each line before you rely on it.")
UNSTATED = N_("What the model wrote is left out: it is probably not the answer.")
_MOST = 4  # words that are named
_DOCUMENTS = 3  # documents that are named
_SHORTEST = 3  # letters
_ASKS = re.compile(
    r"\bhow (?:many|much|often|long|far|old|big|large|high|tall|soon)\b", re.IGNORECASE
)
# A superlative before its noun says how to choose among what is found: no passage has to hold it.
_DEGREE = re.compile(r"\b(the|has|have|had|with|of)\s+\w{2,}est\b(?=\s+\w)", re.IGNORECASE)


def of_refusal(context: Context) -> tuple[str, ...]:
    """Sentences for people: what was looked for and where, and which words of the question, without
    those that it builds on, nothing there mentions."""
    return (*_looked_for(context), *_missing(context))


def marked_unsure(outcome: Outcome) -> Outcome:
    """An answer that would have been refused says so, once: the person wanted it in any case."""
    return replace(outcome, notices=tuple(dict.fromkeys((*outcome.notices, _(_UNSURE)))))


def unstated() -> str:
    """That what the model wrote was not verified."""
    return _(UNSTATED)


def _looked_for(context: Context) -> tuple[str, ...]:
    documents = list(dict.fromkeys(window.document for window in context.windows))
    if not documents:
        return ()
    names, more = ", ".join(documents[:_DOCUMENTS]), len(documents) - _DOCUMENTS
    if more > 0:
        names = ngettext("{names} and {count} more", "{names} and {count} more", more, names=names)
    many = len(context.passages)
    if not context.follows_up:
        looked = ngettext(
            "Looked in the closest passage, of {names}.",
            "Looked in the {count} closest passages, of {names}.",
            many, names=names,
        )  # fmt: skip
    else:
        looked = ngettext(
            "Looked for “{question}” in the closest passage, of {names}.",
            "Looked for “{question}” in the {count} closest passages, of {names}.",
            many, names=names, question=context.question,
        )  # fmt: skip
    return (looked,)


def _missing(context: Context) -> tuple[str, ...]:
    """Empty when all words are there, or none is."""
    question = context.request.question
    read = frozenset().union(*(stems(f"{w.document} {w.text}") for w in context.windows))
    asked = telling_words(_DEGREE.sub(r"\1", _ASKS.sub(" ", question)))
    words = [word for word in content_words(asked) if len(word) >= _SHORTEST]
    absent = [word for word in words if not stems(word) <= read]
    if not absent or len(absent) == len(words):
        return ()
    quoted = [f"“{_as_written(word, question)}”" for word in absent[:_MOST]]
    first, last = ", ".join(quoted[:-1]), quoted[-1]
    told = _("{first} or {last}", first=first, last=last) if first else last
    return (_("The closest passages do not mention {words}.", words=told),)


def _as_written(word: str, question: str) -> str:
    found = re.search(rf"\b{re.escape(word)}\b", question, re.IGNORECASE)
    return found[0] if found else word


_PART = 0.1  # share of a page's text: a smaller gap is a smudge and needs no notice
_NAMED = 5  # pages, or runs of pages, in one sentence
_LOST = ("damaged", "unreadable")  # first words of notes on pages of unknown size


def unread_pages_noted(outcome: Outcome, evidence: Evidence, scope: Iterable[str] = ()) -> Outcome:
    """An outcome with a notice for each document it rests on that has unreadable pages.

    These are the best one and those that are cited; when nothing was found, also those that came
    close and the `scope`: documents that alone were asked.
    """
    if outcome.stopped:
        return outcome
    read = [passage.document for passage in outcome.passages]
    names = read[:1] + [citation.document for citation in outcome.citations]
    if outcome.refused:
        names = [*read, *scope]
    found = [_notice(name, evidence, outcome.refused) for name in dict.fromkeys(names)]
    gaps = tuple(filter(None, found))[:_DOCUMENTS]
    return replace(outcome, notices=gaps + outcome.notices)


def _notice(document: str, evidence: Evidence, refused: bool) -> str:
    """The notice; empty when every page could be read, or when the document is gone."""
    rows: list[PageLedger] = []
    with suppress(UnknownDocument):
        rows = [row for row in evidence.ledger(document) if _gap(row)]
    return sentence(document, rows, refused) if rows else ""


def _gap(row: PageLedger) -> bool:
    if not row.source and not row.unread:
        return row.note.startswith(_LOST)
    return row.unread >= max(FEW, _PART * (row.source + row.unread))


def sentence(document: str, rows: Sequence[PageLedger], refused: bool) -> str:
    """`Page 14 of Report.pdf could not be read (…), so the answer may be incomplete.`"""
    told = {"pages": _pages([row.page for row in rows], document), "why": _why(rows)}
    partly = any(row.source for row in rows)
    if refused and partly:
        return ngettext(
            "{pages} could not be fully read{why}, so the answer may be on that page.",
            "{pages} could not be fully read{why}, so the answer may be on one of them.",
            len(rows), **told,
        )  # fmt: skip
    if refused:
        return ngettext(
            "{pages} could not be read{why}, so the answer may be on that page.",
            "{pages} could not be read{why}, so the answer may be on one of them.",
            len(rows), **told,
        )  # fmt: skip
    if partly:
        return ngettext(
            "{pages} could not be fully read{why}, so the answer may be incomplete.",
            "{pages} could not be fully read{why}, so the answer may be incomplete.",
            len(rows), **told,
        )  # fmt: skip
    return ngettext(
        "{pages} could not be read{why}, so the answer may be incomplete.",
        "{pages} could not be read{why}, so the answer may be incomplete.",
        len(rows), **told,
    )  # fmt: skip


def _pages(numbers: Sequence[int], document: str) -> str:
    """`Page 3 of A.pdf`, `Pages 3, 5 to 9 of A.pdf`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts: list[str] = []
    for run in runs:
        ends = {"first": run[0], "last": run[-1]}
        parts += [_("{first} to {last}", **ends)] if len(run) > 2 else map(str, run)
    if len(parts) > _NAMED:
        return ngettext(
            "{count} page of {document}, among them page {page},",
            "{count} pages of {document}, among them page {page},",
            len(numbers), document=document, page=numbers[0],
        )  # fmt: skip
    first, last = ", ".join(parts[:-1]), parts[-1]
    named = _("{first} and {last}", first=first, last=last) if first else last
    return ngettext(
        "Page {pages} of {document}", "Pages {pages} of {document}", len(numbers),
        pages=named, document=document,
    )  # fmt: skip


def _why(rows: Sequence[PageLedger]) -> str:
    notes = dict.fromkeys(told(row.note.rstrip(".")) for row in rows if row.note)
    missing = sum(row.unread for row in rows)
    size = ngettext("an estimated {count} character", "an estimated {count} characters", missing)
    reasons = [*list(notes)[:2], *([size] if missing else [])]
    return f" ({', '.join(reasons)})" if reasons else ""


# -- Adds a notice to an answer that another document contradicts, and cites both
# Only what was found is looked at, whether it was read or not, and only running text: rows of
# tables say too little by themselves.

OTHERWISE = "Another document says otherwise:"
BOTH = "The documents cited here do not agree on this."
_MOST_CONTRADICTIONS = 2  # in one answer
_NAME_WORD = re.compile(r"\w+")
_QUESTION_NAME = re.compile(
    r"(?<=\s)(?:[A-Z]\w*|(?=\w*\d)\w+)"
)  # behind the first word of a question


@dataclass(frozen=True)
class Disagreement:
    """A sentence of the answer rests on `cited`; `other`, of another document, contradicts it."""

    mark: int  # mark of the citation of `cited`
    cited: CitableSpan
    other: CitableSpan
    difference: Difference


def contradictions_noted(outcome: Outcome, context: Context) -> Outcome:
    """The outcome with a sentence, a citation and a notice for each contradiction, at most two."""
    if outcome.refused or outcome.stopped:
        return outcome
    windows = found_windows(context)
    for one in list(disagreements(outcome, context.question, windows))[:_MOST_CONTRADICTIONS]:
        outcome = _told(outcome, one)
    return outcome


def found_windows(context: Context) -> tuple[Window, ...]:
    """What was found, with what stands around it, and what earlier turns have read elsewhere."""
    found = surroundings(context.hits, context.request.evidence)
    known = {window.place for window in found}
    return found + tuple(one for one in context.earlier if one.place not in known)


def disagreements(
    outcome: Outcome, question: str, windows: Sequence[Window]
) -> Iterator[Disagreement]:
    """The contradictions of an answer, in order; each sentence of another document once."""
    units = [unit for window in windows for unit in window.units if _prose(unit)]
    seen: list[CitableSpan] = []
    for sentence in outcome.sentences:
        for mark, cited in _cited(sentence, outcome.citations, units):
            for other in units:
                one, two = cited.window, other.window
                if other in seen or not _comparable(one, two) or _told_apart(question, one, two):
                    continue
                around = _about(one), _about(two)
                what = difference(question, cited.text, other.text, *around)
                if what and other.states:
                    seen += [cited, other]
                    yield Disagreement(mark, cited, other, what)


def _prose(unit: CitableSpan) -> bool:
    tables = unit.window.page.tables
    return not any(t.first <= unit.last and unit.first <= t.last for t in tables)


def _about(window: Window) -> str:
    """The text around a sentence, which may name its subject."""
    return f"{window.document}\n{window.text}"


def _cited(
    sentence: Sentence, citations: Sequence[Citation], units: Sequence[CitableSpan]
) -> Iterator[tuple[int, CitableSpan]]:
    """For each mark, the sentence of the cited lines closest to the answer's."""
    wanted = stems(sentence.text)
    for one in citations:
        if one.mark in sentence.marks:
            quote = " ".join(one.quote.split())
            within = [unit for unit in units if _stands_in(unit, one, quote)]
            if within:
                yield one.mark, max(within, key=lambda unit: len(unit.stems & wanted))


def _stands_in(unit: CitableSpan, citation: Citation, quote: str) -> bool:
    window = unit.window
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
    first, second = (set(_NAME_WORD.findall(name_parts(w.document).lower())) for w in (one, other))
    if not first & second:
        return False
    return any(name.lower() in first ^ second for name in _QUESTION_NAME.findall(question))


def _told(outcome: Outcome, found: Disagreement) -> Outcome:
    sentence, citations = _sentence(outcome, found)
    return replace(
        outcome,
        text=f"{outcome.text} {sentence.text}",
        sentences=(*outcome.sentences, sentence),
        citations=citations,
        notices=(*outcome.notices, _contradiction(found)),
    )


def _sentence(outcome: Outcome, found: Disagreement) -> tuple[Sentence, tuple[Citation, ...]]:
    """The sentence to add to the answer, with its marks, and all citations then."""
    mark = 1 + max((citation.mark for citation in outcome.citations), default=0)
    new = found.other.lines.citation(mark, 1.0)
    for known in outcome.citations:
        if replace(known, mark=mark, score=1.0) == new:  # the answer cites both already
            return Sentence(BOTH, True, (found.mark, known.mark)), outcome.citations
    text = " ".join(found.other.text.split())
    return Sentence(f"{OTHERWISE} “{text}”", True, (mark,)), (*outcome.citations, new)


def _contradiction(found: Disagreement) -> str:
    """`A.pdf, page 1, says 25 days; B.pdf, page 2, says 28 days.`"""
    sides = ((found.cited, found.difference.one), (found.other, found.difference.other))
    said = (_("{place}, says {value}", place=_where(unit), value=v) for unit, v in sides)
    return _("The documents do not agree: {sides}.", sides="; ".join(said))


def _where(unit: CitableSpan) -> str:
    window = unit.window
    seconds = window.page.lines[unit.first].seconds
    return f"{window.document}, {place(window.page.number, seconds)}"
