"""Imports point one way, each outside package has its home, and files stay short."""

import ast
import functools
import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

LAYERS = ["ingest", "vectorstore", "assistant", "streamlit_app"]

# From the door to the cellar: a room imports rooms that stand on lines below its own, and no other.
# A folder or file that is not named here belongs to the nearest one above it in the tree.
ROOMS = """
streamlit_app

assistant/ui/pages
assistant/ui/components                     assistant/cli
assistant/ui
assistant/ui/background                     assistant/ui/door               assistant/api
assistant/first_run
assistant/entrance                          assistant/libraries             assistant/doctor
assistant/forgetting
assistant/accounts
assistant/uploads
assistant/feedback
assistant/evaluation
assistant/bundling
assistant/sources
assistant/build                             assistant/testing
assistant/routing                           assistant/sheet
assistant/conversation
assistant/receipts
assistant/tools
assistant/images/super_resolution
assistant/images/generation
assistant/answering/whole_document          assistant/storage
assistant/answering/gate                    assistant/attachments
assistant/answering/verification
assistant/answering/writing                 assistant/images/vision
assistant/answering/groundedness
assistant/answering/passages
assistant/llm
assistant/llm/llama                         assistant/speech/synthesis
assistant/models                            assistant/images/charts
assistant/answering/table_qa
assistant/security                          assistant/export             assistant/explaining
assistant/contract
assistant/answering/query                   assistant/speech
assistant/settings
assistant/i18n
assistant/errors
assistant

vectorstore/watch                           vectorstore/testing             vectorstore/federation
vectorstore/library
vectorstore/maintenance                     vectorstore/images
vectorstore/indexing                        vectorstore/retrieval
vectorstore/classifiers
vectorstore/workers
vectorstore/embedding                       vectorstore/versions
vectorstore/naming
vectorstore/files
vectorstore/dense
vectorstore/words
vectorstore/catalog
vectorstore/postgres
vectorstore/store                           vectorstore/add_report
vectorstore/federation/names
vectorstore/errors
vectorstore

ingest/sandbox                              ingest/discovery              ingest/testing
ingest/loaders
ingest/office/odf                           ingest/office/slides
ingest/office/word                          ingest/web                    ingest/sheets
ingest/office                               ingest/office/rtf
ingest/page_builder
ingest/images
ingest/pdf                                  ingest/containers
ingest/pdf/tables                           ingest/mail
ingest/images/ocr                           ingest/chunking
ingest/text
ingest/serialization                        ingest/pdf/layout             ingest/media
ingest/document
ingest/language                             ingest/platform               ingest/extensions
ingest/errors
ingest
"""

