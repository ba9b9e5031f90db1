"""Parses messages that begin with a command, such as "/draw a lighthouse"."""

import difflib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from assistant.contract.intents import (
    Answer,
    Clip,
    Describe,
    Draw,
    Edit,
    Enhance,
    Run,
    Speak,
    Transcribe,
    Translate,
    Vary,
)
from assistant.routing.decision import Choice, Said
from assistant.routing.rules.chart_requests import chart_of
from assistant.routing.slots import language, numbers, scale
from ingest import extensions

# A word alone: "/usr/local" and "/etc" are places on a disk.
_COMMAND = re.compile(r"^\s*/([A-Za-z]{2,20})(?=\s|$)[ \t]*(.*)$", re.DOTALL)
_PLACES = re.compile(
    r"(?:bin|boot|dev|etc|home|lib|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)$"
)
_NO_PICTURE = "Attach a picture to your message, or draw one first: /{} is about a picture."
_NO_RECORDING = (
    "Attach a recording or a video to your message: /transcribe writes down what it says."
)
_NOTHING_ASKED = "Say what you want to know: /ask how long is the notice period?"
_NO_VIDEO = "Attach a video to your message: /clip tells what happens in it."


@dataclass(frozen=True)
class Command:
    """`what` and `example` are for people."""

    name: str
    what: str
    example: str
    choose: Callable[[str, Said], Choice]


def command(said: Said) -> Choice | None:
    """The decision; None for a message without a command."""
    found = _COMMAND.match(said.text)
    if found is None or _PLACES.match(found[1]):
        return None
    name, rest = found[1].lower(), found[2].strip()
    known = COMMANDS.get(_ALIASES.get(name, name))
    if known is None:
        return Choice(Answer(), told=unknown(name))
    return known.choose(rest, said)


def extension_command(said: Said, first: Collection[str] = ()) -> Choice | None:
    """The choice of an extension's tool; None for other messages.

    A built-in command wins over an extension of the same name, unless `first` has the name.
    """
    found = _COMMAND.match(said.text)
    name = found[1].lower() if found else ""
    built_in = name in COMMANDS or name in _ALIASES
    if found is None or not extensions.find(extensions.TOOLS, name, built_in, first):
        return None
    return Choice(Run(name, found[2].strip()))


def unknown(name: str) -> str:
    """A sentence with the known commands, and the nearest one."""
    added = extensions.installed(extensions.TOOLS)
    near = difflib.get_close_matches(name, [*COMMANDS, *_ALIASES, *added], n=1, cutoff=0.6)
    meant = f" Did you mean /{_ALIASES.get(near[0], near[0])}?" if near else ""
    known = [f"- {c.example}: {c.what}" for c in COMMANDS.values()]
    more = [f"- /{name}: {e.summary or e.package}" for name, e in added.items()]
    listed = "\n".join([*known, *more])
    return f"There is no command /{name}.{meant} These are known:\n\n{listed}"


def _draw(rest: str, said: Said) -> Choice:
    told = numbers(rest)
    wish = Draw(told.rest, told.size, told.steps, told.seed, told.guidance, told.negative)
    return Choice(wish, told="" if told.rest else "Say what to draw: /draw a lighthouse at dusk.")


def _edit(rest: str, said: Said) -> Choice:
    if said.picture is None:
        return _lacks("edit")
    told = numbers(rest)
    wish = Edit(
        said.picture, told.rest, steps=told.steps, seed=told.seed, guidance=told.guidance,
        negative=told.negative,
    )  # fmt: skip
    return Choice(wish, told="" if told.rest else "Say what to change: /edit make the sky orange.")


def _vary(rest: str, said: Said) -> Choice:
    told = numbers(rest)
    if said.picture is None:
        return _lacks("vary")
    return Choice(Vary(said.picture, None, told.steps, told.seed))


def _enhance(rest: str, said: Said) -> Choice:
    return Choice(Enhance(said.picture, scale(rest))) if said.picture else _lacks("enhance")


def _describe(rest: str, said: Said) -> Choice:
    pictures = said.meant_pictures
    return Choice(Describe(pictures, rest)) if pictures else _lacks("describe")


def _translate(rest: str, said: Said) -> Choice:
    if said.picture is None:
        return _lacks("translate")
    return Choice(Translate(said.picture, language(rest)))


def _transcribe(rest: str, said: Said) -> Choice:
    if said.recording is None:
        return Choice(Answer(), told=_NO_RECORDING)
    return Choice(Transcribe(said.recording))


def _clip(rest: str, said: Said) -> Choice:
    return Choice(Clip(said.video, rest)) if said.video else Choice(Answer(), told=_NO_VIDEO)


def _speak(rest: str, said: Said) -> Choice:
    text = rest or said.answer
    return Choice(Speak(text), told="" if text else "Say what to speak: /speak Good morning.")


def _chart(rest: str, said: Said) -> Choice:
    wish = chart_of(rest or said.asked, rest)
    return Choice(wish, told="" if wish.what else "Say what to chart: /chart revenue by year.")


def _ask(rest: str, said: Said) -> Choice:
    return Choice(Answer(), question=rest, told="" if rest else _NOTHING_ASKED)


def _lacks(name: str) -> Choice:
    return Choice(Answer(), told=_NO_PICTURE.format(name))


_ALL = (
    Command("ask", "answers from your documents", "/ask how long is the notice period?", _ask),
    Command("draw", "draws a new picture", "/draw a lighthouse at dusk", _draw),
    Command("edit", "changes a picture as you say", "/edit make the sky orange", _edit),
    Command("vary", "makes another picture like one", "/vary", _vary),
    Command("enhance", "enlarges and sharpens a picture", "/enhance 2x", _enhance),
    Command("describe", "says what a picture shows", "/describe what is on it?", _describe),
    Command("translate", "translates the text in a picture", "/translate to German", _translate),
    Command("transcribe", "writes down what a recording says", "/transcribe", _transcribe),
    Command("clip", "tells what happens in a video", "/clip when does the door open?", _clip),
    Command("speak", "reads a text, or the last answer, aloud", "/speak Good morning", _speak),
    Command("chart", "draws numbers of your documents", "/chart revenue by year", _chart),
)
COMMANDS = {known.name: known for known in _ALL}
_ALIASES = {
    "paint": "draw", "upscale": "enhance", "caption": "describe", "say": "speak", "read": "speak",
    "plot": "chart", "video": "clip", "watch": "clip", "change": "edit", "answer": "ask",
}  # fmt: skip
