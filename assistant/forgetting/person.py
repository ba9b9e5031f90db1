"""A person who is removed leaves the home: conversations, receipts, thumbs, columns of sheets, and
the files of their answers."""

from assistant.build import composition, sheets
from assistant.build.stores.answer_files import answer_files
from assistant.feedback.ratings import forget_person
from assistant.settings import Settings


def forget(settings: Settings, person: str) -> None:
    """Of a person by their id; nothing of theirs is kept any more. After a failure the same again
    does the rest; files that a kill leaves are found by the cleaning of the home. Raises
    AssistantError."""
    conversations, receipts = composition.conversations(settings), composition.receipts(settings)
    # They are known before their rows go: the same again does not find them in any row.
    files = conversations.files_of(person) | receipts.files_of(person)
    try:
        files |= conversations.drop(person)  # with those of answers that have ended meanwhile
        files |= receipts.drop(person)
        forget_person(settings, person)
        sheets.asked(settings).drop(person)
    finally:
        answer_files(settings).discard(files)