HOMES = {
    "anyio": {
        "assistant/api/answers.py",
        "assistant/api/application.py",
        "assistant/api/guard.py",
        "assistant/api/turns.py",
    },
    "argon2": {"assistant/accounts/passwords.py"},
    "Stemmer": {"ingest/language/stemming.py"},
    "authlib": {"assistant/accounts/provider.py"},
    "jsonschema": {"assistant/api/structured.py"},
    "joserfc": {"assistant/accounts/provider.py"},
    "av": {"ingest/media/ffmpeg.py"},
    "charset_normalizer": {"ingest/text/decoding.py"},
    "chromadb": {"vectorstore/dense/chroma_server.py", "vectorstore/dense/chroma_store.py"},
    "cssselect2": {"ingest/web/css_cascade.py"},
    "ctranslate2": {"ingest/media/whisper.py"},
    "fastapi": {
        "assistant/api/application.py",
        "assistant/api/described.py",
        "assistant/api/errors.py",
        "assistant/api/openai_protocol.py",
        "assistant/api/routes/asking_routes.py",
        "assistant/api/routes/choosing.py",
        "assistant/api/routes/library_routes.py",
        "assistant/api/routes/model_routes.py",
        "assistant/api/routes/page_routes.py",
        "assistant/api/routes/personal_routes.py",
        "assistant/api/routes/sheet_routes.py",
        "assistant/api/routes/source_routes.py",
        "assistant/api/routes/strict.py",
        "assistant/api/shelf.py",
    },
    "h11": {"assistant/entrance/http_server.py"},
    "fastapi_offline": {"assistant/api/described.py"},
    "faster_whisper": {"ingest/media/whisper.py"},
    "defusedxml": {"assistant/sources/servers/webdav_list.py", "ingest/office/ooxml.py"},
    "diffusers": {"assistant/images/generation/models/load_pipeline.py"},
    "filelock": {
        "assistant/models/fetch.py",
        "assistant/models/isolated_environment.py",
        "vectorstore/dense/index.py",
        "vectorstore/dense/served_index.py",
        "vectorstore/indexing/jobs.py",
        "vectorstore/words/word_index.py",
    },
    "fpdf": {"assistant/export/pdf.py"},
    "fsspec": {"vectorstore/files/object_store.py"},
    "jinja2": {"assistant/llm/llama/chat_template.py", "assistant/receipts/evidence_pack.py"},
    "keyring": {"assistant/models/server/key.py"},
    "langchain": {"assistant/routing/llm_router.py"},
    "langchain_core": {
        "assistant/llm/chat_model.py",
        "assistant/llm/server_chat.py",
        "assistant/llm/server_odds.py",
        "assistant/llm/letter_choice.py",
        "assistant/llm/token_odds.py",
        "assistant/llm/llama/messages.py",
        "assistant/llm/prompts.py",
        "assistant/answering/passages/context_builder.py",
        "assistant/answering/writing/write.py",
        "assistant/routing/llm_router.py",
        "assistant/tools/answer.py",
        "assistant/tools/translate.py",
        "assistant/conversation/langchain_tools.py",
        "assistant/tools/whole_document.py",
        "assistant/answering/whole_document/writer.py",
        "assistant/testing.py",
    },
    "langchain_openai": {"assistant/llm/server_chat.py"},
    "llama_cpp": {"assistant/llm/llama/runtime.py"},
    "xllamacpp": {"assistant/llm/llama/ready_library.py"},
    "markdown_it": {"ingest/loaders/markdown.py"},
    "mcp": {"assistant/api/application.py", "assistant/api/mcp_server.py"},
    "msgspec": {"ingest/serialization/codec.py"},
    "onnx": {"vectorstore/embedding/bert_graph.py"},
    "onnxruntime": {"vectorstore/embedding/onnx_int8.py"},
    "opentelemetry": {"assistant/build/traces.py"},
    "oxmsg": {"ingest/mail/msg.py"},
    "matplotlib": {"assistant/export/fonts.py", "assistant/images/charts/render.py"},
    "openai": {"assistant/llm/server_chat.py", "assistant/llm/server_embedder.py"},
    "openpyxl": {"assistant/export/workbook.py", "ingest/sheets/workbook.py"},
    "packaging": {"assistant/bundling/wheels.py"},
    "pdfminer": {"ingest/pdf/pdfminer_fallback.py"},
    "pi_heif": {"ingest/images/image_file.py"},
    "prometheus_client": {"assistant/api/watching.py"},
    "psutil": {
        "ingest/platform/hardware.py",
        "ingest/sandbox/confinement.py",
        "ingest/sandbox/scratch.py",
    },
    "psycopg": {"vectorstore/postgres/server.py"},
    "pypdf": {"ingest/containers/pdf.py", "ingest/loaders/pdf.py", "ingest/pdf/tiling_guard.py"},
    "pypdfium2": {
        "ingest/pdf/pdfium.py",
        "ingest/pdf/annotations.py",
        "ingest/pdf/layout/pdfium_native.py",
    },
    "python_calamine": {"ingest/sheets/workbook.py"},
    "rapidocr": {"ingest/images/ocr/rapid.py"},
    "ray": {"vectorstore/workers/ray_driver.py"},
    "realesrgan_ncnn_vulkan_wrapper": {"assistant/images/super_resolution/child.py"},
    "s3fs": {"vectorstore/files/s3.py"},
    "safetensors": {
        "assistant/images/generation/models/weights.py",
        "vectorstore/embedding/bert_graph.py",
    },
    "sentencex": {"ingest/language/sentences.py"},
    "sentence_transformers": {
        "vectorstore/embedding/embedder.py",
    },
    "sklearn": {"assistant/feedback/fit.py"},
    "sqlite3": {
        "assistant/doctor/checks.py",
        "assistant/doctor/library_files.py",  # looks into files that a library would refuse to open
        "assistant/storage/sqlite_file.py",
        "vectorstore/catalog/sqlite/database.py",
        "vectorstore/catalog/sqlite/foreign_file.py",
        "vectorstore/images/cache.py",
        # the type of an error:
        "vectorstore/maintenance/foreign_catalog.py",
    },
    "starlette": {
        "assistant/api/errors.py",
        "assistant/api/guard.py",
        "assistant/api/mcp_server.py",
        "assistant/api/routes/library_routes.py",
        "assistant/api/shelf.py",
        "assistant/api/turns.py",
        "assistant/api/watching.py",
    },
    "tests": set(),
    "timm": {"assistant/images/vision/tagger.py"},
    "tinycss2": {
        "ingest/web/css_cascade.py",
        "ingest/web/css_conditions.py",
        "ingest/web/css_rules.py",
        "ingest/web/css_values.py",
    },
    "tantivy": {"vectorstore/words/tantivy_index.py"},
    "tokenizers": {"vectorstore/embedding/onnx_int8.py"},
    "torch": {
        "assistant/images/generation/run_pipeline.py",
        "assistant/images/generation/models/load_pipeline.py",
        "assistant/images/generation/previews.py",
        "assistant/images/vision/transformers_models.py",
        "assistant/images/vision/tagger.py",
        "vectorstore/classifiers/export.py",
    },
    "transformers": {
        "assistant/images/generation/models/load_pipeline.py",
        "assistant/images/generation/models/single_file.py",
        "assistant/images/vision/transformers_models.py",
        "vectorstore/classifiers/export.py",
    },
    "uvicorn": {"assistant/entrance/http_server.py"},
}

