"""Checks what is installed, missing or slow, each with the command that helps."""

import contextlib
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from assistant.doctor import (
    answering_device,
    catalogues,
    file_places,
    installed_extensions,
    library_files,
    pairs,
    reading_workers,
    refusal_gate,
    scans,
    voices,
)
from assistant.doctor.check import Check, Severity, importing, install, outcome
from assistant.errors import ModelUnusable
from assistant.models.catalogue import default_model, defaults
from assistant.models.fetch import is_whole, weights_of
from assistant.models.machine import best_chat_model, fit, needs_avx2, this_machine
from assistant.models.roles import Role
from assistant.models.store import Models
from assistant.security.network_guard import QUIET
from assistant.settings import Settings

_LLAMA = "from assistant.llm.llama import runtime as r; r.runtime(); print(r.which())"


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
    device = answering_device.look(chat, settings)
    found = [_python(), _home(settings.home), _disk(settings.home), _sqlite(), _processor()]
    found += [*_contents(settings), _telemetry()]
    found += reading_workers.check(settings)
    found += [_pdf(pdf), scans.check(settings, ocr), _recordings(recordings)]
    found += [_runtime(runtime, settings), *answering_device.check(device, settings)]
    found += refusal_gate.check(chat, settings)
    return [*found, *installed_extensions.check(settings)]


def as_rows(found: Iterable[Check]) -> list[dict[str, str]]:
    """The checks as rows of JSON."""
    return [asdict(check) for check in found]


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
            table.add_row("", "", Text(check.remedy, "bold"))
    Console().print(table)


def _python() -> Check:
    # An older Python is refused when Pincite is installed.
    return Check("python", "ok", f"Python {platform.python_version()}, {sys.executable}")


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
    models = Models(settings.models_folder, settings)
    try:
        found = [*_chat_model(models), _embedding_model(models), _speech_model(models)]
        found.append(Check("voice", *voices.voice(settings)))
        found += [*pairs.check(models), *library_files.check(settings.libraries_folder)]
        return [*found, *catalogues.check(settings), *file_places.check(settings)]
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


def _chat_model(models: Models) -> Iterator[Check]:
    path, check = _chosen(models, "chat", "warning", "Answers are sentences of the documents.")
    yield check
    model = next((item for item in models.models if path == weights_of(item, models.folder)), None)
    if not path or not model:
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


def _embedding_model(models: Models) -> Check:
    path, check = _chosen(models, "embedding", "error", "Documents cannot be added or searched.")
    known = {weights_of(item, models.folder).parent: item for item in models.models}
    if path in known and not is_whole(known[path], weights_of(known[path], models.folder)):
        return Check("embedding model", "error", f"{path} is incomplete.", "pincite models pull")
    return check


def _speech_model(models: Models) -> Check:
    path, check = _chosen(models, "speech", "warning", "Recordings and videos are not read.")
    if check.severity == "ok":
        name = next((item.name for item in models.installed() if item.path == path), "")
        return replace(check, message=f"{name}, {path}") if name else check
    nothing = path is None and check.remedy == "pincite models pull"
    get = f"pincite models pull {default_model('speech', models.models).name}"
    return replace(check, remedy=get) if nothing else check


def _chosen(
    models: Models, role: Role, severity: Severity, without: str
) -> tuple[Path | None, Check]:
    name = f"{role} model"
    try:
        if address := models.server(role):
            return None, Check(name, "ok", f"{address.model or 'a model'} at {address.place}")
        if extension := models.extension(role):
            return None, Check(name, "ok", f"{extension.name} ({extension.package})")
        path = models.chosen(role)
    except ModelUnusable as error:
        return None, Check(name, severity, str(error), "pincite models list")
    if path is None:
        return None, Check(name, severity, f"There is none. {without}", "pincite models pull")
    return path, Check(name, "ok", str(path))


def _telemetry() -> Check:
    loud = [name for name, value in QUIET.items() if os.environ.get(name) != value]
    if loud:
        remedy = f"Unset these variables: {', '.join(loud)}"
        return Check("telemetry", "warning", "Telemetry is not switched off everywhere.", remedy)
    return Check("telemetry", "ok", "off")


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
    command = install("compiled", "llama_cpp", "--no-cache-dir llama-cpp-python")
    if status == 0:
        return Check("llama.cpp", "ok", said)
    if _chat_extension(settings):
        message = "It cannot be used, and the chosen chat model does not need it."
        return Check("llama.cpp", "ok", message)
    if status < 0 or status > 0x40000000:  # ended by a signal; on Windows by an exception
        message = "llama.cpp crashes at once: it was built for another processor."
        return Check("llama.cpp", "warning", message, command)
    message = f"No chat model can run, so answers are sentences of the documents ({said})."
    if "libgomp" in said:  # what the ready library is linked with, and a small system may lack
        command = "Install the library of OpenMP. On Debian and Ubuntu: apt install libgomp1"
    elif not _has_compiler():
        command = f"Install a C and C++ compiler (such as gcc and g++), then: {command}"
    return Check("llama.cpp", "warning", message, command)


def _chat_file(settings: Settings) -> Path | None:
    """The chosen local model; None where there is none, and where a check says what is wrong."""
    with contextlib.suppress(OSError, ModelUnusable):
        return Models(settings.models_folder, settings).chosen("chat")
    return None


def _chat_extension(settings: Settings) -> bool:
    """Whether an installed package brings the chosen chat model."""
    with contextlib.suppress(OSError):  # a home that cannot be read is another finding
        return Models(settings.models_folder, settings).extension("chat") is not None
    return False


def _has_compiler() -> bool:
    both = (("cc", "gcc", "clang", "cl"), ("c++", "g++", "clang++", "cl"))
    return all(any(shutil.which(name) for name in names) for names in both)
