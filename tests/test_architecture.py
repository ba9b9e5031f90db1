"""Imports point one way, each outside package has its home, and files stay short."""

import ast
import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import PROJECT

LAYERS = ["ingest", "vectorstore", "assistant", "streamlit_app"]

# From the door to the cellar: a room imports rooms that stand on lines below its own, and no other.
# A folder or file that is not named here belongs to the nearest one above it in the tree.
ROOMS = """
streamlit_app                               assistant/cli/main

assistant/wiring/command_line
assistant/team/hosting                     assistant/sources/commands
assistant/cli
assistant/ui
assistant/first_run                         assistant/team/api
assistant/team/moving_home
assistant/libraries                         assistant/doctor
assistant/feedback
assistant/evaluation                        assistant/bundle
assistant/wiring
assistant/routing                           assistant/sheet
assistant/conversation
assistant/receipts
assistant/tools                             assistant/studio
assistant/sources                           assistant/team
assistant/storage                           assistant/attachments           assistant/entrance
assistant/answering/whole
assistant/images                            assistant/answering
assistant/llm
assistant/llm/llama
assistant/models                            assistant/answering/tables
assistant/security                          assistant/export
assistant/contract
assistant/settings                          assistant/background
assistant/i18n
assistant/errors
assistant

vectorstore/watch                           vectorstore/federation
vectorstore/library                         vectorstore/team/moving
vectorstore/maintenance                     vectorstore/images
vectorstore/indexing                        vectorstore/retrieval
vectorstore/opened
vectorstore/team
vectorstore/workers
vectorstore/embedding                       vectorstore/versions
vectorstore/naming                          vectorstore/dense
vectorstore/catalog
vectorstore/database
vectorstore/store                           vectorstore/add_report          vectorstore/copies
vectorstore/worker_address
vectorstore/errors
vectorstore

ingest/sandbox                              ingest/discovery
ingest/loaders
ingest/web/loaders                          ingest/sheets/loader            ingest/containers
ingest/text/loaders                         ingest/media/loaders            ingest/mail
ingest/pdf/loader
ingest/web                                  ingest/sheets
ingest/office
ingest/page_builder
ingest/images
ingest/pdf                                  ingest/chunking
ingest/text                                 ingest/media
ingest/document
ingest/language                             ingest/platform                 ingest/extensions
ingest/errors
ingest
"""

