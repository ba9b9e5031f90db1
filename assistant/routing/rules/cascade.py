"""Which tool a person wishes for: decided from their words and attachments alone.

No text of a document is ever seen here, nor looked at when it decides: an instruction in one can
make nothing happen. What nothing is sure of is a question to the documents.
"""

from collections.abc import Sequence
from pathlib import Path

from assistant.routing.decision import ANSWER, Choice, Said
from assistant.routing.rules.chart_requests import charted
from assistant.routing.rules.draw_requests import drawn
from assistant.routing.rules.image_requests import ATTACHED, of_picture
from assistant.routing.rules.speech_requests import of_recording, spoken
from assistant.routing.slash_commands import command

__all__ = ["ANSWER", "Choice", "Said", "choose", "is_open", "wish"]

_LONGEST = 2_000  # characters: a longer message is a pasted text, and wishes for nothing


def wish(
    text: str,
    files: Sequence[Path] = (),
    shown: Sequence[Path] = (),
    answer: str = "",
    asked: str = "",
) -> Choice:
    """What the message wishes for.

    `files` are attached to it, `shown` to the turn before (or made in it); `answer` is what was
    said there, the text that "read it aloud" means: it decides nothing. `asked` is the person's
    message of that turn, which "plot it" means.
    """
    return choose(Said(text, tuple(files), tuple(shown), answer, asked))


def choose(said: Said) -> Choice:
    """The same, of what was said."""
    if found := command(said):
        return found
    if len(said.text) > _LONGEST:
        return ANSWER
    # What sounds like an answer to a question about speech comes before pictures: "read it aloud".
    for choose_of in (of_recording, spoken, _made, of_picture):
        if choice := choose_of(said):
            return choice
    return ANSWER


def is_open(choice: Choice, said: Said) -> bool:
    """Nothing was told by words: no command, no word of a rule."""
    unasked = choice == ANSWER and len(said.text) <= _LONGEST
    return unasked or choice.why == ATTACHED


def _made(said: Said) -> Choice | None:
    """A new chart or picture, of words alone."""
    found = charted(said.text, said.asked)
    if found is None and not (said.pictures and _on_it(said.text)):
        found = drawn(said.text)
    return Choice(found.wish, found.why) if found else None


def _on_it(text: str) -> bool:
    """ "Draw a hat on the dog", "turn this into a sketch": the attached picture is meant."""
    words = text.lower().split()
    return any(word.strip(".,!?") in _PLACES for word in words)


_PLACES = frozenset(
    ("this", "that", "it", "on", "onto", "into", "over", "behind", "attached", "these", "them")
)
