"""The documents of a company that does not exist, for who tries Pincite before adding their own.

A clone has them in `samples/`; the installed package carries the same files.
"""

from pathlib import Path

from assistant.build import composition
from assistant.errors import AssistantError
from assistant.libraries.named import make
from assistant.settings import Settings

LIBRARY = "samples"  # of its own: deleted in one step, and never among a person's documents
_NAMES = (LIBRARY, *(f"{LIBRARY}-{n}" for n in range(2, 9)))  # a person may have some of them
_ABOUT = "Tarnmere Instruments, a company that does not exist, to try questions on"
_PLACES = (Path(__file__).with_name("samples"), Path(__file__).parents[2] / "samples")


def documents() -> list[Path]:
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


def library(settings: Settings) -> str:
    """The name of its library, which is made where it is not there. Raises what `make` raises."""
    ours = {path.name for path in documents()}  # before a library is made for nothing
    there = composition.libraries(settings)
    for name in _NAMES:
        if name not in there:
            make(settings, name, _ABOUT)
            return name
        if _holds_only(settings, name, ours):
            return name
    raise AssistantError(f"There are {len(_NAMES)} libraries named {LIBRARY}: delete one.")


def _holds_only(settings: Settings, name: str, ours: set[str]) -> bool:
    with composition.library(settings, name) as library:
        return {one.document for one in library.documents()} <= ours
