"""Builds the calibration of the chosen chat model's gate from settings."""

from assistant.answering.passages.budget import Budget
from assistant.build.gate import gates
from assistant.build.models import chat_loader, embedder, reader
from assistant.errors import ModelUnusable
from assistant.llm.token_odds import TokenOdds
from assistant.settings import Settings
from assistant.tools.answer import AnswerTool
from assistant.tools.calibration import Calibration


def calibration(settings: Settings) -> Calibration:
    """Raises AssistantError where no chat model is chosen, or where it gives no odds, and
    LibraryError without an embedding model."""
    load = chat_loader(settings)
    if load is None:
        raise ModelUnusable("There is no chat model to calibrate: `pincite models pull` gets one.")
    chat = load()
    odds = chat.odds or chat.model
    if not chat.known or not isinstance(odds, TokenOdds):
        raise ModelUnusable(
            f"{chat.name} gives no odds of its words. Refusals are judged without them, so there "
            "is nothing to calibrate."
        )
    budget = Budget(chat.window, settings.passage_tokens, settings.answer_tokens)
    tool = AnswerTool(chat.model, budget, reader=reader(settings))
    return Calibration(tool, odds, embedder(settings), gates(settings), chat.known)
