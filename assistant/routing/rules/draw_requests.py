"""Is a new picture wished for? Rules on the core of a message.

A question about drawings, and "draw" in its other senses (up a list, a conclusion, a pension), is
none: whoever is wrong here makes a person wait minutes for a picture that nobody wanted.
"""

import re
from dataclasses import dataclass

from assistant.contract.intents import Chart, Draw
from assistant.routing.rules.draw_lexicon import (
    ANOTHER,
    ART,
    DEFINITE,
    DRAW_IT,
    DRAWING,
    ENDS,
    FIGURATIVE,
    FOR,
    IN_WORDS,
    INSTEAD,
    LATE,
    LOOKS_LIKE,
    LOOSE,
    MAKING,
    NOT_DRAWN,
    NOUN,
    OF_DOCUMENTS,
    PICTURE_OF,
    PURPOSE,
    REQUEST,
    SHOWING,
    TAIL,
    VAGUE,
    WOULD_LOOK,
    WRITTEN,
)
from assistant.routing.rules.politeness import Reading, asks, core, is_question, readings
from assistant.routing.slots import numbers, tidy


@dataclass(frozen=True)
class Found:
    """A wish with the words that told it."""

    wish: Draw | Chart
    why: str


def drawn(text: str) -> Found | None:
    """The picture that is to be made of words; None when none is wished for."""
    if IN_WORDS.search(text) or asks(text):
        return None
    return next(filter(None, (_drawn(reading, text) for reading in readings(text))), None)


def _drawn(reading: Reading, text: str) -> Found | None:
    said = reading.text
    if not said or is_question(said):
        return None
    if reading.whole and (imagined := DRAW_IT.match(said)):
        return _draw(imagined["what"], f"“{imagined['verb']}” at the end", text)
    if shown := WOULD_LOOK.match(said):
        return _draw(shown["what"], "“would look like”", text)
    if tail := TAIL.match(said):
        return _draw(tail["what"], f"“{tail['noun']}” at the end", text)
    if request := REQUEST.match(said):  # "Drawing request: a fox"
        return _draw(said[request.end() :], f"“{said.split(':')[0].split()[0]}” at the start", text)
    return _by_verb(said, reading.polite, text) or _by_noun(said, reading.polite, text)


def _by_verb(said: str, polite: bool, text: str) -> Found | None:
    """ "draw a fox", "paint the harbour"."""
    found = DRAWING.match(said)
    if found is None:
        return None
    verb, what = found["verb"].lower(), said[found.end() :]
    if verb.endswith(("ing", "ew", "ed")) and not polite:
        return None  # "Drawing rights of shareholders", but "would you mind drawing ..."
    if not what or (NOT_DRAWN.match(what) and not found.group().rstrip().endswith(":")):
        return None
    if verb in ("picture", "imagine"):  # "picture this: a customer ..." and "picture of a cat"
        return None
    strong = verb.startswith(("dr", "da", "doodl"))
    if OF_DOCUMENTS.search(what) or (not strong and _told_in_words(what)):
        return None
    return _draw(what, f"“{found['verb']}”", text)


def _told_in_words(what: str) -> bool:
    """It is an explanation that is wanted."""
    return bool(WRITTEN.search(_beginning(what))) and not LOOKS_LIKE.search(what)


def _beginning(text: str) -> str:
    """Its first words, which name the thing; what it stands beside comes later."""
    return " ".join(text.split()[:5])


def _by_noun(said: str, polite: bool, text: str) -> Found | None:
    """ "make me a picture of a fox", "watercolour of a tulip", "I need an icon of a padlock"."""
    making = MAKING.match(said)
    rest = numbers(said[making.end() :]).rest if making else said
    rest = re.sub(r"^an?\s+(?=an?\s)", "", rest)  # what a size leaves: "a [512 x 512] picture"
    if FIGURATIVE.search(said) or OF_DOCUMENTS.search(said):
        return None
    made = polite or bool(making and _is_made(making.group()))
    found = NOUN.match(rest)
    if found is None or not _shown(found, rest, made, bool(making)):
        return _late_noun(rest, made or bool(making), text)
    return _draw(rest, f"“{found.group().strip()}”", text)


def _shown(found: re.Match[str], rest: str, made: bool, making: bool) -> bool:
    """What is behind the noun says what is to be seen on it, and that is not in the documents."""
    behind = rest[found.end() :]
    shows = re.match(SHOWING, behind, re.IGNORECASE) or PURPOSE.match(rest)
    bare = made and found["one"] and ENDS.match(behind)
    if not (shows or bare or FOR.match(rest) or ART.match(rest)):
        return False
    if behind.rstrip().endswith("?") and not (made or making):
        return False
    subject = re.sub(SHOWING, "", behind, count=1, flags=re.IGNORECASE).strip()
    if not (made and found["one"]) and DEFINITE.match(subject):
        return False  # "show me a picture of the lobby": what the documents have
    return not (shows and WRITTEN.search(_beginning(subject)) and VAGUE.search(found.group()))


def _late_noun(rest: str, asked: bool, text: str) -> Found | None:
    """ "a dragon drawing"."""
    found = LATE.match(rest) if asked else None
    return _draw(found["what"], f"“{found['noun']}”", text) if found else None


def _is_made(verb: str) -> bool:
    """What is to be made, not found: "create", "I need"; "show me" may mean what there is."""
    return not re.match(r"(?:show|give|send|get|have|see|do|new)\b", verb, re.IGNORECASE)


def _draw(what: str, why: str, text: str) -> Found | None:
    """Numbers may stand anywhere in the message."""
    told = numbers(text)
    prompt = prompt_of(numbers(what).rest)
    if not prompt:
        return None
    wish = Draw(prompt, told.size, told.steps, told.seed, told.guidance, told.negative)
    return Found(wish, why)


def prompt_of(text: str) -> str:
    """What the picture shows: "a picture of a cat" is "a cat", "a watercolour of a cat" stays."""
    text = ANOTHER.sub("", tidy(INSTEAD.sub("", text)))
    if purpose := PURPOSE.match(text):
        text = text[purpose.end() :]
    text = LOOKS_LIKE.sub(
        lambda found: re.sub(r"\s+(?:might|would|could|may|will|can)$", "", found["what"]), text
    )
    return tidy(PICTURE_OF.sub("", text))


def drawn_loosely(text: str) -> Draw | None:
    """For a message that surely wishes for a picture: what stands behind the word that says so,
    wherever that is; else all of it."""
    said = core(text)
    found = LOOSE.search(said)
    wish = _draw(said[found.end() :] if found else said, "", text) or _draw(said, "", text)
    return wish.wish if wish and isinstance(wish.wish, Draw) else None
