"""Asks the chat model for the words that fill cells, in a form that a grammar holds: of an answer,
which is short, or of a document for several columns at once.

What it writes counts only where a line has it: see `shorten.py` and `reading.py`.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from assistant.contract.outcome import Passage
from assistant.contract.reply import Reply
from assistant.llm import prompts
from assistant.llm.chat_model import ChatModel
from assistant.llm.model_lock import TurnTaking
from assistant.llm.token_odds import TokenOdds
from assistant.sheet.column import Column

_LONGEST = 80  # characters of a value
_TOKENS = 60  # of the JSON of one value
_AT_ONCE = 8  # columns: their JSON and a part of a document fit into the least window
_EACH = 40  # tokens of one among several


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
        return _value(self._said(asked, _schema(column), _TOKENS, column.question, cancel))

    def copied(
        self, columns: Sequence[Column], passages: Sequence[Passage], cancel: threading.Event
    ) -> dict[str, str]:
        """What passages have for columns, by their heads. Raises Stopped."""
        found: dict[str, str] = {}
        for start in range(0, len(columns), _AT_ONCE):
            some = columns[start : start + _AT_ONCE]
            heads = ", ".join(json.dumps(one.head, ensure_ascii=False) for one in some)
            asked = prompts.on_passages(passages, prompts.CELLS.format(heads=heads))
            most = _EACH * (len(some) + 1)
            text = self._said(asked, _schema_of_all(some), most, some[0].question, cancel)
            found |= _values(text)
        return found

    def _said(
        self, asked: Any, schema: str, most: int, question: str,
        cancel: threading.Event,
    ) -> str:  # fmt: skip
        ours = isinstance(self._model, TokenOdds)
        options: dict[str, Any] = {"schema": schema, "cancel": cancel} if ours else {}
        with self._turn(question, cancel) if ours else nullcontext():
            said = self._model.invoke(asked, max_tokens=most, **options)
        return str(said.content)

    def _turn(self, question: str, cancel: threading.Event) -> AbstractContextManager[None]:
        return self._turns.turn(Reply(question, lambda reply: iter(()), cancel=cancel))


def _schema(column: Column) -> str:
    words = {"type": "string", "maxLength": _LONGEST}
    return _of({"value": {"enum": ["yes", "no"]} if column.kind == "truth" else words})


def _schema_of_all(columns: Sequence[Column]) -> str:
    words = {"anyOf": [{"type": "string", "maxLength": _LONGEST}, {"type": "null"}]}
    return _of({column.head: words for column in columns})


def _of(properties: dict[str, dict[str, Any]]) -> str:
    made = {"type": "object", "properties": properties, "required": list(properties)}
    return json.dumps({**made, "additionalProperties": False})


def _value(text: str) -> str:
    """Of the JSON; of a model without a grammar the first line where it wrote none."""
    if "{" not in text:
        return text.strip().split("\n", 1)[0][:_LONGEST]
    return _values(text).get("value", "")


def _values(text: str) -> Mapping[str, str]:
    """The words in the JSON; none of one that is cut."""
    begin, end = text.find("{"), text.rfind("}")
    try:
        found = json.loads(text[begin : end + 1])
    except ValueError:
        return {}
    return {key: said for key, said in found.items() if isinstance(said, str)}
