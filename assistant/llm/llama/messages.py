"""Converts LangChain's messages and tools into plain turns for chat templates."""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)


def turn(message: BaseMessage) -> dict[str, Any]:
    """A message in the form of chat templates."""
    written: dict[str, Any] = {"role": _role(message), "content": _text(message)}
    if isinstance(message, AIMessage) and message.tool_calls:
        written["tool_calls"] = [_written_call(call) for call in message.tool_calls]
    if isinstance(message, ToolMessage):
        written["tool_call_id"] = message.tool_call_id
    return written


def _role(message: BaseMessage) -> str:
    match message:
        case SystemMessage():
            return "system"
        case HumanMessage():
            return "user"
        case AIMessage():
            return "assistant"
        case ToolMessage():
            return "tool"
        case ChatMessage():
            return message.role
    raise ValueError(f"A message of type {message.type!r} has no place in a chat.")


def _text(message: BaseMessage) -> str:
    if isinstance(message.content, list):
        kinds = {part["type"] for part in message.content if isinstance(part, dict)}
        if other := kinds & {"image", "image_url", "audio", "input_audio", "video", "file"}:
            raise ValueError(f"This model reads text only, not {', '.join(sorted(other))}.")
    return str(message.text)


def _written_call(call: Any) -> dict[str, Any]:
    function = {"name": call["name"], "arguments": call["args"]}
    return {"type": "function", "id": call["id"], "function": function}


def chosen_tools(
    tools: Sequence[dict[str, Any]] | None, choice: dict[str, Any] | str | bool | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The tools to offer, and those of which one must be called."""
    if not tools or choice == "none":
        return [], []
    if not choice or choice == "auto":
        return list(tools), []
    if choice in (True, "any", "required"):
        return list(tools), list(tools)
    name = choice["function"]["name"] if isinstance(choice, dict) else choice
    forced = [tool for tool in tools if tool["function"]["name"] == name]
    if not forced:
        raise ValueError(f"tool_choice names {name!r}, which is none of the tools.")
    return list(tools), forced
