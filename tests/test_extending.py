"""The package of docs/extending.md, installed by pip and used through the real command."""

import base64
import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.contract.intents import Run, from_row
from assistant.doctor import checks
from assistant.doctor.checks import importing
from assistant.routing.dispatch import extension_command
from assistant.routing.slots import Message
from assistant.settings import Settings
from assistant.wiring import composition
from ingest import extensions
from ingest.loaders import outdated
from tests.commands import Pincite, Ran
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```\w+\n# (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = dict(BLOCK.findall(PAGE))
BROKEN = {
    "pincite.loaders": {
        **dict.fromkeys(("bar", "txt"), "pincite_bar:load_bar"),
        **dict.fromkeys(("typo", "half"), "pincite_typo:load_typo"),
    },
    "pincite.tools": dict.fromkeys(("fail", "chart"), "pincite_bar.no_module:run"),
}

# Its metadata is no text for files of one kind; its text is not all of characters for the other.
TYPO = """
from ingest.document.model import Document, Line, Page

def load_typo(source):
    made = 3 if source.path.suffix == ".typo" else "three"
    page = Page(1, 0, 0, (Line("thirty \\ud83d days"),))
    return Document(source.sha256, source.name, source.stem, (page,), metadata={"made": made})
"""

GOOD = ("foo", "count", "parrot", "letters")
INSTALLED = extensions.installed
EMBEDDER = composition.embedder  # the real one, which the fixture `pincite` replaces


def wheel(
    folder: Path, name: str, files: dict[str, str], groups: dict[str, dict[str, str]]
) -> Path:
    """A wheel as a build would make it."""
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    points = "".join(
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in entries.items())
        for group, entries in groups.items()
    )
    members = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nSummary: a test\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": points,
    }
    path = folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        rows = []
        for member, text in members.items():
            archive.writestr(member, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
            rows.append(f"{member},sha256={digest.rstrip('=')},{len(text.encode())}")
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")
    return path


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package of the page, and with one that is broken."""
    folder = tmp_path_factory.mktemp("packages")
    about = tomllib.loads(EXAMPLES["pyproject.toml"])["project"]
    files = {name: text for name, text in EXAMPLES.items() if name.startswith("pincite_foo/")}
    good = wheel(folder, about["name"], {"pincite_foo/__init__.py": "", **files},
                 about["entry-points"])  # fmt: skip
    bad = wheel(
        folder,
        "pincite-bar",
        {"pincite_bar.py": "import no_such_module\n", "pincite_typo.py": TYPO},
        BROKEN,
    )
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*command, "--target", str(folder / "site"), str(good), str(bad)], check=True)
    return folder / "site"


@pytest.fixture
def here(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The packages are installed in this process, too, and in the children that it starts."""
    monkeypatch.syspath_prepend(str(installed))
    INSTALLED.cache_clear()
    yield
    INSTALLED.cache_clear()
    for name in [name for name in sys.modules if name.startswith("pincite_")]:
        del sys.modules[name]


@pytest.fixture
def extended(here: None, pincite: Pincite, monkeypatch: pytest.MonkeyPatch) -> Pincite:
    """The command, with the embedding model of the page."""
    monkeypatch.setattr(composition, "embedder", EMBEDDER)
    assert pincite("models", "use", "embedding", "letters", "--json").json["path"] is None
    return pincite


def last_line(ran: Ran) -> str:
    """Of a command that could not do it."""
    assert (ran.status, ran.out) == (1, "")
    return ran.err.splitlines()[-1]


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "Rules.foo").write_text("There are thirty days of leave in a year.\n")
    (folder / "Zebras.foo").write_text("Zebras sleep standing up, fuzzy and lazy.\n")
    return folder


def test_files_of_a_new_kind_are_added_and_found_with_a_new_embedder(
    extended: Pincite, papers: Path
) -> None:
    added = extended("add", papers, "--json").json
    assert (added["added"], added["failed"]) == (2, [])
    hits = extended("search", "thirty days of leave", "--json").json
    assert hits[0]["document"] == "Rules.foo"
    shown = extended("show", "Rules.foo", "--json").json
    assert shown[0]["text"] == "There are thirty days of leave in a year."
    (library,) = extended("documents", "--json").json[:1]
    assert library["status"] == "ready"


def test_a_new_chat_model_answers_and_its_sentence_is_cited(
    extended: Pincite, papers: Path
) -> None:
    extended("add", papers)
    extended("models", "use", "chat", "parrot")
    answer = extended("ask", "How many days of leave are there in a year?", "--json").json
    assert answer["model"] == "parrot"
    assert answer["answer"] == "There are thirty days of leave in a year."
    assert [citation["document"] for citation in answer["citations"]] == ["Rules.foo"]
    replayed = extended("replay", answer["id"])
    assert "comes from an installed package" in replayed.out + replayed.err


def test_a_new_tool_is_called_by_its_command(extended: Pincite, papers: Path) -> None:
    extended("add", papers)
    answer = extended("ask", "/count fuzzy lazy zebras", "--json").json
    assert answer["tool"] == "count"
    assert answer["answer"] == "3 words. The closest document is Zebras.foo."
    intent = {"tool": "run", "command": "count", "text": "fuzzy lazy zebras"}
    assert answer["wish"] == intent and from_row(intent) == Run("count", "fuzzy lazy zebras")
    unknown = extended("ask", "/coumt x", "--json").json["answer"]
    assert "Did you mean /count?" in unknown and "- /count: a test" in unknown


def test_a_broken_extension_is_named_and_stops_nothing_else(
    extended: Pincite, papers: Path
) -> None:
    (papers / "Bad.bar").write_text("This cannot be read.")
    added = extended("add", papers, "--json")
    assert added.status == 3 and added.json["added"] == 2
    (failed,) = added.json["failed"]
    assert "extension 'bar' of the package pincite-bar 1.0 does not load" in failed["error"]
    assert "No module named 'no_such_module'" in failed["error"]
    told = last_line(extended("ask", "/fail now"))
    assert "extension 'fail' of the package pincite-bar 1.0 does not load" in told
    assert "pip uninstall pincite-bar" in told


def test_an_extension_that_makes_what_is_no_document_is_named(
    extended: Pincite, tmp_path: Path
) -> None:
    (tmp_path / "a.typo").write_text("a")
    (tmp_path / "b.half").write_text("b")
    added = extended("add", tmp_path / "a.typo", tmp_path / "b.half", "--json").json
    (failed,) = added["failed"]
    assert "extension 'typo' of the package pincite-bar 1.0 failed" in failed["error"]
    assert "Expected `str`, got `int`" in failed["error"]
    (shown,) = extended("show", "b.half", "--json").json
    assert shown["text"] == "thirty \ufffd days"


def test_what_is_built_in_wins_unless_the_settings_say_otherwise(
    extended: Pincite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Rules.txt").write_text("Thirty days of leave.")
    assert extended("add", tmp_path / "Rules.txt", "--json").json["added"] == 1
    drawn = extended("ask", "/chart", "--json").json["answer"]
    assert drawn.startswith("Say what to chart")
    monkeypatch.setenv("PINCITE_EXTENSIONS_FIRST", "txt,chart")
    (tmp_path / "Others.txt").write_text("Ten days of leave.")
    (failed,) = extended("add", tmp_path / "Others.txt", "--json").json["failed"]
    assert "extension 'txt' of the package pincite-bar" in failed["error"]
    assert "extension 'chart'" in last_line(extended("ask", "/chart"))


def test_files_are_read_again_when_their_package_has_a_new_version(here: None) -> None:
    assert not outdated("pincite-foo:foo/1.0")
    assert outdated("pincite-foo:foo/0.9")
    assert not outdated("pincite-gone:gone/0.9")


def test_doctor_lists_what_is_installed(
    installed: Path, here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(installed), str(PROJECT)]))
    rows = {row.name: row for row in checks.check_extensions(Settings(home=tmp_path))}
    assert rows["extension foo"].message == "reads .foo files (pincite-foo 1.0)"
    assert {row.severity for name, row in rows.items() if name.split()[1] in GOOD} == {"ok"}
    assert {f"extension {name}" for name in GOOD} <= rows.keys()
    assert rows["extension bar"].severity == "warning"
    assert "No module named 'no_such_module'" in rows["extension bar"].message
    assert rows["extension bar"].remedy.endswith("pip uninstall pincite-bar")


def test_doctor_asks_for_no_runtime_that_the_chosen_chat_model_does_not_need(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "import nothing_of_this_name"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    found = checks._runtime(gone, Settings(home=tmp_path, chat_model="parrot"))
    assert (found.severity, found.remedy) == ("ok", "")
    assert found.message == "It cannot be used, and the chosen chat model does not need it."


def test_doctor_says_that_a_name_of_ours_is_taken(
    installed: Path, here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extension = extensions.installed(extensions.LOADERS)["foo"]
    taken = {"txt": replace(extension, name="txt")}
    monkeypatch.setattr(extensions, "installed", lambda g: taken if g == extensions.LOADERS else {})
    monkeypatch.setattr(checks, "importing", lambda code: importing("print()"))
    (ours,) = checks.check_extensions(Settings(home=tmp_path))
    assert ours.severity == "warning" and "PINCITE_EXTENSIONS_FIRST=txt" in ours.remedy
    first = Settings(home=tmp_path, extensions_first=("txt",))
    assert [row.severity for row in checks.check_extensions(first)] == ["ok"]


@pytest.mark.parametrize(
    ("name", "severity", "words"),
    [
        ("count", "ok", "the command /count"),
        ("run", "ok", "the command /run"),  # of no tool of ours, whatever the intents are called
        ("plot", "warning", "we have one of this name"),  # another name of /chart
        ("chart", "warning", "we have one of this name"),
        ("count2", "warning", "2 to 20 letters from a to z"),
        ("word_count", "warning", "2 to 20 letters from a to z"),
        ("x", "warning", "2 to 20 letters from a to z"),
        ("Count", "warning", "2 to 20 letters from a to z"),
    ],
)
def test_doctor_says_which_commands_can_be_typed(
    here: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    severity: str,
    words: str,
) -> None:
    extension = replace(extensions.installed(extensions.TOOLS)["count"], name=name)
    found = {name: extension}
    monkeypatch.setattr(extensions, "installed", lambda g: found if g == extensions.TOOLS else {})
    monkeypatch.setattr(checks, "importing", lambda code: importing("print()"))
    (check,) = checks.check_extensions(Settings(home=tmp_path))
    assert check.severity == severity and words in check.message
    assert bool(check.remedy) == (severity == "warning")
    works = extension_command(Message(f"/{name} a b"))
    assert (works is not None) == (severity == "ok")


def test_the_help_loads_no_extension(installed: Path) -> None:
    script = (
        "import sys\nfrom assistant.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "assert not any(name.startswith('pincite_') for name in sys.modules), sys.modules\n"
        "assert 'ingest.extensions' not in sys.modules"
    )
    paths = os.pathsep.join([str(installed), str(PROJECT)])
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True,
                   env={**os.environ, "PYTHONPATH": paths})  # fmt: skip


@pytest.mark.slow
def test_the_contracts_of_the_page_pass(installed: Path, tmp_path: Path) -> None:
    test = tmp_path / "tests" / "test_contracts.py"
    test.parent.mkdir()
    test.write_text(EXAMPLES["tests/test_contracts.py"])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    paths = os.pathsep.join([str(installed), str(PROJECT)])
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) >= 20


def test_every_example_is_short() -> None:
    code = {name: text for name, text in EXAMPLES.items() if name.startswith("pincite_foo/")}
    assert len(code) == 4
    for name, text in code.items():
        lines = [
            line for line in text.splitlines() if line and not line.startswith(("from", "imp"))
        ]
        assert len(lines) <= 10, name
