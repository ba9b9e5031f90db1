"""Which chat models a person may choose from on this machine, from the quickest to the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.build.chosen_models import first_words, in_use
from assistant.models.catalogue import Model, catalogue
from assistant.models.expected import Expected
from assistant.models.machine import (
    Machine,
    best_chat_model,
    fit,
    rough_wait,
    this_machine,
)
from assistant.settings import Settings

Kind = Literal["quick", "usual", "good", "best"]


@dataclass(frozen=True)
class Choice:
    """A model, what it is chosen for, and how long it lets people wait for its first word."""

    kind: Kind
    model: Model
    wait: Expected | None  # None where the size of the model is unknown


def choices(settings: Settings) -> list[Choice]:
    """One to four, each model once, the smallest first. Raises AssistantError."""
    waits, machine = first_words(settings), this_machine()
    return of_machine(catalogue(), machine, waits)


def of_machine(
    models: Sequence[Model], machine: Machine, waits: Mapping[str, Expected]
) -> list[Choice]:
    """The same for any machine. `waits` by name, as they were measured on it.

    "usual" is what set-up fetches; "good" the best that answers within seconds; "best" the best
    that the memory holds, however slow; "quick" the best of those that are small.
    """
    chat = [model for model in models if model.role == "chat" and model.weights]
    held = [model for model in chat if fit(model, machine) != "too big"]
    named: dict[str, Kind] = {}
    for kind, found in (
        ("usual", next((model for model in held if model.default), None)),
        ("good", best_chat_model(held, machine) if held else None),
        ("best", held[0] if held else None),
        ("quick", next((model for model in held if model.speed == "quick"), None)),
    ):
        if found:
            named.setdefault(found.name, kind)  # type: ignore[arg-type]
    listed = sorted((m for m in held if m.name in named), key=lambda m: m.weights or 0)
    return [
        Choice(named[model.name], model, waits.get(model.name) or rough_wait(model, machine))
        for model in listed
    ]


def is_chosen(settings: Settings) -> bool:
    """Whether answers are written by a model already, or one was chosen that has some trouble."""
    now = in_use(settings, "chat")
    return bool(now.name or now.trouble)
