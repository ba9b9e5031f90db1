"""The wheel, made from a clone in which nothing was made before, and what a person gets from it."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import PROJECT

pytestmark = pytest.mark.slow
UV = [sys.executable, "-m", "uv"]
# What it says in each language, where its script, its settings and its samples are.
PROBE = """
import json
from assistant import first_run
from assistant.i18n import translation as t
from assistant.ui import serving
said = []
for name in t.LANGUAGES:
    with t.speaking(name):
        said.append(t._("Page {page} of {pages}", page=3, pages=20))
settings = serving.options(8600, "127.0.0.1", serving.Hosts("127.0.0.1"))
samples = [path.name for path in first_run.sample_documents()]
print(json.dumps([said, str(serving._SCRIPT), settings["theme.font"], samples]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make wheel` builds it."""
    clone = tmp_path_factory.mktemp("clone")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (PROJECT / name).is_file() and not name.startswith(("tests/", "benchmarks/")):
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, clone / name)
    assert list(clone.rglob("*.mo")) == []
    build = [*UV, "build", "--quiet", "--wheel", "--offline", "--no-build-isolation"]
    subprocess.run([*build, "--python", sys.executable], cwd=clone, check=True)
    return next((clone / "dist").glob("*.whl"))


def test_it_has_all_that_the_app_needs_in_three_packages(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    found = {path.name for path in tmp_path.iterdir() if not path.name.endswith(".dist-info")}
    assert found == {"assistant", "ingest", "vectorstore"}
    ran = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    said, script, font, samples = json.loads(ran.stdout)
    assert said == ["Page 3 of 20", "Seite 3 von 20", "Página 3 de 20", "Page 3 sur 20"]
    assert Path(script) == tmp_path / "assistant" / "ui" / "start" / "streamlit_app.py"
    assert font == "sans-serif"
    assert samples == sorted(path.name for path in (PROJECT / "samples").glob("*.pdf"))


def test_the_command_that_a_message_names_adds_an_extra_and_keeps_what_is_there(
    wheel: Path, tmp_path: Path
) -> None:
    """In a tool environment, which uv has made without the 1 GB that every Pincite needs."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    without = {Requirement(line).name for line in project["dependencies"]}
    overrides = tmp_path / "overrides.txt"
    overrides.write_text("".join(f"{name} ; sys_platform == 'none'\n" for name in without))
    environment = {
        **os.environ, "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"), "UV_OVERRIDE": str(overrides),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    first = [*UV, "tool", "install", "--quiet", f"pincite[postgres] @ {wheel.as_uri()}"]
    made = subprocess.run(first, env=environment, capture_output=True, text=True)
    if made.returncode and "Failed to fetch" in made.stderr:
        pytest.skip("no package registry can be reached")
    assert not made.returncode, made.stderr

    def run(code: str) -> str:
        folder = "Scripts" if sys.platform == "win32" else "bin"
        command = [tmp_path / "tools" / "pincite" / folder / "python", "-c", code]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    line = run("from ingest.platform import process as i; print(i.add_extra('s3'))")
    assert line.startswith("uv tool install ")
    subprocess.run(line, env=environment, check=True, shell=True)
    find = "from importlib.util import find_spec as f; print(f('s3fs') and f('psycopg') and 'both')"
    assert run(find) == "both\n"
