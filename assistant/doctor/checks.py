"""Checks what is installed, missing or slow, each with the command that helps."""

import contextlib
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from assistant.errors import AssistantError, ModelUnusable, SettingsError
from assistant.llm.llama.runtime import Placement, quicker
from assistant.models.catalogue import (
    Role,
    best_chat_model,
    catalogue,
    default_model,
    defaults,
    fit,
    needs_avx2,
    this_machine,
)
from assistant.models.installed import Models
from assistant.routing.dispatch import NAME, NAMES
from assistant.settings import Settings
from assistant.storage.part import TeamTables
from assistant.wiring.chosen_models import embedder, engines, in_use, voice_state
from assistant.wiring.people import PARTS
from assistant.wiring.places import bucket, catalogue_server, cluster, place_of_part
from ingest import extensions
from ingest.errors import CannotRecognise, PinciteError
from ingest.extensions import Extension
from ingest.images.ocr_engines import LANGUAGES, Tesseract
from ingest.loaders import LOADERS
from ingest.platform import hardware
from ingest.platform.process import add_extra, installed
from vectorstore.embedding.classifier_folder import onnx_file
from vectorstore.embedding.embedder import Recipe, recipe
from vectorstore.errors import LibraryError
from vectorstore.opened import has_files, is_library, open_catalog, open_copies, root_of, schema_of
from vectorstore.workers import Order

# -- The result of a check, and imports in child processes to find it

Severity = Literal["ok", "warning", "error"]
IMPORT_SECONDS = 15


@dataclass(frozen=True)
class Check:
    """The result of one check; the remedy is empty when all is well."""

    name: str
    severity: Severity
    message: str
    remedy: str = ""


