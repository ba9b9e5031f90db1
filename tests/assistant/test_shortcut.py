"""The entry in the menu starts this app on this home."""

import configparser
import plistlib
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from assistant import first_run


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


def test_what_it_starts_is_this_program(tmp_path: Path) -> None:
    started = [*first_run.start_command(tmp_path)[:-1], "libraries", "--json"]
    done = subprocess.run(
        started, capture_output=True, text=True, cwd=tmp_path, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


def test_signs_that_mean_something_to_the_menu_are_quoted() -> None:
    assert first_run.quoted(['a"b', "50%", "$x"]) == r'"a\\"b" "50%%" "\\$x"'


def test_a_bundle_of_a_mac_holds_a_program_that_can_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)

    bundle = first_run.make_shortcut(tmp_path / "it's home", system="darwin")

    about = plistlib.loads((bundle / "Contents" / "Info.plist").read_bytes())
    program = bundle / "Contents" / "MacOS" / about["CFBundleExecutable"]
    assert program.stat().st_mode & 0o111
    started = (program.with_name("pincite.command")).read_text(encoding="utf-8")
    assert shlex.split(started)[-3:] == ["--home", str(tmp_path / "it's home"), "app"]
