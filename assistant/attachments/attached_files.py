"""Files that come with a question: their kinds, and the storage of files from a browser."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from assistant.attachments import media_kinds
from assistant.errors import AssistantError
from ingest.document.source import readable
from ingest.images import image_file
from ingest.loaders import LOADERS

Kind = Literal["picture", "recording", "video"]
_KINDS: dict[str, Kind] = {"audio": "recording", "video": "video"}


class DroppedAttachment(Protocol):
    """A file as a browser hands it over."""

    name: str

    def getbuffer(self) -> memoryview: ...


def kind(path: Path) -> Kind | None:
    """The kind, by suffix; None when it cannot be attached to a question."""
    if path.suffix.lower() in image_file.SUFFIXES:
        return "picture"
    return _KINDS.get(media_kinds.kind(path.name))


SUFFIXES = tuple(suffix for suffix in LOADERS if kind(Path(f"a{suffix}")))


def checked(path: Path) -> Path:
    """The path itself. Raises AssistantError if it does not exist or cannot be attached."""
    if not path.is_file():
        raise AssistantError(f"There is no file {path}.")
    _require_kind(path)
    return path


def _require_kind(path: Path) -> None:
    if kind(path) is None:
        raise AssistantError(
            f"{readable(path.name)} is not a picture, recording or video. "
            "Documents must be in a library first: pincite add."
        )


def keep(files: Sequence[DroppedAttachment], folder: Path) -> tuple[Path, ...]:
    """Below `folder`, each under its own name. Raises AssistantError."""
    kept = []
    for file in files:
        path = folder / uuid.uuid4().hex / (Path(file.name).name or "file")
        _require_kind(path)  # before it is saved; otherwise it would stay
        try:
            path.parent.mkdir(parents=True)
            path.write_bytes(file.getbuffer())
        except OSError as error:
            raise AssistantError(
                f"{readable(path.name)} could not be saved in {folder}: {error.strerror}."
            ) from error
        kept.append(path)
    return tuple(kept)