HOMES = {
    "anyio": {
        "assistant/team/api/turns.py",
        "assistant/team/api/application.py",
        "assistant/team/api/guard.py",
    },
    "argon2": {"assistant/team/accounts.py"},
    "Stemmer": {"ingest/language/words.py"},
    "authlib": {"assistant/team/provider.py"},
    "jsonschema": {"assistant/team/api/structured.py"},
    "joserfc": {"assistant/team/provider.py"},
    "av": {"ingest/media/ffmpeg.py"},
    "charset_normalizer": {"ingest/text/decoding.py"},
    "chromadb": {"vectorstore/store.py"},
    "cssselect2": {"ingest/web/hidden_elements.py"},
    "ctranslate2": {"ingest/media/whisper.py"},
    "fastapi": {
        "assistant/team/api/application.py",
        "assistant/team/api/errors.py",
        "assistant/team/api/openai_protocol.py",
        "assistant/team/api/asking_routes.py",
        "assistant/team/api/shelf.py",
        "assistant/team/api/library_routes.py",
        "assistant/team/api/personal_routes.py",
    },
    "h11": {"assistant/entrance/http_server.py"},
    "fastapi_offline": {"assistant/team/api/application.py"},
    "faster_whisper": {"ingest/media/whisper.py"},
    "defusedxml": {"assistant/sources/webdav.py", "ingest/office/ooxml.py"},
    "diffusers": {"assistant/studio/drawing_model.py"},
    "filelock": {
        "assistant/models/fetch.py",
        "assistant/models/programs.py",
        "vectorstore/dense.py",
        "vectorstore/indexing/jobs.py",
    },
    "fpdf": {"assistant/export/documents.py"},
    "jinja2": {
        "assistant/entrance/guests.py",
        "assistant/export/documents.py",
        "assistant/llm/llama/engine.py",
        "assistant/receipts/evidence_pack.py",
    },
    "keyring": {"assistant/models/server_address.py"},
    "langchain_core": {
        "assistant/llm/chat_model.py",
        "assistant/llm/server.py",
        "assistant/llm/odds.py",
        "assistant/llm/prompts.py",
        "assistant/answering/retrieve.py",
        "assistant/answering/write.py",
        "assistant/answering/pipeline.py",
        "assistant/tools/pictures.py",
        "assistant/tools/specialists.py",
        "assistant/answering/whole/summary.py",
    },
    "langchain_openai": {"assistant/llm/server.py"},
    "llama_cpp": {"assistant/llm/llama/runtime.py"},
    "xllamacpp": {"assistant/llm/llama/runtime.py"},
    "markdown_it": {"ingest/web/loaders.py"},
    "mcp": {"assistant/team/api/application.py", "assistant/team/api/mcp_server.py"},
    "msgspec": {"ingest/document/wire.py"},
    "onnx": {"vectorstore/embedding/onnx_export.py"},
    "onnxruntime": {"vectorstore/embedding/embedder.py"},
    "oxmsg": {"ingest/mail.py"},
    "matplotlib": {"assistant/export/documents.py", "assistant/images/charts.py"},
    "openai": {"assistant/llm/server.py"},
    "openpyxl": {"assistant/export/documents.py", "ingest/sheets/workbook.py"},
    "packaging": {"assistant/bundle.py"},
    "pdfminer": {"ingest/pdf/pdfium.py"},
    "pi_heif": {"ingest/images/image_file.py"},
    "prometheus_client": {"assistant/team/api/watching.py"},
    "psutil": {
        "ingest/platform/hardware.py",
        "ingest/sandbox/confinement.py",
    },
    "psycopg": {"vectorstore/team/postgres.py"},
    "pypdf": {"ingest/containers.py"},
    "pypdfium2": {"ingest/pdf/pdfium.py", "ingest/pdf/native.py"},
    "python_calamine": {"ingest/sheets/workbook.py"},
    "rapidocr": {"ingest/images/ocr_engines.py"},
    "ray": {"vectorstore/team/ray_workers.py"},
    "realesrgan_ncnn_vulkan_wrapper": {"assistant/studio/esrgan_child.py"},
    "s3fs": {"vectorstore/team/s3.py"},
    "safetensors": {
        "assistant/studio/drawing_model.py",
        "vectorstore/embedding/onnx_export.py",
    },
    "sentencex": {"ingest/language/sentences.py"},
    "sentence_transformers": {
        "vectorstore/retrieval/rerank.py",
        "vectorstore/embedding/embedder.py",
    },
    "sqlite3": {
        "assistant/doctor/checks.py",  # looks into files that a library would refuse to open
        "vectorstore/database/schema.py",
        "vectorstore/database/sqlite.py",
        "vectorstore/maintenance/backup.py",
    },
    "starlette": {
        "assistant/team/api/errors.py",
        "assistant/team/api/guard.py",
        "assistant/team/api/mcp_server.py",
        "assistant/team/api/library_routes.py",
        "assistant/team/api/shelf.py",
        "assistant/team/api/turns.py",
        "assistant/team/api/watching.py",
    },
    "striprtf": {"ingest/office/rtf.py"},
    "tests": set(),
    "timm": {"assistant/images/vision.py"},
    "tinycss2": {
        "ingest/web/hidden_elements.py",
    },
    "tokenizers": {"vectorstore/embedding/embedder.py"},
    "torch": {
        "assistant/studio/diffusers_painter.py",
        "assistant/studio/drawing_model.py",
        "assistant/images/vision.py",
        "vectorstore/retrieval/rerank.py",
    },
    "transformers": {"assistant/studio/drawing_model.py"},
    "uvicorn": {"assistant/entrance/http_server.py"},
}

# What a laptop does not need: imported by the room itself, and where a home or a library is put
# together.
APART = ("assistant/team", "assistant/studio", "assistant/sources", "vectorstore/team")
# These files import rooms that are to be apart; none may be added.
NOT_YET_APART = {
    "assistant/settings.py", "assistant/storage/part.py",
    "assistant/ui/door.py",
    "assistant/ui/library/library_sources.py", "assistant/ui/resources.py",
    "assistant/ui/serving.py", "vectorstore/library.py",
}  # fmt: skip

MOST_LINES = 600

HEAVY = {
    "chromadb", "langchain_core", "llama_cpp", "onnxruntime", "ray", "streamlit",
    "torch",
}  # fmt: skip


