"""What the benchmarks share: where the data is, a fresh Pincite home, saved rows and tables."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from assistant.evaluation.question_sets import Question, read_questions, read_rows

ROOT = Path(__file__).resolve().parent.parent
PINCITE = [sys.executable, "-c", "import sys; from assistant.cli import main; sys.exit(main())"]

# Before any model library is imported: measurements must not depend on a network.
os.environ.update(HF_HUB_OFFLINE="1", ANONYMIZED_TELEMETRY="False", TOKENIZERS_PARALLELISM="false")


def parser(description: str | None, *needs: str) -> argparse.ArgumentParser:
    """An argument parser with the shared options, and of `embedder` and `gguf` those needed."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--eval", type=Path, default=None, help="folder of the question sets")
    options.add_argument(
        "--models", type=Path, default=None, help="models folder of a Pincite home"
    )
    options.add_argument("--cache", type=Path, default=cache_folder(), help="for the raw rows")
    options.add_argument("--reuse", action="store_true", help="take rows that an earlier run saved")
    if "embedder" in needs:
        options.add_argument("--embedder", type=Path, help="folder of all-MiniLM-L6-v2 (the peer)")
    if "gguf" in needs:
        options.add_argument("--gguf", type=Path, help="chat model file (the peer)")
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


def needed(path: Path | None, option: str) -> Path:
    if path is None or not path.exists():
        sys.exit(f"The peer needs {option} to name something that exists, not {path}.")
    return path


@dataclass(frozen=True)
class PdfSet:
    """PDFs that share one store, and the questions that they can answer."""

    name: str
    pdfs: tuple[Path, ...]
    questions: tuple[Question, ...]


def pdf_set(folder: Path, name: str) -> PdfSet:
    """A set without its image-only PDFs (most pages have no text) and unanswerable questions."""
    rows = read_rows(folder / name / "docs.jsonl")
    names = sorted(row["doc"] for row in rows if row["pages_without_text"] * 2 <= row["pages"])
    questions = tuple(
        question
        for question in read_questions(folder / name / "questions.jsonl")
        if question.answerable and question.evidence and question.documents <= set(names)
    )
    return PdfSet(name, tuple(folder / name / "pdfs" / doc for doc in names), questions)


@contextmanager
def fresh_home(models: Path | None) -> Iterator[Path]:
    """An empty Pincite home that borrows the models of another one."""
    with tempfile.TemporaryDirectory(prefix="pincite-bench-") as folder:
        home = Path(folder)
        (home / "models").symlink_to(models_folder(models), target_is_directory=True)
        yield home


def models_folder(given: Path | None) -> Path:
    home = Path(os.environ.get("PINCITE_HOME") or platformdirs.user_data_dir("pincite"))
    folder = given or home / "models"
    if not folder.is_dir():
        sys.exit(f"No models in {folder}: run `make setup`, or name a folder with --models.")
    return folder.resolve()


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "PINCITE_HOME": str(home)}


def pincite(home: Path, *arguments: str | Path) -> list[dict[str, Any]]:
    """Run the command line; returns the JSON rows of its standard output."""
    command = [*PINCITE, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode not in (0, 3):
        sys.exit(f"pincite {' '.join(command[3:])} ended with {done.returncode}")
    return json_rows(done.stdout)


def pincite_into(output: Path, home: Path, *arguments: str | Path) -> None:
    """Run the command line and append what it prints to a file, row by row."""
    output.parent.mkdir(parents=True, exist_ok=True)
    command = [*PINCITE, *map(str, arguments)]
    with output.open("a", encoding="utf-8") as file:
        done = subprocess.run(command, cwd=ROOT, env=environment(home), stdout=file, check=False)
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
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, "utf-8")


def append_row(path: Path, row: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


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
