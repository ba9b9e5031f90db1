"""A small file in the place of a database of a home: that part of the home is in PostgreSQL."""

import os
import threading
from pathlib import Path
from typing import NamedTuple

from assistant.errors import AssistantError
from vectorstore.catalog.opened import keep_names

BACK = "back"


class Mark(NamedTuple):
    """What a home notes of a part in PostgreSQL."""

    tables: str  # their identity
    move: str = ""  # that has put it there; BACK on its way to SQLite; empty: nothing was moved


def mark_of(file: Path) -> Path:
    """The mark in the place of a file that has gone to PostgreSQL."""
    return file.with_suffix(".postgresql")


def file_of(mark: Path) -> Path:
    """The file whose place a mark has."""
    return mark.with_suffix(".sqlite")


def kept_mark(mark: Path) -> Mark | None:
    """None where the home has not used the tables. Raises AssistantError."""
    try:
        tables, _, move = mark.read_text("ascii").strip().partition(" ")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{mark} cannot be read: {error}.") from error
    if not tables:
        raise AssistantError(f"{mark} is damaged: put back a copy of it.")
    return Mark(tables, move)


def keep_mark(mark: Path, says: Mark) -> None:
    """Say where a part of the home is, also after a loss of power. Raises AssistantError."""
    scratch = mark.with_name(f".{mark.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("w", encoding="ascii") as file:
            file.write(" ".join(says))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(mark)
    except OSError as error:
        raise AssistantError(f"{mark} cannot be written: {error.strerror}.") from error
    keep_names(mark.parent)
