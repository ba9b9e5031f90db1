"""What can go wrong with a source."""

from assistant.errors import AssistantError


class SourceFailed(AssistantError):
    """A source is named wrongly, or its server does not give what it has."""


class LeftOut(SourceFailed):
    """One mail or file cannot be fetched; the others can."""
