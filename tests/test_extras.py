"""Pincite without its extras: text is read and answered, and the rest names what to install."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from assistant.bundle import _unused
from assistant.cli.models import _defaults
from assistant.contract.intents import Draw
from assistant.contract.request import Request
from assistant.export.documents import pdf
from assistant.images import charts
from assistant.images.vision import Tagging
from assistant.storage.files import Made
from assistant.studio.makers import Studio
from assistant.ui.chat.answer_actions import describe_offer
from ingest.errors import PinciteError
from ingest.images.ocr_engines import Rapid
from ingest.media.ffmpeg import Media
from ingest.media.whisper import Transcriber
from tests.assistant.llm.conftest import SMALLEST, model_file
from tests.conftest import PROJECT
from tests.test_dependencies import DISTRIBUTIONS, abilities, declared, normalised, providers
from vectorstore.embedding.embedder import SentenceTransformerEmbedder
from vectorstore.retrieval.rerank import import_torch
from vectorstore.team.postgres import Server

# Modules that are set to None can neither be found nor imported.
WITHOUT = """import json, sys
from assistant.cli.main import main
sys.modules.update(dict.fromkeys(json.loads(sys.argv[1])))
status = main(json.loads(sys.argv[2]))
print(json.dumps(sorted(name for name, module in sys.modules.items() if module)))
sys.exit(status)"""
HEAVY = {"diffusers", "sentence_transformers", "torch", "torchvision", "transformers"}
QUESTION = "How many days of annual leave do full-time employees get?"


def brought(names: set[str]) -> set[str]:
    """Distributions, and those that they need."""
    found: set[str] = set()
    while names:
        found |= names
        needed = {line for name in names for line in requires(name) or ()}
        names = {normalised(line) for line in needed if applies(line)} - found - _unused()
    return found


def applies(line: str) -> bool:
    marker = Requirement(line).marker
    return marker is None or marker.evaluate({"extra": ""})


def names_of_extras() -> set[str]:
    """The import names of all that only extras bring."""
    extra = declared(*abilities()) - brought(declared())
    return {name for name in DISTRIBUTIONS if providers(name) & extra} | HEAVY


def run(hidden: set[str], *arguments: object) -> tuple[dict[str, Any], set[str]]:
    """The JSON that a command prints, and the modules that are loaded after it."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, json.dumps(sorted(hidden)),
         json.dumps([str(argument) for argument in arguments])],
        cwd=PROJECT, capture_output=True, text=True, timeout=250,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *document, modules = done.stdout.splitlines()
    return json.loads("".join(document)), set(json.loads(modules))


@pytest.fixture
def home(tmp_path: Path, minilm: Path) -> Path:
    """With the embedding model alone, of which no int8 file was written yet."""
    (tmp_path / "home" / "models").mkdir(parents=True)
    (tmp_path / "home" / "models" / minilm.name).symlink_to(minilm)
    return tmp_path / "home"


@pytest.mark.slow
def test_without_any_extra_a_library_is_made_and_a_question_answered(
    home: Path, samples: Path
) -> None:
    hidden = names_of_extras()
    assert {"llama_cpp", "av", "rapidocr", "matplotlib", "langchain_openai", "timm"} <= hidden
    handbook = samples / "Employee Handbook.pdf"
    added, _ = run(hidden, "--home", home, "add", handbook, "--json")
    assert (added["added"], added["failed"]) == (1, [])
    answer, loaded = run(hidden, "--home", home, "ask", QUESTION, "--json")
    assert "25 days" in answer["answer"]
    assert answer["citations"][0]["document"] == handbook.name
    assert not loaded & hidden
    assert (home / "models" / "all-minilm-l6-v2" / "pincite-int8.onnx").exists()


@pytest.mark.slow
def test_an_answer_of_the_chat_model_loads_neither_torch_nor_transformers(
    home: Path, samples: Path
) -> None:
    chat = model_file(SMALLEST)  # what it says is not looked at
    (home / "models" / chat.name).symlink_to(chat)
    (home / "settings.toml").write_text(
        "chat_model = 'smollm2-135m'\nanswer_tokens = 64\nrefusal_threshold = 0"
    )
    run(set(), "--home", home, "add", samples / "Security Policy v2 (2026).pdf", "--json")
    answer, loaded = run(set(), "--home", home, "ask", "How long are passwords?", "--json")
    assert answer["model"] == chat.stem
    assert answer["usage"]["completion_tokens"] > 0
    assert {"llama_cpp", "xllamacpp"} & loaded
    assert not loaded & HEAVY


USES: dict[str, Callable[[Path], object]] = {
    "speech] to read recordings": lambda path: Media(path),
    "speech] to write down": lambda path: Transcriber(path),
    "ocr] to read scans": lambda path: Rapid(("en",)),
    "charts] to draw": lambda path: charts.draw(None, "bar", "", "", path),  # type: ignore[arg-type]
    "pdf] to save answers": lambda path: pdf([]),
    "postgres] to keep": lambda _: Server("postgresql://127.0.0.1/none").connect(),
    "images] to draw": lambda path: (
        Studio(lambda: None, Made(path), lambda: ())
        .offer(Request("", None, intent=Draw("a fox")))  # type: ignore[arg-type,union-attr]
        .finish()
    ),
    "images] to name": lambda path: Tagging(path / "a.pth").identity,
    "embedders] to use the embedding": SentenceTransformerEmbedder,
    "embedders] to use": import_torch,
}


@pytest.mark.parametrize("sentence", USES)
def test_what_needs_an_extra_names_it(
    sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names_of_extras():
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PinciteError) as raised:
        USES[sentence](tmp_path)
    assert f"Install pincite[{sentence}" in str(raised.value)


def test_an_offered_model_says_which_extra_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    offer = {"name": "whisper-base", "role": "speech", "licence": "MIT", "bytes": 1e6, "note": ""}
    assert describe_offer(offer) == "whisper-base · 1.0 MB · MIT"
    for name in names_of_extras():
        monkeypatch.setitem(sys.modules, name, None)
    assert describe_offer(offer) == "whisper-base · 1.0 MB · MIT · needs pincite[speech]"


def test_models_that_cannot_run_are_not_fetched_unasked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    everything = _defaults()
    assert len(everything) == 4 and capsys.readouterr().err == ""
    for name in {*names_of_extras(), "xllamacpp"}:  # as on Windows
        monkeypatch.setitem(sys.modules, name, None)
    assert _defaults() == ["all-minilm-l6-v2", "multilingual-e5-small"]
    left_out = capsys.readouterr().err
    assert "Install pincite[compiled] to" in left_out and "pincite[speech] to" in left_out
