"""What reads scans and pictures, in which languages, and which it would need for the others."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import ModelUnusable
from assistant.llm.llama.runtime import Placement, quicker
from assistant.models.catalogue import catalogue, this_machine
from assistant.models.installed import Models
from assistant.routing.dispatch import NAME, NAMES
from assistant.settings import Settings
from assistant.wiring.chosen_models import embedder, engines
from assistant.wiring.places import cluster
from ingest import extensions
from ingest.errors import CannotRecognise, PinciteError
from ingest.extensions import Extension
from ingest.images.ocr_engines import LANGUAGES, Tesseract
from ingest.loaders import LOADERS
from ingest.platform.process import add_extra, installed
from vectorstore.embedding.classifier_folder import onnx_file
from vectorstore.embedding.embedder import Recipe, recipe
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
print(json.dumps([place.layers, place.of, place.device, names]))
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
        layers, of, device, names = json.loads(said)
        place = Placement(layers, of, device)
        cores = "" if layers else f" ({this_machine().cores} cores)"
        remedy = quicker(place, settings.gpu, bool(names))
        severity: Severity = "warning" if remedy else "ok"
        yield Check("device", severity, f"Answers are computed on {place}{cores}.", remedy)


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
