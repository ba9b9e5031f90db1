"""What happens when files or another process change something in the middle of a run."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from vectorstore.indexing import AddSummary
from vectorstore.library import Library
from vectorstore.store import Vectors

Opened = Callable[[Callable[[], None]], Library]


class Interrupted(WordEmbedder):
    """Something happens while it embeds the first document."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens: Callable[[], None] | None = happens

    def passages(self, texts: Sequence[str]) -> Vectors:
        if self._happens:
            self._happens()
            self._happens = None
        return super().passages(texts)


def add(folder: Path, papers: Path, happens: Callable[[], None]) -> AddSummary:
    with Library(folder, "main", lambda: Interrupted(happens)) as library:
        return library.add([papers])


def copies(folder: Path) -> int:
    return sum(1 for _ in (folder / "files").glob("*"))


def test_a_file_that_vanishes_while_it_is_embedded_costs_only_itself(
    tmp_path: Path, papers: Path
) -> None:
    summary = add(tmp_path / "library", papers, (papers / "Handbook.pdf").unlink)
    assert summary.added == 1
    assert [failure.error for failure in summary.failed] == [
        "Handbook.pdf cannot be opened: No such file or directory."
    ]


def test_a_file_that_is_saved_while_it_is_embedded_is_named(tmp_path: Path, papers: Path) -> None:
    handbook = papers / "Handbook.pdf"
    summary = add(tmp_path / "library", papers, lambda: handbook.write_bytes(b"%PDF") and None)
    assert [failure.error for failure in summary.failed] == [
        "Handbook.pdf changed while it was read. Add it again."
    ]
    assert copies(tmp_path / "library") == 1


def test_whatever_fails_in_the_catalogue_leaves_no_copy_behind(
    tmp_path: Path, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("vectorstore.rows.insert_document", fail)
    with pytest.raises(ZeroDivisionError):
        add(tmp_path / "library", papers, lambda: None)
    assert copies(tmp_path / "library") == 0
