"""Parses messages that begin with a command, such as "/draw a lighthouse"."""

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from assistant.contract.intents import Answer, Run
from assistant.i18n.translation import N_, _
from assistant.routing.decision import Decision, Message
from assistant.routing.fill_slots import fill_plain
from ingest import extensions

NAME = re.compile(r"[a-z]{2,20}")  # of a command; people may type it in capitals
# A word alone: "/usr/local" and "/etc" are places on a disk.
_COMMAND = re.compile(r"^\s*/([A-Za-z]{2,20})(?=\s|$)[ \t]*(.*)$", re.DOTALL)
_PLACES = re.compile(
    r"(?:bin|boot|dev|etc|home|lib|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)$"
)
_PICTURE = N_("Attach a picture to your message, or draw one first: /{name} is about a picture.")
_RECORDING = N_("Attach a recording or a video to your message: /{name} writes down what it says.")
_VIDEO = N_("Attach a video to your message: /{name} tells what happens in it.")


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
        return Decision(Answer(), question=rest, notice="" if rest else _(known.lacks))
    intent = fill_plain(known.name, replace(message, text=rest))
    if intent is None:
        return Decision(Answer(), notice=_lacking(known, message))
    return Decision(intent)


def _lacking(known: Command, message: Message) -> str:
    if known.name == "edit" and message.picture:
        return _("Say what to change: /edit make the sky orange.")
    return _(known.lacks, name=known.name)


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
    known = [f"- {c.example}: {_(c.what)}" for c in COMMANDS.values()]
    more = [f"- /{name}: {e.summary or e.package}" for name, e in added.items()]
    listed = "\n".join([*known, *more])
    if not near:
        told = _("There is no command /{name}. These are known:", name=name)
    else:
        other = _ALIASES.get(near[0], near[0])
        told = _("There is no command /{name}. Did you mean /{near}? These are known:",
                 name=name, near=other)  # fmt: skip
    return f"{told}\n\n{listed}"


_ALL = (
    Command(
        "ask", N_("answers from your documents"), "/ask how long is the notice period?",
        N_("Say what you want to know: /ask how long is the notice period?"),
    ),
    Command(
        "draw", N_("draws a new picture"), "/draw a lighthouse at dusk",
        N_("Say what to draw: /draw a lighthouse at dusk."),
    ),
    Command("edit", N_("changes a picture as you say"), "/edit make the sky orange", _PICTURE),
    Command("vary", N_("makes another picture like one"), "/vary", _PICTURE),
    Command("enhance", N_("enlarges and sharpens a picture"), "/enhance 2x", _PICTURE),
    Command("describe", N_("says what a picture shows"), "/describe what is on it?", _PICTURE),
    Command("translate", N_("translates the text in a picture"), "/translate to German", _PICTURE),
    Command("transcribe", N_("writes down what a recording says"), "/transcribe", _RECORDING),
    Command("clip", N_("tells what happens in a video"), "/clip when does the door open?", _VIDEO),
    Command(
        "speak", N_("reads a text, or the last answer, aloud"), "/speak Good morning",
        N_("Say what to speak: /speak Good morning."),
    ),
    Command(
        "chart", N_("draws numbers of your documents"), "/chart revenue by year",
        N_("Say what to chart: /chart revenue by year."),
    ),
)  # fmt: skip
COMMANDS = {known.name: known for known in _ALL}
_ALIASES = {
    "paint": "draw", "upscale": "enhance", "caption": "describe", "say": "speak", "read": "speak",
    "plot": "chart", "video": "clip", "watch": "clip", "change": "edit", "answer": "ask",
}  # fmt: skip
# That need no words, with a file or behind an answer.
ALONE = frozenset(COMMANDS) - {"ask", "draw", "edit"}
NAMES = frozenset({*COMMANDS, *_ALIASES})  # that an extension gets only by the settings
