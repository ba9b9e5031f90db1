"""Builds what fills sheets."""

from assistant.build import composition
from assistant.build.composition import Answering
from assistant.conversation.assistant import Assistant
from assistant.llm.token_counts import TokenCounts
from assistant.settings import Settings
from assistant.sheet.asked import AskedColumns
from assistant.sheet.extract import Extractor, no_model
from assistant.sheet.fill import Sheet
from assistant.sheet.kept import SheetCells
from assistant.sheet.reading import Reader
from assistant.storage.file_hashes import FileHashes
from ingest.text.reflow import about_tokens
from vectorstore.library import Library

_PART = 3  # of the window is for a document; the rest for the values of eight columns


def cells(settings: Settings) -> SheetCells:
    """Of the whole home."""
    return SheetCells(settings.sheets_file)


def asked(settings: Settings) -> AskedColumns:
    """Of the whole home."""
    return AskedColumns(settings.sheets_file)


def sheet(settings: Settings, library: Library, how: Answering | None = None) -> Sheet:
    """Sheets of a library. Its answers get no receipt: there are as many as cells, and they would
    push out those that a person asked for."""
    how = how or composition.answering(settings)
    assistant: Assistant = composition.assistant(settings, library, how, recorded=False)
    extract = Extractor(how.model, how.turns) if how.model else None
    return Sheet(
        assistant, cells(settings), extract or no_model, _reader(extract, how),
        _identity(settings, how), settings.refusal_threshold,
    )  # fmt: skip


def _reader(extract: Extractor | None, how: Answering) -> Reader | None:
    """None without a model."""
    if extract is None:
        return None
    count = how.model.tokens_in if isinstance(how.model, TokenCounts) else about_tokens
    return Reader(extract.copied, how.window // _PART, count)


def _identity(settings: Settings, how: Answering) -> str:
    """Who answers: another file, or another threshold, may answer in another way."""
    file = how.writer.model
    who = FileHashes(settings.home).sha256(file) if file else how.model_name
    return f"{who} {settings.refusal_threshold}"
