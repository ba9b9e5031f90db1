"""What a router receives, a message with its files, and what it returns, a decision."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from assistant.attachments.attached_files import Kind, kind
from assistant.contract.intents import Answer, Intent

_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "last": -1}


@dataclass(frozen=True)
class Decision:
    """An intent, and the short phrase that explains it.

    `notice` is shown instead of doing anything: what a command lacks. `question` is asked of the
    documents where it is not the message as it stands ("/ask how long is my leave?"). `guess` is
    the likeliest tool with its probability, where words were classified.
    """

    intent: Intent
    why: str = ""
    question: str = ""
    notice: str = ""
    guess: tuple[str, float] | None = field(default=None, compare=False)  # what it seemed to be


ANSWER = Decision(Answer())


@dataclass(frozen=True)
class Message:
    """The person's words and attachments, and what the turn before showed.

    It has no place for documents, so that no document can call a tool.
    """

    text: str
    files: tuple[Path, ...] = ()  # attached to this message
    shown: tuple[Path, ...] = ()  # attached to or made in the turn before, the latest at the end
    answer: str = ""  # the answer before, which "read it aloud" refers to; it decides nothing
    previous: str = ""  # the person's message before, which "plot it" refers to

    @cached_property
    def pictures(self) -> tuple[Path, ...]:
        """Attached ones."""
        return _of(self.files, "picture")

    @cached_property
    def last_pictures(self) -> tuple[Path, ...]:
        return _of(self.shown, "picture")

    @cached_property
    def picture(self) -> Path | None:
        """The one that is referred to: attached, else the latest of the turn before."""
        return _referred(self.text, self.pictures) or next(reversed(self.last_pictures), None)

    @cached_property
    def recordings(self) -> tuple[Path, ...]:
        """Attached ones."""
        return _of(self.files, "recording")

    @cached_property
    def videos(self) -> tuple[Path, ...]:
        """Attached ones."""
        return _of(self.files, "video")

    @cached_property
    def recording(self) -> Path | None:
        """What has sound: attached, else of the turn before."""
        with_sound = self.recordings or self.videos
        shown = _of(self.shown, "recording", "video")
        return _referred(self.text, with_sound) or next(reversed(shown), None)

    @cached_property
    def video(self) -> Path | None:
        return _referred(self.text, self.videos) or next(reversed(_of(self.shown, "video")), None)

    @cached_property
    def referred_pictures(self) -> tuple[Path, ...]:
        """All that are attached, unless one of them is named; else the latest."""
        named = _named(self.text, self.pictures)
        if named is not None:
            return (named,)
        return self.pictures or self.last_pictures[-1:]


def _of(files: Sequence[Path], *kinds: Kind) -> tuple[Path, ...]:
    return tuple(path for path in files if kind(path) in kinds)


def _referred(text: str, files: Sequence[Path]) -> Path | None:
    return _named(text, files) or (files[0] if files else None)


def _named(text: str, files: Sequence[Path]) -> Path | None:
    """The one whose name or number the text has: "b.png", "the second picture"."""
    if len(files) < 2:
        return None
    low = text.lower()
    for path in files:
        if re.search(rf"(?<!\w){re.escape(path.name.lower())}(?!\w)", low):
            return path
    for word, at in _ORDINALS.items():
        if at < len(files) and re.search(rf"\bthe {word}\b|^{word}\b", low):
            return files[at]
    stems = [path for path in files if re.search(rf"\b{re.escape(path.stem.lower())}\b", low)]
    return stems[0] if len(stems) == 1 else None
