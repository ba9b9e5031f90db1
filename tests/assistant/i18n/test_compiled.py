"""Catalogues are compiled when Pincite is installed, and their absence is never silent."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.i18n import translation
from tests.assistant.i18n import catalogues
from tests.conftest import PROJECT
from tests.test_dependencies import build_requirements

OTHERS = [name for name in translation.LANGUAGES if name != translation.DEFAULT_LANGUAGE]


@pytest.mark.parametrize("name", OTHERS)
def test_a_language_that_was_not_compiled_is_not_shown_in_english(
    tmp_path: Path, name: str
) -> None:
    with (
        catalogues.used(tmp_path),
        translation.speaking(name),
        pytest.raises(FileNotFoundError, match="not compiled"),
    ):
        translation._("Page {page} of {pages}", page=3, pages=20)


def test_english_needs_no_catalogue(tmp_path: Path) -> None:
    with catalogues.used(tmp_path):
        assert translation._("Page {page} of {pages}", page=3, pages=20) == "Page 3 of 20"


@pytest.mark.slow
def test_a_wheel_of_a_fresh_clone_speaks_every_language(tmp_path: Path) -> None:
    """git has no compiled catalogue; the wheel does."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--retries", "0"]
    probe = [*pip, "install", "--dry-run", "--no-deps", "--target", str(tmp_path / "probe")]
    if subprocess.run([*probe, *build_requirements()], capture_output=True).returncode:
        pytest.skip("pip reaches no package registry here")
    clone, site = tmp_path / "clone", tmp_path / "site"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (PROJECT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, clone / name)
    assert list(clone.rglob("*.mo")) == []

    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(clone)], check=True)
    code = (
        "from assistant.i18n import translation as t\n"
        "for name in t.LANGUAGES:\n"
        "    with t.speaking(name):\n"
        "        print(t._('Page {page} of {pages}', page=3, pages=20))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=site, check=True, capture_output=True, text=True
    ).stdout
    assert said.splitlines() == [
        "Page 3 of 20", "Seite 3 von 20", "Página 3 de 20", "Page 3 sur 20"
    ]  # fmt: skip
