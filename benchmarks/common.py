"""What the benchmarks share: where the data is, a fresh Pincite home, saved rows and tables."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import platformdirs

from assistant.evaluation.metrics import Question, read_questions, read_rows
from assistant.models.catalogue import Role
from assistant.models.installed import Models
from assistant.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PINCITE = [
    sys.executable,
    "-c",
    "import sys; from assistant.cli.main import main; sys.exit(main())",
]

# Before any model library is imported: measurements must not depend on a network.
os.environ.update(HF_HUB_OFFLINE="1", ANONYMIZED_TELEMETRY="False", TOKENIZERS_PARALLELISM="false")


def parser(description: str | None) -> argparse.ArgumentParser:
    """An argument parser with the options that all benchmarks share."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--eval", type=Path, help="folder of the question sets")
    options.add_argument("--embedder", type=Path, help="model folder (else the installed one)")
    options.add_argument("--gguf", type=Path, help="chat model (else the installed one)")
    options.add_argument("--cache", type=Path, default=cache_folder(), help="for the raw rows")
    options.add_argument("--reuse", action="store_true", help="take rows that an earlier run saved")
    return options


def cache_folder() -> Path:
    return Path(platformdirs.user_cache_dir("pincite")) / "bench"


def eval_folder(given: Path | None) -> Path:
    """The folder of question sets; without one the program ends and says what to do."""
    sibling = ROOT.parent / "shared" / "eval"
    folder = given or Path(os.environ.get("PINCITE_TEST_EVAL") or sibling)
    if not folder.is_dir():
        sys.exit(
            f"No question sets in {folder}: name their folder with --eval or PINCITE_TEST_EVAL."
        )
    return folder


def model(options: Any, role: Role) -> Path:
    """The model that both systems use: the one given, else the one Pincite would choose."""
    given: Path | None = options.embedder if role == "embedding" else options.gguf
    settings = Settings.load()
    path = given or Models(settings).chosen(role)
    if path is None or not path.exists():
        sys.exit(f"No {role} model at {path}: run `make setup`, or use --embedder and --gguf.")
    return path.resolve()


@dataclass(frozen=True)
class PdfSet:
    """PDFs that share one store, and the questions that they can answer."""

    name: str
    pdfs: tuple[Path, ...]
    questions: tuple[Question, ...]


def pdf_set(folder: Path, name: str) -> PdfSet:
    """A set without its image-only PDFs (most pages have no text) and unanswerable questions."""
    listed = folder / name / "docs.jsonl"
    if listed.exists():
        rows = read_rows(listed)
        names = sorted(row["doc"] for row in rows if row["pages_without_text"] * 2 <= row["pages"])
    else:
        names = sorted(path.name for path in (folder / name / "pdfs").glob("*.pdf"))
    questions = tuple(
        question
        for question in read_questions(folder / name / "questions.jsonl")
        if question.answerable and question.evidence and question.documents <= set(names)
    )
    return PdfSet(name, tuple(folder / name / "pdfs" / doc for doc in names), questions)


@contextmanager
def fresh_home() -> Iterator[Path]:
    """An empty Pincite home."""
    with tempfile.TemporaryDirectory(prefix="pincite-bench-") as folder:
        yield Path(folder)


def environment(home: Path, options: Any, *roles: Role) -> dict[str, str]:
    """For a Pincite process: its home, and the models of the roles it needs."""
    names = {role: f"PINCITE_{role.upper()}_MODEL" for role in roles}
    models = {name: str(model(options, role)) for role, name in names.items()}
    return {**os.environ, "PINCITE_HOME": str(home), **models}


def pincite(environment: Mapping[str, str], *arguments: str | Path) -> list[dict[str, Any]]:
    """Run the command line; returns the JSON rows of its standard output."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        pincite_into(output, environment, *arguments)
        output.seek(0)
        return json_rows(output.read())


def pincite_into(output: IO[str], environment: Mapping[str, str], *arguments: str | Path) -> None:
    """Run the command line; its rows go into an open file as soon as they are printed."""
    command = [*PINCITE, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=output, check=False)
    if done.returncode not in (0, 3):
        sys.exit(f"pincite {' '.join(command[3:])} ended with {done.returncode}")


def json_rows(text: str) -> list[dict[str, Any]]:
    """One JSON document, or JSON Lines."""
    try:
        whole = json.loads(text)
        return whole if isinstance(whole, list) else [whole]
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.split("\n") if line.strip()]


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(text, "utf-8")


def append_row(path: Path, row: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def saved(
    path: Path, reuse: bool, make: Callable[[], Iterable[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The rows of an earlier run when they may be reused, else new ones, saved."""
    if not (reuse and path.exists()):
        write_rows(path, make())
    return read_rows(path)


def say(text: str) -> None:
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
