"""What is said beside an answer: what a refusal looked for, and pages that could not be read."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from assistant.answering.evidence_units import Window
from assistant.contract.evidence import Evidence
from assistant.contract.facts import Outcome
from assistant.i18n.translation import N_, _, ngettext, told
from ingest.chunking import PageLedger
from ingest.text.legibility import FEW
from vectorstore.errors import UnknownDocument
from vectorstore.retrieval.search_query import SearchQuery

# -- Says of a refusal what was looked for and where, and which words no passage has

UNSURE = N_("The passages probably do not answer this. Check each line before you rely on it.")
_MOST = 4  # words that are named
_DOCUMENTS = 3  # documents that are named


def of_refusal(
    asked: SearchQuery, question: SearchQuery, read: Sequence[Window]
) -> tuple[str, ...]:
    """Sentences for people: what was looked for and where, and which words of what was `asked`
    nothing there mentions. `question` is the same with the questions that it builds on."""
    documents = list(dict.fromkeys(window.document for window in read))
    names, more = ", ".join(documents[:_DOCUMENTS]), len(documents) - _DOCUMENTS
    many, absent = len({window.place for window in read}), _missing(asked, read)
    if more > 0:
        names = ngettext("{names} and {count} more", "{names} and {count} more", more, names=names)
    if question.text == asked.text:
        looked = ngettext(
            "Looked in the closest passage, of {names}.",
            "Looked in the {count} closest passages, of {names}.",
            many, names=names,
        )  # fmt: skip
    else:
        looked = ngettext(
            "Looked for “{question}” in the closest passage, of {names}.",
            "Looked for “{question}” in the {count} closest passages, of {names}.",
            many, names=names, question=question.text,
        )  # fmt: skip
    first, last = ", ".join(absent[:-1]), "".join(absent[-1:])
    words = _("{first} or {last}", first=first, last=last) if first else last
    told = _("The closest passages do not mention {words}.", words=words) if words else ""
    return tuple(filter(None, (looked if documents else "", told)))


def _missing(question: SearchQuery, read: Sequence[Window]) -> list[str]:
    """Words of the question as they are written there; empty when all are there, or none is."""
    known = frozenset().union(*(window.stems for window in read))
    absent = [word for word, meant in question.matters.items() if not meant <= known]
    if len(absent) == len(question.matters):
        return []
    return [f"“{_as_written(word, question.text)}”" for word in absent[:_MOST]]


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
    told = {"why": _why(rows), "pages": _pages([row.page for row in rows], document)}
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
