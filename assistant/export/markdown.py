"""Answers as Markdown: each citation is a footnote with document, page and quote."""

import re
from collections.abc import Sequence

from assistant.export.account import Account, Said, Source

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~])")
_BLOCK = re.compile(r"^([ \t]*+)([-+=]|\d++[.)])(?=\s|$)", re.MULTILINE)


def markdown(accounts: Sequence[Account]) -> str:
    """The text of documents stays text: what could be markup is escaped."""
    notes: list[Source] = []
    parts = []
    for one in accounts:
        body = " ".join(_said(said, notes) for said in one.said)
        told = [f"> {_plain(notice)}" for notice in one.notices]
        parts.append("\n\n".join([f"## {_plain(one.question)}", body, *told]))
    listed = [f"[^{number}]: {_plain(note.words)}" for number, note in enumerate(notes, start=1)]
    return "\n\n".join([*parts, *listed]) + "\n"


def _said(said: Said, notes: list[Source]) -> str:
    text = "".join(_plain(t) if stated else _marked(t) for t, stated in said.pieces)
    for source in said.sources:
        if source not in notes:
            notes.append(source)
    marks = "".join(f"[^{notes.index(source) + 1}]" for source in said.sources)
    remark = f" ({said.remark})" if said.remark else ""
    return f"{text}{marks}{remark}"


def _marked(text: str) -> str:
    """In italics, without blanks inside of the marks."""
    inner = text.strip()
    return text.replace(inner, f"*{_plain(inner)}*", 1) if inner else text


def _plain(text: str) -> str:
    return _BLOCK.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", text))
