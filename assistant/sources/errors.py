"""What can go wrong with a source."""

from typing import Literal

from assistant.errors import AssistantError

Field = Literal["", "server", "user", "password", "folder"]


class SourceFailed(AssistantError):
    """A source is named wrongly, or its server does not give what it has."""

    def __init__(self, sentence: str, field: Field = "") -> None:
        """`field` is what has to be put right, where one thing has: "folder" is also a mailbox."""
        super().__init__(sentence)
        self.field: Field = field


class UnknownSource(SourceFailed):
    """There is no source of that name."""


class Refused(SourceFailed):
    """The server does not take the user or the password."""


class LeftOut(SourceFailed):
    """One mail, file or folder below cannot be fetched; the others can."""

    def __init__(self, reason: str, field: Field = "") -> None:
        """The end of a sentence. Named by its keyword, `make messages` finds it."""
        super().__init__(reason, field)
