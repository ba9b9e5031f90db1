"""What the visitor of the cluster trial has read is compared with what was kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.servers.cluster_visitor import READ, compare


def told(folder: Path, capsys: pytest.CaptureFixture[str], *read: str) -> str:
    """Of answers that were read as these texts; "It is Monday." was kept of each."""
    rows = [{"conversation": "c", "question": f"{n}?", "text": text, "opened": ""}
            for n, text in enumerate(read)]  # fmt: skip
    kept: list[dict[str, Any]] = [
        {"question": row["question"], "answer": "It is Monday.", "citations": []} for row in rows
    ]
    if rows:
        (folder / READ).write_text("".join(json.dumps(row) + "\n" for row in rows))
    compare(folder, {"c": kept}, lambda quote, document: True)
    return capsys.readouterr().out


def test_a_visitor_that_has_read_nothing_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "conversations 0, read 0" in told(tmp_path, capsys)


def test_an_answer_without_a_word_is_not_taken_for_the_one_that_was_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(tmp_path, capsys, "It is Monday", "", "It is Tuesday")
    assert "read without a word 1" in found and "another text 1" in found
