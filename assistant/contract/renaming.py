"""A library gets another name in what is kept of answers: conversations and receipts have it in
their JSON where several libraries were asked at once."""

from typing import Any

from vectorstore.federation.names import qualified, renamed


def with_library(value: Any, old: str, new: str) -> Any:
    """A JSON value, such as an answer document, in which a library has its new name."""
    if isinstance(value, list):
        return [with_library(part, old, new) for part in value]
    if not isinstance(value, dict):
        return value
    row = {name: with_library(part, old, new) for name, part in value.items()}
    if isinstance(library := row.get("library"), str):
        row["library"] = renamed(library, old, new)
    document, before = row.get("document"), qualified(old, "")
    if not row.get("library") and isinstance(document, str) and document.startswith(before):
        row["document"] = qualified(new, document.removeprefix(before))  # in facts
    return row
