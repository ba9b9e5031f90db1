"""Whether the gate that decides about refusals is fitted to the chosen chat model."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from assistant.build.gate import fitted, identity
from assistant.doctor.check import Check
from assistant.errors import AssistantError
from assistant.settings import Settings


def check(file: Path | None, settings: Settings) -> Iterator[Check]:
    """None without a local chat model, and where the home or the model cannot be read."""
    if file is None:
        return
    with suppress(AssistantError):
        if fitted(settings, identity(settings, file)):
            yield Check("refusals", "ok", f"The gate is fitted to {file.stem}.")
        else:
            message = f"The gate judges without the odds of {file.stem}."
            yield Check("refusals", "warning", message, "pincite models calibrate")
