"""The entry in the menu starts this app on this home."""

import configparser
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from assistant import first_run
from assistant.errors import AssistantError


def entry(path: Path) -> configparser.SectionProxy:
    read = configparser.ConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(path, encoding="utf-8")
    return read["Desktop Entry"]


def test_a_desktop_entry_names_the_home_and_an_icon_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    made = first_run.make_shortcut(tmp_path / "my home", system="linux")

    assert made == tmp_path / "data" / "applications" / "pincite.desktop"
    found = entry(made)
    assert Path(found["Icon"]).read_bytes().startswith(b"<svg")
    words = shlex.split(found["Exec"])
    assert words[-3:] == ["--home", str(tmp_path / "my home"), "app"]
    if check := shutil.which("desktop-file-validate"):
        subprocess.run([check, str(made)], check=True)


def test_what_it_starts_is_this_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    made = entry(first_run.make_shortcut(tmp_path, system="linux"))
    started = [*shlex.split(made["Exec"])[:-1], "libraries", "--json"]
    done = subprocess.run(
        started, capture_output=True, text=True, cwd=tmp_path, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


def test_signs_that_mean_something_to_the_menu_are_quoted() -> None:
    assert first_run.quoted(['a"b', "50%", "$x"]) == r'"a\\"b" "50%%" "\\$x"'


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_on_other_systems_it_is_said_how_to_start(system: str, tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match="`pincite app` in a terminal"):
        first_run.make_shortcut(tmp_path, system=system)
    assert not list(tmp_path.iterdir())