MOST_LINES = 600

HEAVY = {
    "chromadb", "langchain_core", "llama_cpp", "onnxruntime", "ray", "sklearn", "streamlit",
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


def test_imports_point_one_way() -> None:
    assert [arrow for path in SOURCES for arrow in upward(path)] == []


def test_every_room_of_the_table_exists_and_says_its_duty() -> None:
    folders = [PROJECT / name for name in LEVELS if (PROJECT / name).is_dir()]
    assert len(LEVELS) == len(folders) + sum((PROJECT / f"{name}.py").exists() for name in LEVELS)
    for folder in {path.parent for path in SOURCES} - {PROJECT}:
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))


def test_an_outside_package_is_imported_where_it_is_at_home_and_nowhere_else() -> None:
    found = {package: users(package) for package in HOMES}
    strays = {package: found[package] - homes for package, homes in HOMES.items()}
    empty = {package: homes - found[package] for package, homes in HOMES.items()}
    assert {package: files for package, files in strays.items() if files} == {}
    assert {package: files for package, files in empty.items() if files} == {}


def test_streamlit_is_imported_by_pages_only() -> None:
    elsewhere = {name for name in users("streamlit") if not name.startswith("assistant/ui/")}
    assert elsewhere <= {"streamlit_app.py"}


def test_files_stay_short() -> None:
    lines = {named(path): path.read_bytes().count(b"\n") for path in SOURCES}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


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
        "import assistant, ingest, vectorstore, vectorstore.library, assistant.build.composition"
    )
    loaded = loaded_by(everything)
    assert not loaded & (HEAVY - {"langchain_core"} | {"transformers"})
    assert not loaded_by("import assistant, ingest, vectorstore") & (HEAVY | {"numpy", "pypdf"})
