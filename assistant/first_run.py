"""The first run: the models to choose from, a sample company, and how far a home has come; and the
entry in the menu of the system that `pincite app --shortcut` writes.
"""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import AssistantError
from assistant.libraries.libraries import make
from assistant.models.catalogue import (
    Expected,
    Machine,
    Model,
    best_chat_model,
    catalogue,
    fit,
    rough_wait,
    this_machine,
)
from assistant.settings import Settings
from assistant.wiring import composition
from assistant.wiring.chosen_models import first_words, in_use

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
    return of_machine(catalogue(), this_machine(), first_words(settings))


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


# -- An entry in the menu of Linux and other systems of freedesktop.org: a file and an icon below
# XDG_DATA_HOME (https://specifications.freedesktop.org/desktop-entry-spec/latest/)

_ICON = Path(__file__).with_name("ui") / "icon.svg"
_ROOT = Path(__file__).parents[1]
_ENTRY = """[Desktop Entry]
Type=Application
Version=1.0
Name=Pincite
Comment=Ask your own documents, and see the exact line of each sentence
Comment[de]=Die eigenen Dokumente fragen, mit der genauen Zeile zu jedem Satz
Comment[fr]=Interroger ses propres documents, avec la ligne exacte de chaque phrase
Comment[es]=Preguntar a los documentos propios, con la línea exacta de cada frase
Exec={command}
Icon={icon}
Terminal=true
Categories=Office;
Keywords=documents;search;questions;
"""


def make_shortcut(home: Path, system: str = sys.platform) -> Path:
    """Write it, for the app on this home; the place of it. Raises AssistantError, also on systems
    with menus of another kind."""
    if system in ("darwin", "win32"):
        raise AssistantError(
            "Pincite can be put into the menu on Linux only. On this system, start it with"
            " `pincite app` in a terminal; many browsers can then install the page as an app."
        )
    try:
        return _desktop_entry(home)
    except OSError as error:
        raise AssistantError(f"The shortcut could not be written: {error}.") from error


def start_command(home: Path) -> list[str]:
    """What starts the app from any folder: the installed command, else this very Python."""
    beside = Path(sys.executable).with_name("pincite")
    installed = str(beside) if beside.exists() else shutil.which("pincite")
    start = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); "
    run = "from assistant.cli.main import main; sys.exit(main(sys.argv[1:]))"
    by = [installed] if installed else [sys.executable, "-P", "-c", start + run]
    return [*by, "--home", str(home.absolute()), "app"]


def _desktop_entry(home: Path) -> Path:
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / "pincite.svg"
    entry = data / "applications" / "pincite.desktop"
    for path in (icon, entry):
        path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_ICON, icon)
    text = _ENTRY.format(command=quoted(start_command(home)), icon=icon)
    entry.write_text(text, encoding="utf-8")
    return entry


def quoted(words: Sequence[str]) -> str:
    """As the key `Exec` wants it: each word quoted, percent signs doubled, and then backslashes
    once more, because the whole value is a string of the file."""
    found = []
    for word in words:
        inner = word.replace("\\", "\\\\")
        for sign in '"`$':
            inner = inner.replace(sign, f"\\{sign}")
        found.append('"' + inner.replace("%", "%%") + '"')
    return " ".join(found).replace("\\", "\\\\")


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
