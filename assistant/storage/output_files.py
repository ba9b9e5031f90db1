"""Stores the output of tools: pictures and sounds, beside the conversations of a home."""

import uuid
from pathlib import Path

from assistant.errors import AssistantError


class Made:
    """A folder of files with unique names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, suffix: str) -> Path:
        """The path of a new file. Raises AssistantError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AssistantError(
                f"{self.folder} cannot be made, where pictures and sounds are kept: "
                f"{error.strerror}. Choose a home that can be written to, with --home."
            ) from error
        return self.folder / f"{uuid.uuid4().hex}{suffix}"
