"""Saves answers in the form that a file's ending names."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import shorten

from assistant.errors import AssistantError
from assistant.export.account import Account, Said, Source
from assistant.export.documents import pdf, word
from assistant.export.workbook import spreadsheet
from ingest.platform.process import safe_name, usual_rights

# -- Answers as Markdown: each citation is a footnote with document, page and quote

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


FORMS: Mapping[str, Callable[[Sequence[Account]], bytes]] = {
    ".docx": word,
    ".pdf": pdf,
    ".md": lambda accounts: markdown(accounts).encode(),
    ".xlsx": spreadsheet,
}

_NO_ENDS = ("Pd", "Po", "Zs")  # dashes, commas, stops and blanks, also of Chinese and Arabic
_NAME = 60  # characters of a question that name a file


def named(words: str, otherwise: str, ending: str) -> str:
    """The name of a file after a question or a title, valid on any disk; `otherwise` where these
    have no letter or number."""
    short = shorten(words.replace("/", " ").replace("\\", " "), _NAME, placeholder="")
    while short and unicodedata.category(short[-1]) in _NO_ENDS:
        short = short[:-1]
    return safe_name(f"{short if any(map(str.isalnum, short)) else otherwise}{ending}")


def save(path: Path, accounts: Sequence[Account]) -> None:
    """Raises AssistantError for another ending, and where it cannot be written."""
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise AssistantError(f"{path} must end with {', '.join(FORMS)}.")
    try:
        with usual_rights():
            path.write_bytes(form(accounts))
    except OSError as error:
        raise AssistantError(f"{path} cannot be written: {error.strerror}.") from error
