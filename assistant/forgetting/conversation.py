"""A conversation leaves the whole home: turns, receipts, thumbs, its attachments and what its tools
made."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.build import composition
from assistant.build.stores.answer_files import answer_files
from assistant.feedback import ratings
from assistant.settings import Settings
from assistant.storage.answer_files import mentioned
from assistant.storage.whose import EVERYBODY, Whose


def delete(settings: Settings, conversation: str, whose: Whose = EVERYBODY) -> int:
    """Delete a person's conversation with all its branches, and count its turns; 0 where they have
    none of that id.

    The turns go after receipts and thumbs: after a kill in between, the same again does the rest.
    What a running answer adds until then goes with them. Their files go last: what a kill leaves of
    them is found by the cleaning of the home. Raises AssistantError.
    """
    kept = composition.conversations(settings, whose)
    answers, library = kept.every_turn(conversation), kept.library(conversation)
    if not answers:
        return 0
    gone: list[dict[str, Any]] = []
    try:
        _leave(settings, whose, library, answers)
        gone = kept.delete(conversation)
        _leave(settings, whose, library, gone)
    finally:
        answer_files(settings).discard(mentioned(map(json.dumps, [*answers, *gone])))
    return len(gone)


def _leave(
    settings: Settings, whose: Whose, library: str, answers: Sequence[Mapping[str, Any]]
) -> None:
    """Delete the rows that a home keeps beside turns."""
    with_id = [answer for answer in answers if "id" in answer]
    composition.receipts(settings, whose).delete([answer["id"] for answer in with_id])
    if library in composition.libraries(settings):
        ratings.feedback(settings, library, whose.person).drop(with_id)
