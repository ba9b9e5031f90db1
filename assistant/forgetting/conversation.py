"""A conversation leaves the whole home: turns, receipts, thumbs, its attachments and what its tools
made."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.build import composition
from assistant.errors import AssistantError
from assistant.feedback import ratings
from assistant.images.generation import denoising
from assistant.settings import Settings
from assistant.storage.whose import EVERYBODY, Whose

_MADE = ("images", "audio")  # files that tools made, in an answer document


def delete(settings: Settings, conversation: str, whose: Whose = EVERYBODY) -> int:
    """Delete a person's conversation with all its branches, and count its turns; 0 where they have
    none of that id.

    The turns go last: after a kill in between, the same again does the rest. Raises AssistantError.
    """
    kept = composition.conversations(settings, whose)
    answers, library = kept.every_turn(conversation), kept.library(conversation)
    if not answers:
        return 0
    with_id = [answer for answer in answers if "id" in answer]
    composition.receipts(settings, whose).delete([answer["id"] for answer in with_id])
    if library in composition.libraries(settings):
        ratings.feedback(settings, library, whose.person).drop(with_id)
    _delete_files(settings.home, answers)
    return kept.delete(conversation)


def _delete_files(home: Path, answers: Sequence[Mapping[str, Any]]) -> None:
    """Those in the home alone: a file of the person's own may have been attached."""
    for file in _files(home, answers):
        try:
            if file.is_relative_to(home / "attached"):
                shutil.rmtree(file.parent)  # a folder for each attachment
            else:
                file.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise AssistantError(
                f"{file} could not be deleted: {error.strerror}. The conversation is still there."
            ) from error


def _files(home: Path, answers: Sequence[Mapping[str, Any]]) -> Iterator[Path]:
    for answer in answers:
        for path in map(Path, answer.get("attached", ())):
            if path.parent.parent == home / "attached":
                yield path
        for path in (Path(path) for kind in _MADE for path in answer.get(kind, ())):
            if path.parent == home / "made":
                yield path.with_suffix(denoising.SUFFIX)
                yield path
