"""The intents as LangChain tools, for any program or model that calls tools.

What a tool takes is what its class in `assistant/contract/intents.py` has; models
see the notes of its fields, too.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from assistant.contract.intents import KINDS, Answer, Intent, from_row
from ingest.errors import PinciteError

if TYPE_CHECKING:
    from langchain_core.tools import StructuredTool

    from assistant.conversation.assistant import Assistant


Done = tuple[str, dict[str, Any]]  # what the model reads, and the answer document
_NOTE = re.compile(r"^ {4}(?P<field>\w+): [^#\n]*#\s*(?P<note>.+)$", re.MULTILINE)


def tools(assistant: "Assistant") -> "list[StructuredTool]":
    """Each tool runs when it is called; its artifact is the answer document of the contract."""

    def do(intent: Intent, question: str) -> Done:
        document = assistant.ask(question, intent=intent).to_json()
        return str(document["answer"]), document

    return [adapted(kind, do) for kind in KINDS.values()]


def adapted(
    kind: type[Intent], do: Callable[[Intent, str], Done], return_direct: bool = False
) -> "StructuredTool":
    """One tool. `do` receives the intent, and the question of an Answer."""
    from langchain_core.tools import StructuredTool

    name = kind.__name__.lower()

    def call(**arguments: Any) -> Done:
        given = {field: value for field, value in arguments.items() if value is not None}
        question = str(given.pop("question", "")) if kind is Answer else ""
        try:
            return do(from_row({"tool": name, **given}), question)
        except PinciteError as error:
            return str(error), {}

    return StructuredTool.from_function(
        call, name=name, description=inspect.getdoc(kind) or name, args_schema=_schema(kind),
        response_format="content_and_artifact", return_direct=return_direct,
    )  # fmt: skip


def _schema(kind: type[Intent]) -> Any:
    """A pydantic model of the fields: paths are texts."""
    from pydantic import Field, create_model

    notes, types = _notes(kind), get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):
        default = ... if field.default is MISSING else field.default
        note = notes.get(field.name) or ("a file" if types[field.name] is Path else None)
        values[field.name] = (_plain(types[field.name]), Field(default, description=note))
    if kind is Answer:
        values["question"] = (str, Field(..., description="as the person asks it"))
    return create_model(kind.__name__, **values)


def _plain(kind: Any) -> Any:
    """Plain types: models write lists of texts and numbers, which are checked afterwards."""
    text = str(kind)
    if "tuple[pathlib.Path" in text:
        return list[str]
    if "tuple[int" in text:
        return list[int] | None
    return {Path: str, Path | None: str | None}.get(kind, kind)


def _notes(kind: type[Intent]) -> dict[str, str]:
    """The comments behind the fields of a class."""
    source = inspect.getsource(kind)
    return {match["field"]: match["note"].strip() for match in _NOTE.finditer(source)}
