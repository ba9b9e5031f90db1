"""Attributes each sentence of an answer to the lines that support it, by code.

A small model does not write reliable marks, so they are attached afterwards: the answer's words,
numbers, names and meaning are looked for in the lines that were read (post-hoc attachment, as in
RAGFlow's `insert_citations`). A sentence is supported when lines state all of it, and partly
supported when lines are close, but some of its words are in none of them. The limits were measured
on labelled sentences (docs/answers.md).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from assistant.answering import notices, retrieve
from assistant.answering.claims import (
    GivenNames,
    ReadLines,
    Said,
    Support,
    denials,
    first_pages,
    marked_too,
    unstated,
)
from assistant.answering.context import Context
from assistant.answering.contradiction import Difference, difference
from assistant.answering.groundedness import Groundedness
from assistant.answering.retrieve import Window
from assistant.answering.sentences import CitableSpan, Quoted, states, units_of
from assistant.answering.write import Written, refuses
from assistant.contract.evidence import Evidence
from assistant.contract.facts import Citation, Outcome, Sentence, place
from assistant.contract.request import Request
from assistant.i18n.translation import _
from assistant.llm import prompts
from assistant.security import prompt_injection
from assistant.security.untrusted_text import AddressFilter
from ingest.document.model import Page
from ingest.language.numbers import MONTH_OF
from ingest.language.sentences import numbers, split_answer
from ingest.language.words import name_parts, stems
from ingest.text.reflow import one_line
from vectorstore.embedding.embedder import Embedder
from vectorstore.versions import one_document, parsed

_MOST_MARKS = 3
_SUPPORTED = 0.7  # similarity from which the cited lines support a sentence
_CLOSE = 0.45  # score from which a line is shown for a sentence that it supports in part
_RELATED = 0.35  # score from which any unit may add what is missing
_ALIKE = 0.6  # share of the sentence's words in a line about something else
_FEW_WORDS, _PART = 2, 0.25  # share that another unit must add to be cited, too
_AGAINST = re.compile(r";\s+|,\s+(?:while|whereas|but)\s+")
_QUOTES = re.compile('["“”„«»]')  # what is quoted stays in one part
_WHOLE = 0.9  # share of the words from which one unit states the whole sentence
_LEAST_OF_PART = 3  # words
_MONTHS = stems(" ".join(MONTH_OF))


class Grounding:
    """Attributes the sentences of one answer to the lines that were read for it."""

    def __init__(
        self, question: str, read: Sequence[Window], embedder: Embedder,
        first_pages: Mapping[str, Page] | None = None, checker: Groundedness | None = None,
    ) -> None:  # fmt: skip
        """`first_pages`, by document, tell what a document is about. `checker` reads what lines
        were found for: it takes support away, and gives none."""
        self._checker = checker
        self._question = question
        self._read = read
        self._lines = ReadLines(read, GivenNames(read, first_pages or {}), embedder)
        self._known: dict[str, tuple[Sequence[Support], tuple[str, ...]]] = {}

    def ground(self, answer: str) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
        """The answer's sentences with marks, and the citation behind each mark."""
        citations: dict[tuple[str, int, int, int], Citation] = {}
        sentences = []
        for text in split_answer(answer):
            supports, words = self._attributed(text)
            words = self._checked(text, supports, words)
            marks = {_mark(citations, support, self._read) for support in supports}
            supported = bool(marks) and not words
            sentences.append(Sentence(text, supported, tuple(sorted(marks)), words))
        return tuple(sentences), tuple(citations.values())

    def _checked(
        self, text: str, supports: Sequence[Support], words: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The words that lines do not state, with those that the checker finds unsupported; the
        whole sentence where it does not say which."""
        if self._checker is None or not supports:
            return words
        found = self._checker.check(self._question, self._texts_of(supports), text)
        if found.supported:
            return words
        return marked_too(text, words, found.spans) if found.spans else (text.strip(),)

    def _texts_of(self, supports: Sequence[Support]) -> str:
        """The passages that the lines are in, each below the name of its document."""
        windows = [self._read[index] for index in sorted({s.unit.window for s in supports})]
        return "\n\n".join(f"{PurePath(w.document).stem}\n{w.text}" for w in windows)

    def stated(self, answer: str, whole: bool = True) -> float:
        """How much of the sentence that lines state best they state, 0 to 1; unless it is the
        `whole` answer, its last sentence is still being written."""
        sentences = split_answer(answer)
        complete = sentences if whole else sentences[:-1]
        return max(map(self._stated, complete), default=0.0)

    def _stated(self, text: str) -> float:
        """The share of a sentence's words that its lines state; half of it where they have another
        number, or deny what it says."""
        supports, words = self._attributed(text)
        if not supports or not words:
            return float(bool(supports))
        said = stems(text)
        share = 1 - len(said & stems(" ".join(words))) / max(len(said), 1)
        against = any(map(numbers, words)) or denials(Said.of(text, self._question), supports)
        return share / 2 if against else share

    def _attributed(self, text: str) -> tuple[Sequence[Support], tuple[str, ...]]:
        if text not in self._known:
            self._known[text] = _attributed(self._question, text, self._lines)
        return self._known[text]


def ground(
    question: str, answer: str, read: Sequence[Window], embedder: Embedder,
    first_pages: Mapping[str, Page] | None = None,
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:  # fmt: skip
    """The sentences of a complete answer with marks, and the citation behind each mark."""
    return Grounding(question, read, embedder, first_pages).ground(answer)


def carried(
    text: str, read: Sequence[Window], embedder: Embedder, first_pages: Mapping[str, Page]
) -> bool:
    """Whether lines state the numbers, dates and names of each sentence, and are like it; its other
    words need not be theirs."""
    lines = ReadLines(read, GivenNames(read, first_pages), embedder)
    sentences = split_answer(text)
    return bool(sentences) and all(
        _supports("", sentence, Said.of(sentence, ""), lines) for sentence in sentences
    )


def _attributed(
    question: str, text: str, lines: ReadLines
) -> tuple[Sequence[Support], tuple[str, ...]]:
    """The units that support a sentence or are close to it, and its words that they do not
    state."""
    said = Said.of(text, question)
    new = lines.new_names(said)
    supports = _supports(question, text, said, lines)
    if supports:
        return supports, unstated(text, said, supports, new)
    close = _close(said, lines)
    return close, unstated(text, said, close, new) or (text.strip(),)


def _close(said: Said, lines: ReadLines) -> list[Support]:
    """The closest units, when they have to do with the sentence at all."""
    chosen = _together(said, lines.ranked(said), _MOST_MARKS)
    return _needed(chosen, said) if chosen and chosen[0].score >= _CLOSE else []


def _supports(question: str, text: str, whole: Said, lines: ReadLines) -> list[Support]:
    """The units that together support each part of a sentence; none when one part has none."""
    chosen = _carrying(whole, lines)
    parts = _parts(text)
    if len(parts) == 1 or (len(chosen) == 1 and _whole(whole, chosen[0].unit)):
        return chosen
    chosen = []
    for part in parts:  # a name distinguishes the two: it must be in the same line
        said = Said.of(part, question, bound=True)
        found = _again(said, chosen, lines) or _carrying(said, lines, most=1)
        if not found:
            return []
        chosen += [support for support in found if support.unit not in [c.unit for c in chosen]]
    return chosen


def _whole(said: Said, unit: CitableSpan) -> bool:
    """Whether a unit has the words itself, with the names that are given elsewhere."""
    return len(said.words & unit.meant) >= _WHOLE * len(said.words)


def _parts(text: str) -> list[str]:
    """The parts of a contrast, such as "A gets 25 days, while B gets 28". Each needs its own
    support: lines about A alone would have most words of the whole."""
    found = [text] if _QUOTES.search(text) else _AGAINST.split(text)
    return found if all(len(stems(part)) >= _LEAST_OF_PART for part in found) else [text]


def _carrying(said: Said, lines: ReadLines, most: int = _MOST_MARKS) -> list[Support]:
    """The units that together support a part; none when they do not."""
    chosen = _together(said, lines.ranked(said), most)
    if not chosen or said.missing(chosen) or denials(said, chosen):
        return []
    needed = _needed(chosen, said)
    return needed if _likely(said, needed, lines) else []


def _together(said: Said, ranked: Sequence[Support], most: int) -> list[Support]:
    """The best unit, and those that each add something."""
    chosen = list(ranked[:1])
    while chosen and len(chosen) < most:
        more = next((s for s in ranked if s not in chosen and _adds(s, chosen, said)), None)
        if more is None:
            break
        chosen.append(more)
    return chosen


def _again(said: Said, chosen: Sequence[Support], lines: ReadLines) -> list[Support]:
    """The line of another part, when it supports this one, too."""
    same = (s for s in lines.ranked(said) if s.unit in [c.unit for c in chosen])
    exact = ([s] for s in same if not said.missing([s]) and not denials(said, [s]))
    return next((one for one in exact if _likely(said, one, lines)), [])


def _likely(said: Said, chosen: Sequence[Support], lines: ReadLines) -> bool:
    return lines.likeness(said, chosen) >= _SUPPORTED


def _needed(chosen: Sequence[Support], said: Said) -> list[Support]:
    """The units without redundant ones."""
    left = list(chosen)
    for support in reversed(chosen):
        others = [other for other in left if other is not support]
        same = others and said.covered(others) >= said.covered(left)
        if same and not said.missing(others):
            left = others
    return left


def _adds(support: Support, chosen: Sequence[Support], said: Said) -> bool:
    """Whether the unit adds an exact claim, or a good share of the words, that is still missing.

    A number or a name alone is not enough: other lines hold others, of other things. It is where
    each of two like lines has one, as in "25 days instead of 20".
    """
    if support.score < _RELATED and said.covered([support]) < _ALIKE:
        return False
    left = said.missing(chosen)
    new = said.words - frozenset().union(*(s.meant for s in chosen))
    brought = new & support.meant
    if left:
        others = brought - _MONTHS - stems(" ".join(left.names))
        alike = said.claims != left and said.covered([support]) >= _ALIKE
        return bool(others or alike) and left.without(support.stated) != left
    return len(brought) >= max(_FEW_WORDS, len(said.words) * _PART)


def citation(mark: int, unit: CitableSpan, read: Sequence[Window], score: float) -> Citation:
    """The citation of a unit: its lines as on the page."""
    return citation_of(mark, replace(read[unit.window], first=unit.first, last=unit.last), score)


def citation_of(mark: int, lines: Window, score: float) -> Citation:
    """The citation of whole lines."""
    cited = lines.page.lines[lines.first : lines.last + 1]
    return Citation(
        mark,
        lines.document,
        lines.page.number,
        "\n".join(line.text for line in cited),
        tuple(line.box for line in cited),
        round(min(max(score, 0.0), 1.0), 3),
        cited[0].seconds,
    )


def _mark(
    citations: dict[tuple[str, int, int, int], Citation], support: Support, read: Sequence[Window]
) -> int:
    unit = support.unit
    window = read[unit.window]
    key = window.document, window.page.number, unit.first, unit.last
    if key not in citations:
        citations[key] = citation(len(citations) + 1, unit, read, support.score)
    return citations[key].mark


# -- Adds a notice to an answer that another document contradicts, and cites both
# Only what was found is looked at, whether it was read or not, and only running text: rows of
# tables say too little by themselves.

OTHERWISE = "Another document says otherwise:"
BOTH = "The documents cited here do not agree on this."
_MOST = 2  # in one answer
_WORD = re.compile(r"\w+")
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


def contradictions_noted(outcome: Outcome, context: Context, evidence: Evidence) -> Outcome:
    """The outcome with a sentence, a citation and a notice for each contradiction, at most two."""
    if outcome.refused or outcome.stopped:
        return outcome
    windows = found_windows(context, evidence)
    for one in list(disagreements(outcome, context.question, windows))[:_MOST]:
        outcome = _told(outcome, one, windows)
    return outcome


def found_windows(context: Context, evidence: Evidence) -> tuple[Window, ...]:
    """The passages that were read, followed by those that were only found."""
    read = context.windows + context.earlier
    return read + retrieve.unread_windows(context.hits, read, evidence)


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
    return any(name.lower() in first ^ second for name in _QUESTION_NAME.findall(question))


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
    new = citation(mark, found.other, read, 1.0)
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


# -- Stages 5 to 7, attribute, complete and check: attributes sentences to lines, quotes what is
# left out, and adds notices about contradictions, unread pages and instructions to an assistant.

_CLOSEST = 2  # lines that a refusal shows


def refusal(
    context: Context, ranked: Sequence[Quoted], request: Request, why: Sequence[str] = ()
) -> Outcome:
    """A refusal with the closest passages and lines, and what was looked for; `ranked` are all
    sentences of the passages, best first; `why` are sentences for people."""
    said = prompts.refusal(request.question)
    closest = citations_of([quoted for quoted in ranked if states(quoted.unit)][:_CLOSEST], context)
    return Outcome(
        said, (Sentence(said, supported=False),), passages=context.passages, refused=True,
        notices=(*why, *notices.of_refusal(context, request.question)),
        closest=tuple(
            replace(c, quote=prompt_injection.without_instructions(c.quote)) for c in closest
        ),
    )  # fmt: skip


def grounding(context: Context, request: Request, checker: Groundedness | None = None) -> Grounding:
    """What attributes an answer to the lines of its context."""
    read = context.windows + context.earlier
    embedder, about = request.evidence.embedder(), first_pages(read, request.evidence)
    return Grounding(context.question, read, embedder, about, checker)


def attribute(
    written: Written, context: Context, ranked: Sequence[Quoted], request: Request,
    found: Grounding, held: bool = False,
) -> Outcome:  # fmt: skip
    """The written answer with its citations; a refusal where the model refused, and where what it
    wrote is `held` back."""
    tokens = written.prompt_tokens, written.completion_tokens
    refused = refuses(written.text, whole=True) or not (written.text or written.stopped)
    if refused or held:
        why = () if refused else (notices.unstated(),)
        refusing = refusal(context, ranked, request, why)
        return replace(refusing, prompt_tokens=tokens[0], completion_tokens=tokens[1])
    sentences, citations = found.ground(written.text)
    return Outcome(
        written.text, sentences, citations, context.passages, stopped=written.stopped,
        prompt_tokens=tokens[0], completion_tokens=tokens[1],
    )  # fmt: skip


def quote(quoted: Sequence[Quoted], context: Context) -> Outcome:
    """Sentences of the documents as the answer, each with its citation."""
    sentences = tuple(Sentence(_shown(q), True, (mark,)) for mark, q in enumerate(quoted, start=1))
    text = " ".join(sentence.text for sentence in sentences)
    return Outcome(text, sentences, citations_of(quoted, context), context.passages)


def completed(outcome: Outcome, quoted: Sequence[Quoted], context: Context) -> Outcome:
    """The outcome with sentences quoted behind it, each with its citation.

    A small model often writes half of an answer, or a fact beside it, where the reader finds the
    sentence that states it (benchmarks/results/answers.md).
    """
    for one in quoted:
        outcome = _with(outcome, f"“{_shown(one)}”", citations_of([one], context)[0])
    return outcome


def _shown(quoted: Quoted) -> str:
    """In one line; the markup of links and pictures is reduced to its words."""
    text = one_line(quoted.unit.text)
    return AddressFilter([text]).clean(text)


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


def citations_of(quoted: Sequence[Quoted], context: Context) -> tuple[Citation, ...]:
    """One for each sentence, in their order."""
    return tuple(
        citation(mark, q.unit, context.windows, q.score) for mark, q in enumerate(quoted, start=1)
    )


def check(outcome: Outcome, context: Context, request: Request) -> Outcome:
    """The outcome with notices: contradictions, unread pages, and instructions found."""
    outcome = contradictions_noted(outcome, context, request.evidence)
    outcome = notices.unread_pages_noted(outcome, request.evidence, request.alone)
    return prompt_injection.noted(outcome)
