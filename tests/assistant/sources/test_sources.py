"""The commands `pincite sources ...`, with a real WebDAV server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.assistant.sources.conftest import dav as dav
from tests.commands import Pincite, refused
from tests.conftest import PROJECT
from tests.servers.source_servers import PASSWORD, Dav


@pytest.fixture
def papers(dav: Dav, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dav]:
    """Two files on a server."""
    (dav.folder / "One.txt").write_text("Dogs are welcome on Fridays.")
    (dav.folder / "Two.txt").write_text("Cats are not.")
    monkeypatch.setenv("PINCITE_SOURCE_PASSWORD_PAPERS", PASSWORD)
    yield dav


def test_a_source_is_added_fetched_listed_and_removed(
    pincite: Pincite, home: Path, papers: Dav
) -> None:
    added = pincite("sources", "add", papers.address(), "--library", "hr", "--name", "papers")
    assert (added.status, added.err) == (0, "")
    assert added.out == "papers  (hr): `pincite sources run` fetches it\n"

    ran = pincite("sources", "run", "--json")
    assert ran.status == 0
    (row,) = ran.json
    assert (row["source"], row["library"], row["new"], row["added"]) == ("papers", "hr", 2, 2)
    documents = pincite("documents", "--library", "hr", "--json").json
    assert [one["document"] for one in documents] == ["One.txt", "Two.txt"]
    assert pincite("sources", "run", "papers").out == "papers: 0 new, 2 known, 0 gone\n"

    (listed,) = pincite("sources", "list", "--json").json
    assert listed["fetched"] and not listed["error"]
    assert pincite("sources", "--library", "main", "--json").json == []
    assert "127.0.0.1" in (home / "network.log").read_text()

    removed = pincite("sources", "remove", "papers", "--json")
    assert removed.json == {"removed": "papers", "library": "hr"}
    assert "no source 'papers'" in refused(pincite("sources", "remove", "papers"))
    assert len(pincite("documents", "--library", "hr", "--json").json) == 2


def test_one_that_fails_is_told_and_the_others_are_fetched(pincite: Pincite, papers: Dav) -> None:
    pincite("sources", "add", papers.address("gone"), "--name", "lost")
    pincite("sources", "add", papers.address(), "--name", "papers")

    ran = pincite("sources", "run", "--json")

    assert ran.status == 3
    lost, found = ran.json
    assert lost["error"].startswith("lost: There is no password for ann@127.0.0.1:")
    assert (found["added"], found["error"]) == (2, "")
    assert pincite("sources", "run", "lost").status == 1
    assert "There is no password" in pincite("sources", "list").out


def test_a_refused_password_is_tried_again_when_the_source_is_named(
    pincite: Pincite, papers: Dav, monkeypatch: pytest.MonkeyPatch
) -> None:
    pincite("sources", "add", papers.address(), "--library", "hr", "--name", "papers")
    monkeypatch.setenv("PINCITE_SOURCE_PASSWORD_PAPERS", "wrong")
    assert "refuses the user" in pincite("sources", "run").err
    asked = len(papers.asked)

    ran = pincite("sources", "run", "--json")

    assert (ran.status, len(papers.asked)) == (1, asked)
    assert "`pincite sources run papers` tries once more" in ran.json[0]["error"]
    monkeypatch.setenv("PINCITE_SOURCE_PASSWORD_PAPERS", PASSWORD)
    for command in ("remove", "set", "run"):
        said = refused(pincite("sources", command, "papers", "--library", "main"))
        assert "no source 'papers'" in said
    assert pincite("sources", "run", "papers", "--library", "hr").status == 0


def test_a_wrong_address_makes_no_library(pincite: Pincite) -> None:
    said = refused(pincite("sources", "add", "imap://ann@mail.example.org", "--library", "new"))

    assert "use imaps://" in said
    assert pincite("libraries", "--json").json == []


def test_a_killed_run_loses_and_doubles_nothing(pincite: Pincite, home: Path, papers: Dav) -> None:
    pincite("sources", "add", papers.address(), "--name", "papers")
    papers.held = "Two.txt"
    command = [sys.executable, "-m", "tests.pincite_with_words", "--home", str(home)]
    process = subprocess.Popen(
        [*command, "sources", "run"], cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)}
    )
    try:
        assert papers.holding.wait(120)
    finally:
        process.kill()
        process.wait()
    papers.held = ""
    papers.go.set()

    (row,) = pincite("sources", "run", "--json").json

    assert (row["new"] + row["known"], row["added"], row["error"]) == (2, 2, "")
    documents = pincite("documents", "--json").json
    assert [one["document"] for one in documents] == ["One.txt", "Two.txt"]
    gets = [path for method, path in papers.asked if method == "GET"]
    assert gets.count("/One.txt") == 1
