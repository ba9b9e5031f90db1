"""A cited answer as the value of a cell: what is short and stands in a cited line."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.contract.outcome import Citation, Outcome, Sentence
from assistant.sheet.column import Column
from assistant.sheet.values import Value, states, truth, values, words
from ingest.language.words import stems

Extract = Callable[[Column, str, threading.Event], str]
"""The words of an answer that answer a question, by a model; empty without one."""

_QUOTED = "“"
_SHORT = 6  # words that are a value as they are
_TOLD = 14  # words behind "The supplier is": longer ones are told, not named
_IS = re.compile(
    r"(?i)^(?P<subject>.{1,80}?)\s(?:is|are|was|were|ist|sind|est|es|:)\s+(?P<rest>.+)$"
)


@dataclass(frozen=True)
class Short:
    """A value with the line that states it; without a citation no cited line has it."""

    value: Value
    citation: Citation | None = None
    line: str = ""  # of the quote
    sentence: Sentence | None = None

    def sure(self, column: Column) -> bool:
        """Whether lines state all that the answer says about it; it may repeat the question."""
        if self.sentence is None or self.citation is None:
            return False
        unstated = stems(" ".join(self.sentence.unstated))
        asked = stems(f"{column.question} {column.head}")
        return self.sentence.supported or (bool(unstated) and unstated <= asked)


def shorten(column: Column, done: Outcome, extract: Extract, cancel: threading.Event) -> Short:
    """The value of an answer; the whole answer where it cannot be shortened."""
    quoted = [s for s in done.sentences if s.text.startswith(_QUOTED)]
    done = _written(done)
    if column.kind == "truth":
        return _truth(column, done, extract, cancel)
    for value in _ways(column, done, extract, cancel):
        if found := _cited(column, value, done):
            return found
    # A sentence that was quoted behind the answer says it, where the answer does not.
    said = values(column.kind, "\n".join(one.text for one in quoted))
    if len(said) == 1 and (found := _cited(column, said[0], replace(done, sentences=(*quoted,)))):
        return found
    sentence = done.sentences[0] if done.sentences else None
    first = done.citations[0] if done.citations else None
    line = first.quote.split("\n", 1)[0] if first else ""
    return Short(words(done.text), first if column.kind == "text" else None, line, sentence)


def _written(done: Outcome) -> Outcome:
    """The answer without the sentences of the document that were quoted behind it."""
    own = tuple(one for one in done.sentences if not one.text.startswith(_QUOTED))
    text = done.text.split(f"\n\n{_QUOTED}", 1)[0]
    return replace(done, text=text, sentences=own) if own else done


def _ways(
    column: Column, done: Outcome, extract: Extract, cancel: threading.Event
) -> Iterator[Value]:
    """Values to try, the cheapest way first. A model is asked where nothing else is clear."""
    if column.kind != "text":
        found = values(column.kind, done.text)
        if len(found) == 1:
            yield found[0]
            return
        picked = values(column.kind, extract(column, done.text, cancel)) if found else []
        yield from picked[:1] or found[:1]
        return
    text = done.text.strip()
    if len(text.split()) <= _SHORT and not _IS.match(text):
        yield words(text)
    if rest := _named(column, text):
        yield words(rest)
    if said := extract(column, text, cancel):
        yield words(said)


def _named(column: Column, text: str) -> str:
    """`Corvin Ltd` of "The supplier is Corvin Ltd.", where the question has all of the subject."""
    match = _IS.match(text)
    if match and stems(match["subject"]) <= stems(f"{column.question} {column.head}"):
        return match["rest"] if len(match["rest"].split()) <= _TOLD else ""
    return ""


def _cited(column: Column, value: Value, done: Outcome) -> Short | None:
    """The value with the line that has it, where a cited line has it."""
    by_mark = {citation.mark: citation for citation in done.citations}
    for sentence in sorted(done.sentences, key=lambda s: not states(column.kind, value, s.text)):
        for citation in (by_mark[mark] for mark in sentence.marks if mark in by_mark):
            if states(column.kind, value, citation.quote):
                lines = citation.quote.split("\n")
                line = next((one for one in lines if states(column.kind, value, one)), lines[0])
                return Short(value, citation, line, sentence)
    return None


def _truth(column: Column, done: Outcome, extract: Extract, cancel: threading.Event) -> Short:
    value = truth(done.text) or truth(extract(column, done.text, cancel))
    sentences: Sequence[Sentence] = [s for s in done.sentences if s.marks] or done.sentences
    sentence = sentences[0] if sentences else None
    first = done.citations[0] if done.citations else None
    line = first.quote.split("\n", 1)[0] if first else ""
    return Short(value or words(done.text), first, line, sentence if value else None)
