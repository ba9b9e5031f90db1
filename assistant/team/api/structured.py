"""Turns a cited answer into JSON of a client's schema (`response_format`), with the chat model: the
answer and the lines that it cites are all that it reads.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any, Literal

from jsonschema import Draft202012Validator, SchemaError, ValidationError
from pydantic import BaseModel, Field

from assistant.contract.reply import Reply
from assistant.llm import prompts
from assistant.llm.chat_model import ChatModel
from assistant.llm.odds import TokenOdds, TurnTaking
from assistant.team.api.errors import NotDone

_FIELD = "response_format"
_TRIES = 2  # a model without a grammar gets the error once
_TOKENS = 600  # of the JSON
_PARTS, _DEEPEST = 2_000, 60  # of a schema with its references; a model can follow no larger one
# Python's patterns can take for ever, and such references name schemas elsewhere.
_REFUSED = {"patternProperties", "$dynamicRef", "$recursiveRef"}

Schema = dict[str, Any]


class Named(BaseModel):
    """A schema with its name."""

    name: str = ""
    schema_: Schema = Field(alias="schema")


class Format(BaseModel):
    """What the content of an answer shall be."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: Named | None = None

    def schema_wanted(self) -> Schema | None:
        """The schema that is wanted; None for text. Raises NotDone for what is no schema."""
        if self.type == "text":
            return None
        if self.type == "json_object":
            return {"type": "object"}
        if self.json_schema is None:
            raise NotDone(_FIELD, "json_schema: say the schema.")
        return _checked(self.json_schema.schema_)


class Structured:
    """Shares the model with the answers."""

    def __init__(self, model: ChatModel | None, turns: TurnTaking) -> None:
        """Without a `model` nothing can be written."""
        self._model, self._turns = model, turns

    def check(self) -> None:
        """Raises NotDone when there is no chat model."""
        if self._model is None:
            raise NotDone(_FIELD, "There is no chat model to write JSON. Answers are text.")

    def content(self, answer: Mapping[str, Any], schema: Schema, cancel: threading.Event) -> str:
        """JSON that fits the schema, from an answer document that is no refusal. Raises NotDone
        where the model writes none, and Stopped."""
        self.check()
        wrong = ""
        for _ in range(_TRIES):
            text = self._said(answer, schema, wrong, cancel)
            try:
                Draft202012Validator(schema).validate(found := json.loads(text))
            except (ValueError, ValidationError) as error:
                wrong = str(getattr(error, "message", error))[:200]
            else:
                return json.dumps(found, ensure_ascii=False)
        raise NotDone(_FIELD, f"The model has written nothing that fits the schema: {wrong}")

    def _said(
        self, answer: Mapping[str, Any], schema: Schema, wrong: str, cancel: threading.Event
    ) -> str:
        quotes = "\n".join(f"“{' '.join(one['quote'].split())}”" for one in answer["citations"])
        text = f"Question: {answer['question']}\n\nAnswer: {answer['answer']}\n\nLines:\n{quotes}"
        asked = prompts.on_text(text, prompts.json_of(json.dumps(schema), wrong))
        ours = isinstance(self._model, TokenOdds)
        options: dict[str, Any] = {"schema": json.dumps(schema), "cancel": cancel} if ours else {}
        turn = Reply(answer["question"], lambda reply: iter(()), cancel=cancel)
        assert self._model
        with self._turns.turn(turn) if ours else nullcontext():
            try:
                said = str(self._model.invoke(asked, max_tokens=_TOKENS, **options).content)
            except ValueError as error:  # of a schema that llama.cpp does not know how to follow
                raise NotDone(_FIELD, f"The model cannot follow this schema: {error}") from error
        return said[said.find("{") : said.rfind("}") + 1] if not ours else said


def _checked(schema: Schema) -> Schema:
    """Without references. Raises NotDone for none, and for one that could take for ever."""
    whole: Schema = _expanded(schema, schema, iter(range(_PARTS)), 0)
    try:
        Draft202012Validator.check_schema(whole)
    except SchemaError as error:
        raise NotDone(
            _FIELD, f"json_schema.schema is not a JSON Schema: {error.message[:200]}"
        ) from error
    return whole


def _expanded(part: Any, root: Schema, room: Iterator[int], depth: int) -> Any:
    """A schema with its references replaced by what they name: the result has a known size, and
    nothing is fetched to resolve it."""
    if next(room, None) is None or depth > _DEEPEST:
        raise NotDone(_FIELD, f"A schema here has at most {_PARTS:,} parts, in {_DEEPEST} levels.")
    if isinstance(part, list):
        return [_expanded(one, root, room, depth + 1) for one in part]
    if not isinstance(part, dict):
        return part
    if isinstance(ref := part.get("$ref"), str):
        others = {name: value for name, value in part.items() if name != "$ref"}
        return _expanded({**_named(root, ref), **others}, root, room, depth + 1)
    if isinstance(part.get("pattern"), str) or part.keys() & _REFUSED:
        raise NotDone(_FIELD, "Patterns and references to other schemas are not held to here.")
    return {
        name: _expanded(value, root, room, depth + 1)
        for name, value in part.items() if name not in ("$defs", "definitions")
    }  # fmt: skip


def _named(root: Schema, ref: str) -> Schema:
    found: Any = root
    for name in ref.removeprefix("#/").split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise NotDone(_FIELD, f"The schema has nothing at {ref[:100]!r}.")
    return found
