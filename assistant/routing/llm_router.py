"""Routes by the chat model's own tool calling. The only module that imports langchain.

The model sees the person's message and the names of attached files, and nothing else: no passage,
and no earlier answer. Its calls are only recorded here; the tool runs afterwards, as after a choice
by the classifier. So no text of a document can call a tool.
"""

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.contract.intents import KINDS, Answer, Intent, Speak
from assistant.conversation.langchain_tools import Done, adapted
from assistant.errors import AssistantError
from assistant.i18n.translation import _
from assistant.routing.decision import ANSWER, Decision, Message
from ingest.errors import PinciteError
from ingest.platform.extras import require

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_SYSTEM = (
    "You choose what to do with a message. Call exactly one tool. Call `answer` for every "
    "question about documents, rules, people, numbers or anything else that is to be looked up, "
    "and whenever you are not sure. Call another tool only when the person asks for just that."
)
# What a package adds runs only when a person says so with its command.
_OFFERED = tuple(kind for kind in KINDS if kind != "run")
_FILE_FIELDS = ("picture", "video", "recording")


class ModelRouter:
    """A router for chat models that are trained to call tools."""

    def __init__(self, model: "BaseChatModel", kinds: Sequence[str] = _OFFERED) -> None:
        """Raises AssistantError when langchain is not installed."""
        require("chat", "langchain", to="let the chat model choose tools", error=AssistantError)
        self._one = threading.Lock()
        self._noted: list[tuple[Intent, str]] = []
        self._agent = _agent(model, kinds, self._note)

    def choose(self, message: Message, embedder: Any = None) -> Decision:
        """Answer, when the model calls no tool, or one for files that are not there."""
        sent = {"role": "user", "content": prompt(message)}
        with self._one:
            self._noted.clear()
            # Too long, malformed, or calls without end.
            with contextlib.suppress(PinciteError, ValueError, RecursionError):
                self._agent.invoke({"messages": [sent]}, {"recursion_limit": 4})
            noted = [intent for intent, _ in self._noted]
        if not noted:
            return ANSWER
        intent = with_files(noted[0], message)
        return ANSWER if intent is None else Decision(intent, _("the chat model"))

    def _note(self, intent: Intent, question: str) -> Done:
        self._noted.append((intent, question))
        return "noted", {}


def _agent(model: "BaseChatModel", kinds: Sequence[str], note: Any) -> Any:
    from langchain.agents import create_agent

    tools = [adapted(KINDS[kind], note, return_direct=True) for kind in kinds]
    return create_agent(model, tools, system_prompt=_SYSTEM)


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
