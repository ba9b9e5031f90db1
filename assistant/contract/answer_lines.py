"""An answer as the lines that a terminal shows below its text."""

from collections.abc import Iterator

from assistant.contract.asked_in import in_words
from assistant.contract.outcome import Outcome, Sentence, place
from assistant.contract.reply import Reply

_MOST_PASSAGES = 3  # below a refusal
_BEGINNING = 100  # characters of a passage


def below(reply: Reply, done: Outcome) -> Iterator[str]:
    """Its quotes, what no line states, where it was asked in, notices, and files that were made."""
    for citation in done.citations:
        where = f"{citation.full_name}, {place(citation.page, citation.seconds)}"
        yield f"[{citation.mark}] {where}: “{_joined(citation.quote)}”"
    if not done.refused:
        yield from filter(None, map(doubt, done.sentences))
    if reply.within:
        yield f"asked in: {in_words(reply.within)}"
    yield from (f"note: {told}" for told in done.notices)
    yield from map(str, (*reply.images, *reply.audio))


def closest(done: Outcome) -> Iterator[str]:
    """What stands closest to a question that was refused."""
    for line in done.closest:
        where = f"{line.full_name}, {place(line.page, line.seconds)}"
        yield f"closest: {where}: “{_joined(line.quote)}”"
    if done.refused and not done.closest:
        for passage in done.passages[:_MOST_PASSAGES]:
            where = f"{passage.full_name}, {place(passage.page, passage.seconds)}"
            yield f"closest: {where}: {_joined(passage.text)[:_BEGINNING]}…"


def quotes(reply: Reply) -> Iterator[str]:
    """The closest lines, known before the model writes."""
    for found in reply.activity.quotes:
        where = f"{found.full_name}, {place(found.page, found.seconds)}"
        yield f"{where}: “{_joined(found.quote)}”"


def doubt(sentence: Sentence) -> str:
    """What of a sentence no line states; empty when lines state all of it."""
    if sentence.support == "none":
        return f"not found in the documents: {sentence.text}"
    if sentence.support == "supported":
        return ""
    whole = sentence.unstated == (sentence.text,)
    words = "this" if whole else ", ".join(f"“{word}”" for word in sentence.unstated)
    marks = "".join(f"[{mark}]" for mark in sentence.marks)
    return f"no line states {words} (closest: {marks}): {sentence.text}"


def _joined(text: str) -> str:
    return " ".join(text.split())