def importing(code: str) -> subprocess.Popen[str]:
    """A child process that runs some code: a library built for another processor ends it."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True)


def outcome(child: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status and the last line of the child's output; a hung child counts as failed."""
    try:
        output, errors = child.communicate(timeout=IMPORT_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return 1, f"it did not respond for {IMPORT_SECONDS} seconds"
    return child.returncode, ((output or errors).strip().splitlines() or [""])[-1]


def install(extra: str, imported: str, packages: str) -> str:
    """The command that installs an extra, or repairs its packages where they are there."""
    if installed(imported):
        return f"{sys.executable} -m pip install --force-reinstall {packages}"
    return add_extra(extra)


# -- Which device computes the answers, and what would be quicker

# In a child process: a driver that does not fit ends it.
_CODE = """
import json
from pathlib import Path
from assistant.llm.llama import runtime
llama = runtime.runtime()
place = next(runtime.placements(llama, Path({path!r}), {gpu!r}))
names = [device.description for device in runtime.graphics()]
print(json.dumps([place.layers, place.of, place.device, names, runtime.kernels()]))
"""


def look_for_device(path: Path | None, settings: Settings) -> subprocess.Popen[str] | None:
    """Start the child that looks; None without a local chat model."""
    if path is None:
        return None
    code = _CODE.format(path=str(path), gpu=settings.gpu)
    return importing(code)


def check_answering_device(
    child: subprocess.Popen[str] | None, settings: Settings
) -> Iterator[Check]:
    """None where no local model answers, or llama.cpp does not start: another check says so."""
    if child is None:
        return
    status, said = outcome(child)
    if status == 0:
        layers, of, device, names, kernels = json.loads(said)
        place = Placement(layers, of, device)
        cores = "" if layers else f" ({this_machine().cores} cores)"
        remedy = quicker(place, settings.gpu, bool(names))
        severity: Severity = "warning" if remedy else "ok"
        message = f"Answers are computed on {place}{cores}."
        if not layers and hardware.has_avx512() and "AVX512" not in kernels:
            command = _compiling()
            message += f" Compiled for this processor, llama.cpp reads twice as fast: {command}"
        yield Check("device", severity, message, remedy)


def graphics() -> list[str]:
    """The graphics devices that llama.cpp finds here; empty without it. Takes a second: looked for
    in a child process, too."""
    code = (
        "import json\nfrom assistant.llm.llama import runtime\n"
        "print(json.dumps([device.description for device in runtime.graphics()]))"
    )
    status, said = outcome(importing(code))
    return list(json.loads(said)) if status == 0 else []


# -- The packages that extend the program: which there are, and whether they load

_LOADS = "from ingest import extensions as e; e.installed({!r})[{!r}].load()"
_KINDS = {
    extensions.LOADERS: "reads .{0} files",
    extensions.TOOLS: "the command /{0}",
    extensions.CHAT_MODELS: "a chat model: pincite models use chat {0}",
    extensions.EMBEDDERS: "an embedding model: pincite models use embedding {0}",
}


def check_extensions(settings: Settings) -> Iterator[Check]:
    """One for each. They are loaded in child processes at the same time."""
    found = [one for group in extensions.GROUPS for one in extensions.installed(group).values()]
    children = [importing(_LOADS.format(one.group, one.name)) for one in found]
    for extension, child in zip(found, children, strict=True):
        yield _check(extension, child, settings)


def _check(extension: Extension, child: subprocess.Popen[str], settings: Settings) -> Check:
    name = f"extension {extension.name}"
    about = _KINDS[extension.group].format(extension.name)
    message = f"{about} ({extension.package} {extension.version})"
    status, said = outcome(child)
    if status:
        remedy = f"{sys.executable} -m pip uninstall {extension.package}"
        return Check(name, "warning", f"{message} does not load: {said}", remedy)
    if extension.group == extensions.TOOLS and not NAME.fullmatch(extension.name):
        rule = "a command has 2 to 20 letters from a to z"
        remedy = f"Give the entry point another name in the package {extension.package}."
        return Check(name, "warning", f"{message} cannot be typed: {rule}.", remedy)
    ours = extension.name in _BUILT_IN[extension.group]()
    if ours and extension.name not in settings.extensions_first:
        remedy = f"To use it instead of ours: PINCITE_EXTENSIONS_FIRST={extension.name}"
        return Check(name, "warning", f"{message} is not used: we have one of this name.", remedy)
    return Check(name, "ok", message)


# The names that the program itself has.
_BUILT_IN: dict[str, Callable[[], Collection[str]]] = {
    extensions.LOADERS: lambda: {suffix[1:] for suffix in LOADERS},
    extensions.TOOLS: lambda: NAMES,
    extensions.CHAT_MODELS: lambda: {model.name for model in catalogue()},
    extensions.EMBEDDERS: lambda: {model.name for model in catalogue()},
}


# -- The reranker: none is chosen by itself, so that its lack is no fault


def check_reranker(models: Models) -> Check:
    """Whether the chosen one can be used."""
    name = "reranker model"
    try:
        path = models.chosen("reranker")
    except ModelUnusable as error:
        return Check(name, "error", str(error), "pincite models use reranker off")
    if path and not onnx_file(path) and not installed("torch", "sentence_transformers"):
        message = f"{path} has no ONNX file, and torch, which would run it, is not installed."
        return Check(name, "error", message, add_extra("embedders"))
    return Check(name, "ok", str(path) if path else "none is chosen")


# -- Which machines read files, and whether each of them can

_START = "ray start --address HOST:6379"


def check_reading_workers(settings: Settings) -> Iterator[Check]:
    """Each machine reads a line of text, with the models that are chosen here."""
    found = cluster(settings)
    if found is None:
        yield Check("workers", "ok", "files are read by processes of this machine")
        return
    try:
        machines = found.machines(Order(engines(settings), recipe=lambda: _recipe(settings)))
    except PinciteError as error:
        yield Check("workers", "error", str(error), "Start Ray, or check its address.")
        return
    place = found.address.place
    if not machines:
        yield Check("workers", "error", f"No machine of {place} reads.", _START)
    for one in machines:
        named = f"{one.name} of {place}"
        if one.unfit:
            yield Check("workers", "error", f"{named}: {one.unfit}.", "Repair it, or stop it.")
        else:
            cores = "1 core" if one.cores == 1 else f"{one.cores} cores"
            yield Check("workers", "ok", f"{named}, {cores}: reads")


def _recipe(settings: Settings) -> Recipe | None:
    try:
        return recipe(embedder(settings))
    except PinciteError:  # what is wrong with it is said by another check
        return None


# -- What reads scans and pictures, in which languages, and which it would need for the others


def check_scans(settings: Settings, child: subprocess.Popen[str]) -> Check:
    """`child` prints the version of RapidOCR, if that can be imported."""
    status, said = outcome(child)
    if settings.ocr == "off":
        remedy = "Choose rapidocr: the setting ocr, or the variable PINCITE_OCR."
        return Check("scans", "warning", "Scans and pictures are not read: ocr is off.", remedy)
    languages = settings.ocr_languages
    if settings.ocr == "tesseract":
        return _tesseract(languages, "", "Or without it: PINCITE_OCR=rapidocr")
    if status:
        remedy = install("ocr", "rapidocr", "rapidocr onnxruntime")
        return Check("scans", "warning", f"Scans and pictures are not read: {said}", remedy)
    if unread := [language for language in languages if language not in LANGUAGES]:
        remedy = "Install Tesseract with the data of all these languages; it reads then."
        why = f"RapidOCR {said} does not read {', '.join(unread)}. "
        return _tesseract(languages, why, remedy)
    other = "; Tesseract is installed, too" if shutil.which("tesseract") else ""
    return Check("scans", "ok", f"RapidOCR {said}, for {', '.join(languages)}{other}")


def _tesseract(languages: tuple[str, ...], why: str, remedy: str) -> Check:
    """`why` another one does not read; `remedy` where Tesseract is not here."""
    try:
        absent = Tesseract(languages).absent
    except CannotRecognise as error:
        return Check("scans", "warning", why.strip() or str(error), remedy)
    if not absent:
        return Check("scans", "ok", f"{why}Tesseract, for {', '.join(languages)}")
    message = f"{why}Tesseract has no data for {', '.join(absent)}."
    return Check("scans", "warning", message, f"Install tesseract-ocr-{absent[0]}")


# -- Whether people, catalogues and files are where the settings say. Nothing is made anywhere

_MOVE = "Set `{}` to where it is, or move it with `pincite migrate-home`."


def check_catalogues(settings: Settings) -> Iterator[Check]:
    """Of the server, of people and conversations, and of each library that is on it or should be.
    What is in another place says itself what to do."""
    server = catalogue_server(settings)
    if server is None:
        yield Check("catalogue", "ok", "SQLite, in the folder of each library")
    else:
        try:
            yield Check("catalogue", "ok", f"PostgreSQL {server.version()} at {server.place}")
        except LibraryError as error:
            yield Check("catalogue", "error", str(error), "Start PostgreSQL, or check its address.")
            return
    for part in PARTS:
        try:
            place = place_of_part(settings, part)
            if isinstance(place, TeamTables) and place.marked() and place.is_there():
                yield Check(part.name, "ok", "in PostgreSQL")
        except AssistantError as error:
            yield Check(part.name, "error", str(error), _MOVE.format("catalogue"))
    for folder in sorted(settings.libraries_folder.glob("*/")):
        if is_library(folder) and (server or schema_of(folder)):
            yield _served(folder, settings)


def _served(folder: Path, settings: Settings) -> Check:
    name = f"library {folder.name}"
    try:
        with contextlib.closing(
            open_catalog(folder, folder.name, catalogue_server(settings))
        ) as catalog:
            return Check(name, "ok", f"{catalog.size()[0]} documents, in PostgreSQL")
    except LibraryError as error:
        return Check(name, "error", str(error), _MOVE.format("catalogue"))


def check_file_places(settings: Settings) -> Iterator[Check]:
    """Of the bucket, and of each library whose files are not where the settings say."""
    try:
        found = bucket(settings)
    except SettingsError as error:
        yield Check("files", "error", str(error), "Set what is missing.")
        return
    if found is None:
        yield Check("files", "ok", "in the folder of each library")
    else:
        try:
            said = f"in {found.place}"
            if found.versioned():
                said += "; it keeps older versions of removed files, which `pincite forget`"
                said += " deletes, too"
            yield Check("files", "ok", said)
        except LibraryError as error:
            remedy = "Check the settings that begin with `files`."
            yield Check("files", "error", str(error), remedy)
    for folder in sorted(settings.libraries_folder.glob("*/")):
        if root_of(folder) or (found and has_files(folder)):
            try:
                open_copies(folder, folder.name, found)
            except LibraryError as error:
                remedy = _MOVE.format("files")
                yield Check(f"library {folder.name}", "error", str(error), remedy)


# -- Whether the catalogues of libraries in SQLite can be read


def check_library_files(folder: Path) -> Iterator[Check]:
    """A check for each library in a folder. Nothing is made anywhere."""
    for catalog in sorted(folder.glob("*/catalog.sqlite")):
        name = f"library {catalog.parent.name}"
        address = f"{catalog.absolute().as_uri()}?mode=ro"
        try:
            with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
                ((count,),) = connection.execute("SELECT count(*) FROM document")
            yield Check(name, "ok", f"{count} documents")
        except sqlite3.DatabaseError as error:
            remedy = f"pincite verify --library {catalog.parent.name}"
            yield Check(name, "error", f"{catalog} cannot be read: {error}.", remedy)


_LLAMA = "from assistant.llm.llama import runtime as r; print(f'{r.which()}: {r.kernels()}')"


def checks(settings: Settings) -> list[Check]:
    """All checks: everything that set-up or a move to another machine can leave wrong."""
    # Imports run in child processes, in parallel: a library built for another processor ends its
    # process silently.
    speech = "from importlib.metadata import version; print(version('faster-whisper'))"
    recordings = importing(f"import av, faster_whisper; {speech}")
    runtime = importing(_LLAMA)
    pdf = importing("import pypdf, pypdfium2; print(pypdf.__version__)")
    version = "from importlib.metadata import version; print(version('rapidocr'))"
    ocr = importing(f"import cv2, onnxruntime, rapidocr; {version}")  # its native parts
    chat = _chat_file(settings)
    device = look_for_device(chat, settings)
    # An older Python is refused when Pincite is installed.
    python = Check("python", "ok", f"Python {platform.python_version()}, {sys.executable}")
    found = [python, _home(settings.home), _disk(settings.home), _sqlite(), _processor()]
    found += _contents(settings)
    found += check_reading_workers(settings)
    found += [_pdf(pdf), check_scans(settings, ocr), _recordings(recordings)]
    found += [_runtime(runtime, settings), *check_answering_device(device, settings)]
    return [*found, *check_extensions(settings)]


def print_table(found: Iterable[Check]) -> None:
    """The checks as a table for people, on standard output."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text  # a plain string is markup, where [ocr] of an extra is a style

    colours = {"ok": "green", "warning": "yellow", "error": "red"}
    table = Table(box=None, show_header=False, padding=(0, 1))
    for check in found:
        severity = Text(check.severity, colours[check.severity])
        table.add_row(severity, Text(check.name), Text(check.message))
        if check.remedy:
            table.add_row("", "", Text(check.remedy, "bold", overflow="fold"))
    Console().print(table)


def _home(home: Path) -> Check:
    if not os.access(_nearest(home), os.W_OK | os.X_OK):
        remedy = "Choose another one: pincite --home FOLDER, or the variable PINCITE_HOME."
        return Check("home", "error", f"{home} cannot be written to.", remedy)
    return Check("home", "ok", str(home))


def _disk(home: Path) -> Check:
    free = shutil.disk_usage(_nearest(home)).free
    message = f"{free / 1e9:.1f} GB free"
    if free < 2e9:
        size = sum(model.bytes or 0 for model in defaults()) / 1e9
        remedy = f"Free disk space: the default models take {size:.1f} GB."
        return Check("disk", "warning", message, remedy)
    return Check("disk", "ok", message)


def _nearest(home: Path) -> Path:
    """The home, or the nearest existing folder above it."""
    # Path.exists raises below a folder that cannot be entered (Python 3.11).
    return next(path for path in (home, *home.absolute().parents) if os.access(path, os.F_OK))


def _contents(settings: Settings) -> list[Check]:
    """The models and libraries of the home."""
    models = Models(settings)
    try:
        found = [*_chat_model(settings, models), _chosen(settings, "embedding"), _speech(settings)]
        found.append(Check("voice", *voice_state(settings)))
        found += [check_reranker(models), *check_library_files(settings.libraries_folder)]
        return [*found, *check_catalogues(settings), *check_file_places(settings)]
    except OSError as error:
        message = f"Models and libraries cannot be read: {error.filename}: {error.strerror}."
        return [Check("contents", "error", message, "Make the home readable, or choose another.")]


def _sqlite() -> Check:
    version = sqlite3.sqlite_version
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    if "ENABLE_FTS5" not in options:
        return Check("sqlite", "error", f"SQLite {version} without FTS5", "Use another Python.")
    return Check("sqlite", "ok", f"SQLite {version} with FTS5")


def _processor() -> Check:
    machine = this_machine()
    message = f"{machine.cores} cores"
    if not needs_avx2() or not machine.flags:
        return Check("processor", "ok", message)
    if "avx2" not in machine.flags:
        remedy = "Choose a small model: pincite models use chat qwen2.5-coder-0.5b"
        return Check("processor", "warning", f"{message}, no AVX2: answers are slow", remedy)
    return Check("processor", "ok", f"{message}, AVX2")


_LACKS: dict[Role, tuple[Severity, str]] = {  # what is missing without a model
    "chat": ("warning", "Answers are sentences of the documents."),
    "embedding": ("error", "Documents cannot be added or searched."),
    "speech": ("warning", "Recordings and videos are not read."),
}


def _chosen(settings: Settings, role: Role) -> Check:
    name, now, (severity, without) = f"{role} model", in_use(settings, role), _LACKS[role]
    if now.trouble:
        return Check(name, severity, now.trouble, "pincite models list")
    if not now.name:
        return Check(name, severity, f"There is none. {without}", "pincite models pull")
    return Check(name, "ok", now.name)


def _chat_model(settings: Settings, models: Models) -> Iterator[Check]:
    yield (check := _chosen(settings, "chat"))
    model = next((item for item in models.models if item.name == check.message), None)
    if not model:
        return
    machine = this_machine()
    need = f"{model.name} needs {(model.memory or 0) / 1e9:.1f} GB of memory"
    message = f"{need}; this machine has {(machine.memory or 0) / 1e9:.1f} GB"
    suits = fit(model, machine)
    if suits == "good":
        yield Check("memory", "ok", message)
    else:
        better = best_chat_model(models.models, machine).name
        remedy = f"pincite models pull {better} && pincite models use chat {better}"
        yield Check("memory", "warning", f"{message}: {suits}", remedy)


def _speech(settings: Settings) -> Check:
    check = _chosen(settings, "speech")
    if check.remedy != "pincite models pull":
        return check
    return replace(check, remedy=f"pincite models pull {default_model('speech').name}")


def _pdf(child: subprocess.Popen[str]) -> Check:
    status, said = outcome(child)
    if status:
        remedy = f"{sys.executable} -m pip install --force-reinstall pypdf pypdfium2"
        return Check("pdf", "error", f"PDFs cannot be read: {said}", remedy)
    return Check("pdf", "ok", f"pypdf {said} and PDFium")


def _recordings(child: subprocess.Popen[str]) -> Check:
    status, said = outcome(child)
    if status:
        remedy = install("speech", "faster_whisper", "faster-whisper av")
        return Check("recordings", "warning", f"Recordings cannot be read: {said}", remedy)
    return Check("recordings", "ok", f"faster-whisper {said} and FFmpeg")


def _runtime(child: subprocess.Popen[str], settings: Settings) -> Check:
    status, said = outcome(child)
    other = False
    command = _compiling()
    if status == 0:
        return Check("llama.cpp", "ok", said)
    with contextlib.suppress(OSError):  # a home that cannot be read is another finding
        other = Models(settings).extension("chat") is not None
    if other:
        message = "It cannot be used, and the chosen chat model does not need it."
        return Check("llama.cpp", "ok", message)
    if status < 0 or status > 0x40000000:  # ended by a signal; on Windows by an exception
        message = "llama.cpp crashes at once: it was built for another processor."
        return Check("llama.cpp", "warning", message, command)
    message = f"No chat model can run, so answers are sentences of the documents ({said})."
    if "libgomp" in said:  # what the ready library is linked with, and a small system may lack
        command = "Install the library of OpenMP. On Debian and Ubuntu: apt install libgomp1"
    return Check("llama.cpp", "warning", message, command)


def _chat_file(settings: Settings) -> Path | None:
    """The chosen local model; None where there is none, and where a check says what is wrong."""
    with contextlib.suppress(OSError, ModelUnusable):
        return Models(settings).chosen("chat")
    return None


def _compiling() -> str:
    """The command that compiles llama.cpp for this machine."""
    command = install("compiled", "llama_cpp", "--no-cache-dir llama-cpp-python")
    first = "" if _has_compiler() else "Install a C and C++ compiler (such as gcc and g++), then: "
    return f"{first}{command}"


def _has_compiler() -> bool:
    both = (("cc", "gcc", "clang", "cl"), ("c++", "g++", "clang++", "cl"))
    return all(any(map(shutil.which, names)) for names in both)
