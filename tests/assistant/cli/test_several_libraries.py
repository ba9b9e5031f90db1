"""`pincite ask --library a --library b`."""

from pathlib import Path

from tests.commands import Pincite, refused
from tests.pdfs import write_pdf

LEAVE = "How many days of leave are there?"


def test_two_libraries_are_asked_at_once(pincite: Pincite, tmp_path: Path) -> None:
    write_pdf(tmp_path / "a" / "Handbook.pdf", ["# Leave", "", "There are thirty days of leave."])
    write_pdf(tmp_path / "b" / "Handbook.pdf", ["# Travel", "", "We travel by train."])
    for name in "ab":
        assert pincite("add", tmp_path / name, "--library", name).status == 0
    both = ("--library", "b", "--library", "a")
    answer = pincite("ask", LEAVE, *both, "--json").json
    [cited] = [c for c in answer["citations"] if c["mark"] == 1]
    assert (cited["library"], cited["document"]) == ("a", "Handbook.pdf")
    ran = pincite("ask", LEAVE, *both)
    assert "[1] a/Handbook.pdf, page 1" in ran.out
    alone = pincite("ask", LEAVE, "--library", "a", "--json").json
    assert "library" not in alone["citations"][0]
    saved = tmp_path / "answer.md"
    assert pincite("export", answer["id"], "-o", saved).status == 0
    assert "a/Handbook.pdf, page 1" in saved.read_text("utf-8")
    assert "There is no library 'c'." in refused(pincite("ask", LEAVE, *both, "--library", "c"))
