"""Builds what fills sheets."""

from assistant.build import composition
from assistant.build.composition import Answering
from assistant.conversation.assistant import Assistant
from assistant.settings import Settings
from assistant.sheet.extract import Extractor, no_model
from assistant.sheet.fill import Sheet
from assistant.sheet.kept import SheetCells
from assistant.storage.file_hashes import FileHashes
from vectorstore.library import Library


def cells(settings: Settings) -> SheetCells:
    """Of the whole home."""
    return SheetCells(settings.sheets_file)


def sheet(settings: Settings, library: Library, how: Answering | None = None) -> Sheet:
    """Sheets of a library. Its answers get no receipt: there are as many as cells, and they would
    push out those that a person asked for."""
    how = how or composition.answering(settings)
    assistant: Assistant = composition.assistant(settings, library, how, recorded=False)
    extract = Extractor(how.model, how.turns) if how.model else no_model
    return Sheet(
        assistant, cells(settings), extract, _identity(settings, how), settings.refusal_threshold
    )


def _identity(settings: Settings, how: Answering) -> str:
    """Who answers: another file, or another threshold, may answer in another way."""
    file = how.writer.model
    who = FileHashes(settings.home).sha256(file) if file else how.model_name
    return f"{who} {settings.refusal_threshold}"
