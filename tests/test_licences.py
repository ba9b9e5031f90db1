"""docs/licences.md says what the metadata of the packages says."""

import re
import sys
from importlib.metadata import distribution, packages_distributions
from types import ModuleType

import pytest

from tests.conftest import PROJECT
from tests.test_dependencies import abilities, declared, normalised
from tests.test_set_up import script

ROW = re.compile(r"\| ([\w.-]+) \| (.+) \| (.+) \|")


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    return script("licences")


@pytest.fixture(scope="module")
def rows() -> dict[str, tuple[str, str]]:
    text = (PROJECT / "docs" / "licences.md").read_text(encoding="utf-8")
    found = map(ROW.fullmatch, text.partition("## All packages")[2].splitlines())
    return {match[1]: (match[2], match[3]) for match in found if match}


@pytest.mark.parametrize("name", sorted(declared(*abilities())))
def test_a_declared_package_is_in_the_table_with_its_licence(
    name: str, licences: ModuleType, rows: dict[str, tuple[str, str]]
) -> None:
    if name == "llama-cpp-python" and "llama_cpp" not in packages_distributions():
        pytest.skip("its place is taken by the ready llama.cpp")
    if name == "ray" and "ray" not in packages_distributions():
        pytest.skip("Ray is not installed")
    assert rows[name][0] == licences.licence(distribution(name))


def test_each_part_brings_what_it_declares(rows: dict[str, tuple[str, str]]) -> None:
    for part in set(abilities()) - {"all"}:
        for name in declared(part) - declared():
            brings = rows[name][1].split(", ")
            assert part in brings or "Pincite" in brings  # what all have is said once
    assert {rows[name][1] for name in declared()} == {"Pincite"}


def test_packages_that_are_locked_are_in_the_table(rows: dict[str, tuple[str, str]]) -> None:
    """Those that every system installs: a line without a marker."""
    lines = (PROJECT / "requirements" / "all.txt").read_text(encoding="utf-8").splitlines()
    locked = {normalised(line) for line in lines if re.match(r"\w[^;]*$", line)}
    assert locked <= {normalised(name) for name in rows}


@pytest.mark.skipif(sys.platform != "linux", reason="wheels for other systems name files otherwise")
def test_pyav_still_brings_encoders_under_the_gpl(licences: ModuleType) -> None:
    """Else the page warns of what is no longer so."""
    found = " ".join(licences.bundled(distribution("av")))
    assert "x264 (GPL" in found and "x265 (GPL" in found


def test_the_build_without_gpl_has_all_other_extras() -> None:
    text = (PROJECT / "docs" / "licences.md").read_text(encoding="utf-8")
    others = sorted(set(abilities()) - {"all", "compiled", "ray", "speech"})
    assert f"pip install 'pincite[{','.join(others)}]'" in text
