"""Errors between a question and its answer: what went wrong, and what to do."""

from ingest.errors import PinciteError


class AssistantError(PinciteError):
    """Base of these errors; the message says what went wrong and what to do."""


class SettingsError(AssistantError):
    """A setting is unknown or has a wrong value."""


class NotThere(AssistantError):
    """Nothing has this id or number."""


class TablesAway(AssistantError):
    """The server with people and conversations does not answer, or no longer has them."""


class TablesBusy(AssistantError):
    """That server has no connection left, or another process writes the same."""


class TablesNotWritable(AssistantError):
    """That server refuses to write."""


class ModelRuntimeMissing(AssistantError):
    """The library that runs the model is not installed."""


class ModelUnusable(AssistantError):
    """The model file is missing, damaged or not a model."""


class NoOdds(ModelUnusable):
    """The model does not report the probabilities of its tokens."""


class ModelNotFetched(AssistantError):
    """No source of the catalogue delivered the model."""


class ContextOverflow(AssistantError):
    """The prompt is longer than the model's context."""


class BadQuestionSet(AssistantError, ValueError):
    """A question set is missing, or a row of it has an unknown form."""


class NetworkRefused(AssistantError, OSError):
    """Something tried to open a connection while none was allowed."""
