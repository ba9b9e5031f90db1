"""The first run: the models to choose from, a sample company, and how far a home has come."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.conversation.suggestions import Offered, offer, offered
from assistant.errors import AssistantError
from assistant.libraries.libraries import make
from assistant.models import catalogue
from assistant.models.catalogue import Expected, Machine, Model
from assistant.settings import Settings
from assistant.wiring import composition
from assistant.wiring.chosen_models import first_words, in_use
from vectorstore.library import Library

# -- Which chat models a person may choose from on this machine, from the quickest to the best

Kind = Literal["quick", "usual", "good", "best"]


@dataclass(frozen=True)
class Choice:
    """A model, what it is chosen for, and how long it lets people wait for its first word."""

    kind: Kind
    model: Model
    wait: Expected | None  # None where the size of the model is unknown


def choices(settings: Settings) -> list[Choice]:
    """One to four, each model once, the smallest first. Raises AssistantError."""
    return of_machine(catalogue.catalogue(), catalogue.this_machine(), first_words(settings))


def of_machine(
    models: Sequence[Model], machine: Machine, waits: Mapping[str, Expected]
) -> list[Choice]:
    """The same for any machine. `waits` by name, as they were measured on it.

    "usual" is what set-up fetches; "good" the best that answers within seconds; "best" the best
    that the memory holds, however slow; "quick" the best of those that are small.
    """
    chat = [model for model in models if model.role == "chat" and model.weights]
    held = [model for model in chat if catalogue.fit(model, machine) != "too big"]
    named: dict[str, Kind] = {}
    for kind, found in (
        ("usual", next((model for model in held if model.default), None)),
        ("good", catalogue.best_chat_model(held, machine) if held else None),
        ("best", held[0] if held else None),
        ("quick", next((model for model in held if model.speed == "quick"), None)),
    ):
        if found:
            named.setdefault(found.name, kind)  # type: ignore[arg-type]
    listed = sorted((m for m in held if m.name in named), key=lambda m: m.weights or 0)
    return [
        Choice(
            named[model.name], model, waits.get(model.name) or catalogue.rough_wait(model, machine)
        )
        for model in listed
    ]


def is_model_chosen(settings: Settings) -> bool:
    """Whether answers are written by a model already, or one was chosen that has some trouble."""
    now = in_use(settings, "chat")
    return bool(now.name or now.trouble)


# -- The documents of a company that does not exist, for who tries Pincite before adding their own
# A clone has them in `samples/`; the installed package carries the same files.

LIBRARY = "samples"  # of its own: deleted in one step, and never among a person's documents
_NAMES = (LIBRARY, *(f"{LIBRARY}-{n}" for n in range(2, 9)))  # a person may have some of them
_ABOUT = "Tarnmere Instruments, a company that does not exist, to try questions on"
_PLACES = (Path(__file__).with_name("samples"), Path(__file__).parents[1] / "samples")


def sample_documents() -> list[Path]:
    """Five PDFs. Raises AssistantError where this installation has none."""
    for place in _PLACES:
        if found := sorted(place.glob("*.pdf")):
            return found
    raise AssistantError(
        "This installation carries no sample company. Install the package again, or add documents "
        "of your own."
    )


def is_sample(library: str) -> bool:
    """Whether a library has the name of one of these."""
    return library in _NAMES


def offer_questions(library: Library) -> None:
    """Those to begin with, of sample documents that have none: no model has to write them."""
    has = {one.document for one in offered(library)}
    place = sample_documents()[0].with_name("offered.json")
    ours: dict[str, list[str]] = json.loads(place.read_text(encoding="utf-8"))
    offer(library, [
        Offered(info.document, info.sha256, text)
        for info in library.documents() if info.document not in has
        for text in ours.get(info.document, ())
    ])  # fmt: skip


def sample_library(settings: Settings) -> str:
    """The name of its library, which is made where it is not there. Raises what `make` raises."""
    ours = {path.name for path in sample_documents()}  # before a library is made for nothing
    there = composition.libraries(settings)
    for name in _NAMES:
        if name not in there:
            make(settings, name, _ABOUT)
            return name
        with composition.library(settings, name) as library:
            if {one.document for one in library.documents()} <= ours:
                return name
    raise AssistantError(f"There are {len(_NAMES)} libraries named {LIBRARY}: delete one.")


# -- How far a home has come in its first run: a state of the home, whichever library is open

# The steps are done, or were put away; or answers are to be quoted, without a chat model.
Mark = Literal["over", "without-model"]


def has_mark(settings: Settings, mark: Mark) -> bool:
    """Whether a mark was set in this home."""
    return _place(settings, mark).exists()


def set_mark(settings: Settings, mark: Mark) -> None:
    """Set it for good. Raises AssistantError."""
    place = _place(settings, mark)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    except OSError as error:
        raise AssistantError(f"{place} could not be written: {error.strerror}.") from error


def _place(settings: Settings, mark: Mark) -> Path:
    return settings.home / "first-run" / mark
