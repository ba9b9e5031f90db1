"""The package of docs/extending.md, installed by pip and used through the real command."""

import base64
import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import Ran
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```\w+\n# (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = dict(BLOCK.findall(PAGE))
BROKEN = {
    "pincite.loaders": {"bar": "pincite_bar:load_bar"},
    "pincite.tools": {"fail": "pincite_bar.no_module:run"},
}

Pincite = Callable[..., Ran]


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
    bad = wheel(folder, "pincite-bar", {"pincite_bar.py": "import no_such_module\n"}, BROKEN)
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*command, "--target", str(folder / "site"), str(good), str(bad)], check=True)
    return folder / "site"


@pytest.fixture
def pincite(installed: Path, tmp_path: Path) -> Pincite:
    """The command in a process of its own, with the packages beside it."""

    def run(*arguments: object, **settings: str) -> Ran:
        variables = {k: v for k, v in os.environ.items() if not k.startswith("PINCITE_")}
        paths = os.pathsep.join([str(installed), str(PROJECT)])
        script = "import sys; from assistant.cli.main import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", script, "--home", str(tmp_path / "home")]
        done = subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, text=True,
            env={**variables, **settings, "PYTHONPATH": paths},
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "Rules.foo").write_text("There are thirty days of leave in a year.\n")
    (folder / "Zebras.foo").write_text("Zebras sleep standing up, fuzzy and lazy.\n")
    return folder


def test_files_of_a_new_kind_are_added_and_found_with_a_new_embedder(
    pincite: Pincite, papers: Path
) -> None:
    chosen = pincite("models", "use", "embedding", "letters", "--json")
    assert chosen.json == {"role": "embedding", "path": None}
    added = pincite("add", papers, "--json").json
    assert (added["added"], added["failed"]) == (2, [])
    hits = pincite("search", "thirty days of leave", "--json").json
    assert hits[0]["document"] == "Rules.foo"
    shown = pincite("show", "Rules.foo", "--json").json
    assert shown[0]["text"] == "There are thirty days of leave in a year."


def test_a_new_chat_model_answers_and_its_sentence_is_cited(pincite: Pincite, papers: Path) -> None:
    use = {"PINCITE_EMBEDDING_MODEL": "letters", "PINCITE_CHAT_MODEL": "parrot"}
    pincite("add", papers, **use)
    answer = pincite("ask", "How many days of leave are there in a year?", "--json", **use).json
    assert answer["model"] == "parrot"
    assert answer["answer"] == "There are thirty days of leave in a year."
    assert [citation["document"] for citation in answer["citations"]] == ["Rules.foo"]
    replayed = pincite("replay", answer["id"], **use)
    assert "comes from an installed package" in replayed.out + replayed.err


def test_a_new_tool_is_called_by_its_command(pincite: Pincite, papers: Path) -> None:
    use = {"PINCITE_EMBEDDING_MODEL": "letters"}
    pincite("add", papers, **use)
    answer = pincite("ask", "/count fuzzy lazy zebras", "--json", **use).json
    assert answer["tool"] == "count"
    assert answer["answer"] == "3 words. The closest document is Zebras.foo."
    unknown = pincite("ask", "/coumt x", "--json", **use).json["answer"]
    assert "Did you mean /count?" in unknown and "- /count: a test" in unknown


def test_a_broken_extension_is_named_and_stops_nothing_else(pincite: Pincite, papers: Path) -> None:
    use = {"PINCITE_EMBEDDING_MODEL": "letters"}
    (papers / "Bad.bar").write_text("This cannot be read.")
    added = pincite("add", papers, "--json", **use)
    assert added.status == 3 and added.json["added"] == 2
    (failed,) = added.json["failed"]
    assert "extension 'bar' of the package pincite-bar 1.0 does not load" in failed["error"]
    assert "No module named 'no_such_module'" in failed["error"]
    refused = pincite("ask", "/fail now", **use)
    assert refused.status == 1
    assert "extension 'fail' of the package pincite-bar 1.0 does not load" in refused.err
    assert "pip uninstall pincite-bar" in refused.err


def test_doctor_lists_what_is_installed(pincite: Pincite) -> None:
    rows = {row["name"]: row for row in pincite("doctor", "--json").json}
    assert rows["extension foo"]["message"] == "reads .foo files (pincite-foo 1.0)"
    assert rows["extension parrot"]["severity"] == "ok"
    assert {"extension letters", "extension count"} <= rows.keys()
    assert rows["extension bar"]["severity"] == "warning"
    assert "No module named 'no_such_module'" in rows["extension bar"]["message"]
    assert rows["extension bar"]["remedy"].endswith("pip uninstall pincite-bar")


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


def test_the_contracts_of_the_page_pass(installed: Path, tmp_path: Path) -> None:
    test = tmp_path / "test_contracts.py"
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
