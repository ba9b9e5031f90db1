"""The intents as LangChain tools, for any program or model that calls tools, and a router that lets
the chat model choose one. The only module that imports langchain.

What a tool takes is what its class in `assistant/contract/intents.py` has; models
see the notes of its fields, too.
"""

import contextlib
import inspect
import re
import threading
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from assistant.contract.intents import KINDS, Answer, Intent, Speak, from_row
from assistant.errors import AssistantError
from assistant.i18n.translation import _
from assistant.routing.slots import ANSWER, Decision, Message
from ingest.errors import PinciteError
from ingest.platform.process import require

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
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


# -- Routes by the chat model's own tool calling
# The model sees the person's message and the names of attached files, and nothing else: no passage,
# and no earlier answer. Its calls are only recorded here; the tool runs afterwards, as after a
# choice by the classifier. So no text of a document can call a tool.

_SYSTEM = (
    "You choose what to do with a message. Call exactly one tool. Call `answer` for every "
    "question about documents, rules, people, numbers or anything else that is to be looked up, "
    "and whenever you are not sure. Call another tool only when the person asks for just that."
)
_FILE_FIELDS = ("picture", "video", "recording")


class ModelRouter:
    """A router for chat models that are trained to call tools."""

    def __init__(self, model: "BaseChatModel") -> None:
        """Raises AssistantError when langchain is not installed."""
        require("chat", "langchain", to="let the chat model choose tools", error=AssistantError)
        from langchain.agents import create_agent

        self._one = threading.Lock()
        self._noted: list[Intent] = []
        # What a package adds runs only when a person says so with its command.
        offered = [kind for name, kind in KINDS.items() if name != "run"]
        tools = [adapted(kind, self._note, return_direct=True) for kind in offered]
        self._agent: Any = create_agent(model, tools, system_prompt=_SYSTEM)

    def choose(self, message: Message, _embedder: Any = None) -> Decision:
        """A `Router`. Answer, when the model calls no tool, or one for files that are not there."""
        sent = {"role": "user", "content": prompt(message)}
        with self._one:
            self._noted.clear()
            # Too long, malformed, or calls without end.
            with contextlib.suppress(PinciteError, ValueError, RecursionError):
                self._agent.invoke({"messages": [sent]}, {"recursion_limit": 4})
            noted = self._noted[:1]
        intent = with_files(noted[0], message) if noted else None
        return ANSWER if intent is None else Decision(intent, _("the chat model"))

    def _note(self, intent: Intent, question: str) -> Done:
        self._noted.append(intent)
        return "noted", {}


def prompt(message: Message) -> str:
    """The message with the names of its attachments, and of those in the last turn."""
    lines = [message.text]
    if message.files:
        lines.append(f"(attached: {', '.join(path.name for path in message.files)})")
    if message.shown:
        lines.append(f"(shown before: {', '.join(path.name for path in message.shown)})")
    return "\n".join(lines)


def with_files(intent: Intent, message: Message) -> Intent | None:
    """The intent with real files for the names that a model wrote; None when a file is missing.

    Only files that the person attached, or saw in the last turn, are opened, whatever path a model
    writes.
    """
    if isinstance(intent, Answer):
        return intent
    if isinstance(intent, Speak) and not intent.text.strip():
        return Speak(message.answer) if message.answer else None
    known = {"picture": message.picture, "video": message.video, "recording": message.recording}
    changes: dict[str, Any] = {}
    for field in _FILE_FIELDS:
        if hasattr(intent, field):
            changes[field] = _file(getattr(intent, field), message) or known[field]
    if hasattr(intent, "pictures"):
        named = tuple(filter(None, (_file(path, message) for path in intent.pictures)))
        changes["pictures"] = named or message.referred_pictures
    if hasattr(intent, "mask"):
        changes["mask"] = None
    if any(value in (None, ()) for name, value in changes.items() if name != "mask"):
        return None
    return replace(intent, **changes)


def _file(path: Path, message: Message) -> Path | None:
    return next(
        (known for known in (*message.files, *message.shown) if known.name == path.name), None
    )
