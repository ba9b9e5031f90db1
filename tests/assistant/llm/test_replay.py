"""A real model writes its answers again, byte by byte, in another process and after others."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.wiring import composition
from tests.conftest import PROJECT
from vectorstore.library import Library

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

QUESTIONS = [
    "How many days of leave are there?",
    "When does the office close?",
    "Who signs the travel request?",
]
TEXT = (
    "Full-time employees get 25 days of leave a year. The office closes at six in the evening, and "
    "at noon on Fridays. A travel request is signed by the manager and by the finance department."
)


def test_answers_are_written_again_byte_by_byte(
    tmp_path: Path, smallest_model: Path, minilm: Path
) -> None:
    models = {"chat_model": str(smallest_model), "embedding_model": str(minilm)}
    settings = Settings(home=tmp_path, refusal_threshold=0, answer_tokens=64, **models)
    with composition.library(settings, make=True) as library:
        before = _asked(settings, library)
        again = [_replayed(tmp_path, before[place]["id"]) for place in (-1, 1)]

    assert [row["identical"] for row in again] == [True, True]
    assert [row["replayed"] for row in again] == [row["stored"] for row in again]
    assert any(len(row["stored"].split()) > 10 for row in again), "whole sentences were written"


def _asked(settings: Settings, library: Library) -> list[dict[str, str]]:
    """The same questions twice, with others in between, so that the cache holds other texts."""
    assistant = composition.assistant_of(settings, library)
    given = [("Handbook", f"{TEXT} {TEXT}")]
    return [assistant.ask_given(asked, given).to_json() for asked in QUESTIONS + QUESTIONS[:1]]


def _replayed(home: Path, identity: str) -> dict[str, str]:
    code = "import sys; from assistant.cli.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "replay", identity, "--json"],
        cwd=PROJECT,
        env={**os.environ, "PINCITE_HOME": str(home)},
        text=True,
        capture_output=True,
        check=True,
    )
    row: dict[str, str] = json.loads(done.stdout)
    return row
