"""Saves answers in the form that a file's ending names."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import shorten

from assistant.errors import AssistantError
from assistant.export.account import Account
from assistant.export.markdown import markdown
from assistant.export.pdf import pdf
from assistant.export.spreadsheet import spreadsheet
from assistant.export.word import word
from ingest.platform.file_names import safe_name
from ingest.platform.private_files import usual_rights

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
