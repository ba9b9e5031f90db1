"""The examples of README and docs, done as a newcomer does them: by the real commands, with the
default models, on the sample company. What a page shows is what is printed.

A line that begins with `$` is run in a shell, and what stands below it is its standard output. A
line of nothing but … stands for lines that are left out.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.models.catalogue import default_model
from assistant.models.fetch import weights_of
from tests.conftest import PROJECT, models_folder
from tests.servers.started import PINCITE, Started, started

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # seconds: it may be the first to load

_CONSOLE = re.compile(r"^    \$ (.+)\n((?:    (?!\$ ).*\n|\n(?=    (?!\$ )))*)", re.MULTILINE)
_PYTHON = re.compile(
    r"^```python\n(.*?)^```\n\n((?:    .*\n|\n(?=    ))+)", re.MULTILINE | re.DOTALL
)
_ADDRESS = "http://127.0.0.1:8600"
_CUT = "…"


@dataclass(frozen=True)
class Example:
    """What a page says to run, and what it shows as printed."""

    page: str
    command: str
    printed: str
    python: bool = False


def examples() -> Iterator[Example]:
    for page in [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]:
        text, name = page.read_text(encoding="utf-8"), page.relative_to(PROJECT).as_posix()
        for command, printed in _CONSOLE.findall(text):
            yield Example(name, command, textwrap.dedent(printed))
        if name == "docs/api.md":  # what other pages have in Python is for extensions
            for code, printed in _PYTHON.findall(text):
                yield Example(name, code, textwrap.dedent(printed), python=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make setup` leaves it: the default models, and the sample company as `samples`."""
    chat = default_model("chat")
    if not chat or not weights_of(chat, models_folder()).exists():
        pytest.skip(f"the default models are not in {models_folder()}")
    home = tmp_path_factory.mktemp("home")
    (home / "models").symlink_to(models_folder(), target_is_directory=True)
    documents = sorted((PROJECT / "samples").glob("*.pdf"))
    subprocess.run(
        [PINCITE, "add", *documents, "--library", "samples"], check=True, env=surroundings(home)
    )
    return home


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Started]:
    with started(home, "serve") as server:
        yield server


def surroundings(home: Path) -> dict[str, str]:
    """With the command on the path, and no setting of the person who runs the tests. A model has
    one thread, for all of them would wait for the one that another test keeps waiting."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PINCITE_")}
    path = os.pathsep.join([str(PINCITE.parent), plain["PATH"]])
    return {**plain, "PATH": path, "PINCITE_HOME": str(home), "PINCITE_THREADS": "1"}


def alike(shown: str, printed: str) -> bool:
    """Whether it is what a page shows, but for what the page leaves out."""
    lines = [
        r"(?:.*\n)+?" if line == _CUT else f"{re.escape(line)}\n" for line in shown.splitlines()
    ]
    return bool(re.fullmatch("".join(lines), f"{printed.rstrip()}\n"))


@pytest.mark.parametrize(
    "example", [*examples()], ids=lambda one: f"{one.page}: {one.command.splitlines()[-1][:60]}"
)
def test_an_example_prints_what_its_page_shows(
    example: Example, home: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    command = example.command
    if _ADDRESS in command:
        server = request.getfixturevalue("server")
        command = command.replace(_ADDRESS, f"http://127.0.0.1:{server.port}")
    ran = subprocess.run(
        [sys.executable, "-c", command] if example.python else command, shell=not example.python,
        cwd=tmp_path, env=surroundings(home), capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert alike(example.printed, ran.stdout), f"{ran.stdout}\n{ran.stderr}"


def test_another_assistant_starts_it_as_its_page_says(home: Path) -> None:
    text = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
    [written] = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    given = json.loads(written)["mcpServers"]["pincite"]
    assert given["command"].startswith("/") and given["command"].endswith("/.venv/bin/pincite")
    about = {"protocolVersion": "2025-06-18", "capabilities": {},
             "clientInfo": {"name": "newcomer", "version": "1"}}  # fmt: skip
    first = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
    ran = subprocess.run(
        [PINCITE, *given["args"]], input=f"{json.dumps(first)}\n", env=surroundings(home),
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert "serverInfo" in json.loads(ran.stdout.splitlines()[0])["result"]


def test_a_page_that_shows_something_else_would_be_noticed() -> None:
    assert alike("a\n…\nd\n", "a\nb\nc\nd\n") and alike("a [1]\n", "a [1]")
    assert not alike("a\n", "a\nb\n") and not alike("a\n…\n", "b\nc\n")
    assert {one.page for one in examples()} >= {"README.md", "docs/api.md", "docs/sources.md"}
