"""Parses messages that begin with a command, such as "/draw a lighthouse"."""

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from assistant.contract.intents import Answer, Run
from assistant.routing.decision import Decision, Message
from assistant.routing.fill_slots import fill_plain
from ingest import extensions

NAME = re.compile(r"[a-z]{2,20}")  # of a command; people may type it in capitals
# A word alone: "/usr/local" and "/etc" are places on a disk.
_COMMAND = re.compile(r"^\s*/([A-Za-z]{2,20})(?=\s|$)[ \t]*(.*)$", re.DOTALL)
_PLACES = re.compile(
    r"(?:bin|boot|dev|etc|home|lib|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)$"
)
_PICTURE = "Attach a picture to your message, or draw one first: /{name} is about a picture."
_RECORDING = "Attach a recording or a video to your message: /{name} writes down what it says."
_VIDEO = "Attach a video to your message: /{name} tells what happens in it."


@dataclass(frozen=True)
class Command:
    """`what` and `example` are for people, `lacks` for one who left out the file or the words."""

    name: str
    what: str
    example: str
    lacks: str


def command(message: Message) -> Decision | None:
    """The decision; None for a message without a command."""
    found = _COMMAND.match(message.text)
    if found is None or _PLACES.match(found[1]):
        return None
    name, rest = found[1].lower(), found[2].strip()
    known = COMMANDS.get(_ALIASES.get(name, name))
    if known is None:
        return Decision(Answer(), notice=unknown(name))
    if known.name == "ask":
        return Decision(Answer(), question=rest, notice="" if rest else known.lacks)
    intent = fill_plain(known.name, replace(message, text=rest))
    if intent is None:
        return Decision(Answer(), notice=_lacking(known, message))
    return Decision(intent)


def _lacking(known: Command, message: Message) -> str:
    if known.name == "edit" and message.picture:
        return "Say what to change: /edit make the sky orange."
    return known.lacks.format(name=known.name)


def extension_command(message: Message, first: Collection[str] = ()) -> Decision | None:
    """The decision for an extension's tool; None for other messages.

    A built-in command wins over an extension of the same name, unless `first` has the name.
    """
    found = _COMMAND.match(message.text)
    name = found[1].lower() if found else ""
    if found is None or not extensions.find(extensions.TOOLS, name, name in NAMES, first):
        return None
    return Decision(Run(name, found[2].strip()))


def unknown(name: str) -> str:
    """A sentence with the known commands, and the nearest one."""
    added = extensions.installed(extensions.TOOLS)
    near = difflib.get_close_matches(name, [*COMMANDS, *_ALIASES, *added], n=1, cutoff=0.6)
    nearest = f" Did you mean /{_ALIASES.get(near[0], near[0])}?" if near else ""
    known = [f"- {c.example}: {c.what}" for c in COMMANDS.values()]
    more = [f"- /{name}: {e.summary or e.package}" for name, e in added.items()]
    listed = "\n".join([*known, *more])
    return f"There is no command /{name}.{nearest} These are known:\n\n{listed}"


_ALL = (
    Command(
        "ask", "answers from your documents", "/ask how long is the notice period?",
        "Say what you want to know: /ask how long is the notice period?",
    ),
    Command(
        "draw", "draws a new picture", "/draw a lighthouse at dusk",
        "Say what to draw: /draw a lighthouse at dusk.",
    ),
    Command("edit", "changes a picture as you say", "/edit make the sky orange", _PICTURE),
    Command("vary", "makes another picture like one", "/vary", _PICTURE),
    Command("enhance", "enlarges and sharpens a picture", "/enhance 2x", _PICTURE),
    Command("describe", "says what a picture shows", "/describe what is on it?", _PICTURE),
    Command("translate", "translates the text in a picture", "/translate to German", _PICTURE),
    Command("transcribe", "writes down what a recording says", "/transcribe", _RECORDING),
    Command("clip", "tells what happens in a video", "/clip when does the door open?", _VIDEO),
    Command(
        "speak", "reads a text, or the last answer, aloud", "/speak Good morning",
        "Say what to speak: /speak Good morning.",
    ),
    Command(
        "chart", "draws numbers of your documents", "/chart revenue by year",
        "Say what to chart: /chart revenue by year.",
    ),
)  # fmt: skip
COMMANDS = {known.name: known for known in _ALL}
_ALIASES = {
    "paint": "draw", "upscale": "enhance", "caption": "describe", "say": "speak", "read": "speak",
    "plot": "chart", "video": "clip", "watch": "clip", "change": "edit", "answer": "ask",
}  # fmt: skip
NAMES = frozenset({*COMMANDS, *_ALIASES})  # that an extension gets only by the settings
