"""The intents: one small class for each tool, made by a command, a button or words."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from assistant.errors import AssistantError


@dataclass(frozen=True)
class Answer:
    """Answer a question from the person's documents, with citations."""


@dataclass(frozen=True)
class Draw:
    """Draw a new picture of what is described in words. Not for charts of numbers."""

    prompt: str
    size: tuple[int, int] | None = None  # width and height in pixels; None: as the model likes it
    steps: int | None = None
    seed: int | None = None
    guidance: float | None = None  # how closely the words are followed
    negative: str = ""  # what is not to be in the picture


@dataclass(frozen=True)
class Edit:
    """Change a picture as described in words: all of it, a masked part, or beyond its edges."""

    picture: Path
    prompt: str
    mask: Path | None = None  # a picture of the same shape: what is white is painted anew
    grow: tuple[int, int, int, int] | None = None  # pixels at left, top, right, bottom
    strength: float | None = None  # 0 keeps the picture, 1 forgets it
    steps: int | None = None
    seed: int | None = None
    guidance: float | None = None
    negative: str = ""


@dataclass(frozen=True)
class Vary:
    """Make another picture that is like a given one."""

    picture: Path
    strength: float | None = None
    steps: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Enhance:
    """Make a small or blurred picture larger and sharper."""

    picture: Path
    scale: int = 4  # 1 restores without enlarging


@dataclass(frozen=True)
class Describe:
    """Say what pictures show and what is written on them, or answer a question about them."""

    pictures: tuple[Path, ...]
    question: str = ""


@dataclass(frozen=True)
class Clip:
    """Tell what happens in a video, with times, or answer a question about it."""

    video: Path
    question: str = ""


@dataclass(frozen=True)
class Transcribe:
    """Write down what is said in a recording or a video."""

    recording: Path


@dataclass(frozen=True)
class Speak:
    """Read a text aloud."""

    text: str


@dataclass(frozen=True)
class Translate:
    """Translate the text that is written in a picture."""

    picture: Path
    language: str = ""  # into which, by its English name; empty: the person's


@dataclass(frozen=True)
class Chart:
    """Draw a bar, line or pie chart of numbers from a table in the person's documents."""

    what: str  # in words: what is charted, of what, over what
    kind: str = ""  # "bar", "line" or "pie"; empty: what suits the numbers


@dataclass(frozen=True)
class Run:
    """Run a tool that an installed package adds."""

    command: str  # its name; "tool" is the key of the row that names the class
    text: str = ""  # what the person gives to it


Intent = (
    Answer
    | Draw
    | Edit
    | Vary
    | Enhance
    | Describe
    | Clip
    | Transcribe
    | Speak
    | Translate
    | Chart
    | Run
)

KINDS: dict[str, type[Intent]] = {kind.__name__.lower(): kind for kind in get_args(Intent)}


def name(intent: Intent) -> str:
    """The name in the answer document and the commands: "draw"."""
    return type(intent).__name__.lower()


def to_row(intent: Intent) -> dict[str, Any]:
    """Plain values: {"tool": "draw", "prompt": "a lighthouse"}. In JSON the key of it is "wish"."""
    from pydantic import TypeAdapter

    plain: dict[str, Any] = TypeAdapter(type(intent)).dump_python(
        intent, mode="json", exclude_defaults=True
    )
    return {"tool": name(intent), **plain}


def from_row(row: Mapping[str, Any]) -> Intent:
    """The intent of a row. Raises AssistantError for any other row."""
    from pydantic import TypeAdapter, ValidationError

    values = {field: value for field, value in row.items() if field != "tool"}
    try:
        found: Intent = TypeAdapter(KINDS[row["tool"]]).validate_python(values)
        return found
    except (KeyError, ValidationError) as error:
        raise AssistantError(f"This is not a request to any tool: {dict(row)}.") from error