SOURCES = [
    *(path for layer in LAYERS[:-1] for path in sorted((PROJECT / layer).rglob("*.py"))),
    PROJECT / "streamlit_app.py",
]


@functools.cache
def imports(path: Path) -> set[str]:
    """The top-level packages that a file imports, also inside of functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports name their package in full"
            found.add((node.module or "").partition(".")[0])
    return found


def named(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def users(package: str) -> set[str]:
    return {named(path) for path in SOURCES if package in imports(path)}


LEVELS = {
    room: level
    for level, line in enumerate(reversed([line for line in ROOMS.splitlines() if line]))
    for room in line.split()
}


def room(module: str) -> str:
    """The room of a path without its suffix."""
    while module not in LEVELS:
        module = module.rpartition("/")[0]
    return module


def modules_imported(path: Path) -> set[str]:
    """The project's own modules that a file imports, as paths without suffix."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in LAYERS:
            base = (node.module or "").replace(".", "/")
            for alias in node.names:
                inner = PROJECT / base / alias.name
                is_module = inner.is_dir() or inner.with_suffix(".py").exists()
                found.add(f"{base}/{alias.name}" if is_module else base)
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            found |= {name.replace(".", "/") for name in names if name.split(".")[0] in LAYERS}
    return found


def upward(path: Path) -> list[str]:
    """The imports of a file that point to its own height or higher."""
    own = room(named(path).removesuffix(".py").removesuffix("/__init__"))
    others = sorted({room(module) for module in modules_imported(path)} - {own})
    return [f"{named(path)} -> {other}" for other in others if LEVELS[other] >= LEVELS[own]]


def into_rooms_apart() -> Iterator[str]:
    """The imports of rooms that are apart, from files that are not allowed them; and files that are
    allowed them and need it no more."""
    for path in SOURCES:
        name = named(path)
        if name.startswith((*APART, "assistant/wiring/", "vectorstore/opened.py")):
            continue
        found = {module for module in modules_imported(path) if module.startswith(APART)}
        if found and name not in NOT_YET_APART:
            yield f"{name} -> {', '.join(sorted(found))}"
        if name in NOT_YET_APART and not found:
            yield f"{name} is apart: take it from the list"


def away_from_home() -> Iterator[str]:
    """The files that import an outside package and are not its home, and homes without it."""
    for package, homes in HOMES.items():
        found = users(package)
        yield from (f"{name} imports {package}" for name in sorted(found - homes))
        yield from (f"{name} has no {package}" for name in sorted(homes - found))
    for name in users("streamlit") - {"streamlit_app.py"}:
        if not name.startswith("assistant/ui/"):
            yield f"{name} imports streamlit"


def misshapen() -> Iterator[str]:
    """Rooms that do not exist, folders that do not say their duty, and files that are too long."""
    for name in LEVELS:
        if not (PROJECT / name).is_dir() and not (PROJECT / f"{name}.py").exists():
            yield f"{name} does not exist"
    for folder in sorted({path.parent for path in SOURCES} - {PROJECT}):
        if not ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))):
            yield f"{named(folder)} does not say its duty"
    for path in SOURCES:
        if (lines := path.read_bytes().count(b"\n")) > MOST_LINES:
            yield f"{named(path)} has {lines} lines"


def test_imports_point_one_way_and_each_package_has_its_home() -> None:
    up = [arrow for path in SOURCES for arrow in upward(path)]
    assert [*up, *into_rooms_apart(), *away_from_home()] == []


def test_rooms_say_their_duty_and_files_stay_short() -> None:
    assert list(misshapen()) == []


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after a statement."""
    script = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, text=True, capture_output=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_help_loads_nothing_heavy() -> None:
    shown = "from assistant.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    loaded = loaded_by(shown)
    assert not loaded & (HEAVY | {"numpy", "pydantic", "pypdf", "sqlite3", "transformers"})


def test_the_packages_are_light() -> None:
    everything = (
        "import assistant, ingest, vectorstore, vectorstore.library, assistant.wiring.composition"
    )
    loaded = loaded_by(everything)
    assert not loaded & (HEAVY - {"langchain_core"} | {"transformers"})
    assert not loaded_by("import assistant, ingest, vectorstore") & (HEAVY | {"numpy", "pypdf"})
