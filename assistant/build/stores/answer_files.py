"""The files of answers of a home, with all that mentions them: conversations and receipts."""

from assistant.build.stores.home_tables import place
from assistant.conversation.history import Conversations
from assistant.conversation.tables import PART
from assistant.receipts.record import Receipts
from assistant.settings import Settings
from assistant.storage.answer_files import AnswerFiles


def answer_files(settings: Settings) -> AnswerFiles:
    """What is asked of them raises AssistantError where the tables cannot be used."""
    return AnswerFiles(settings.home, lambda: _in_use(settings), lambda: _empty(settings))


def _in_use(settings: Settings) -> set[str]:
    at = place(settings, PART)
    return Conversations(at).files() | Receipts(at).files()


def _empty(settings: Settings) -> bool:
    at = place(settings, PART)
    return Conversations(at).is_empty() and Receipts(at).is_empty()
