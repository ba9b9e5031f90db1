"""Asks the chat model for the words of an answer that fill a cell, in a form that a grammar holds.

The model reads the answer alone, which is short. What it writes counts only where a cited line has
it: see `shorten.py`.
"""

import json
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from assistant.contract.reply import Reply
from assistant.llm import prompts
from assistant.llm.chat_model import ChatModel
from assistant.llm.model_lock import TurnTaking
from assistant.llm.token_odds import TokenOdds
from assistant.sheet.column import Column

_LONGEST = 80  # characters
_TOKENS = 60


def no_model(column: Column, answer: str, cancel: threading.Event) -> str:
    """Where answers are quoted: they stay as they are."""
    return ""


class Extractor:
    """Shares the model with the answers."""

    def __init__(self, model: ChatModel, turns: TurnTaking) -> None:
        self._model = model
        self._turns = turns

    def __call__(self, column: Column, answer: str, cancel: threading.Event) -> str:
        """The value; empty where the model writes none. Raises Stopped."""
        asked = prompts.on_text(
            f"Question: {column.question}\n\nAnswer: {answer}", prompts.CELL
        )  # fmt: skip
        ours = isinstance(self._model, TokenOdds)
        options: dict[str, Any] = {"schema": _schema(column), "cancel": cancel} if ours else {}
        with self._turn(column, cancel) if ours else nullcontext():
            said = self._model.invoke(asked, max_tokens=_TOKENS, **options)
        return _value(str(said.content))

    def _turn(self, column: Column, cancel: threading.Event) -> AbstractContextManager[None]:
        waiting = Reply(column.question, lambda reply: iter(()), cancel=cancel)
        return self._turns.turn(waiting)


def _schema(column: Column) -> str:
    words = {"type": "string", "maxLength": _LONGEST}
    value = {"enum": ["yes", "no"]} if column.kind == "truth" else words
    made = {"type": "object", "properties": {"value": value}, "required": ["value"]}
    return json.dumps({**made, "additionalProperties": False})


def _value(text: str) -> str:
    """Of the JSON; of a model without a grammar the first line where it wrote none."""
    begin, end = text.find("{"), text.rfind("}")
    try:
        found = json.loads(text[begin : end + 1])["value"]
    except (ValueError, KeyError, TypeError):
        return "" if begin >= 0 else text.strip().split("\n", 1)[0][:_LONGEST]
    return found if isinstance(found, str) else ""
