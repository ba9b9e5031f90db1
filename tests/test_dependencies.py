"""pyproject.toml declares what is imported, and nothing else."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.conftest import PROJECT
from tests.test_architecture import LAYERS, SOURCES

# Needed by another package that is declared, and imported by that alone.
BY_OTHERS = {"accelerate": "diffusers", "python-multipart": "fastapi"}
ISOLATED = {"realesrgan_ncnn_vulkan_wrapper"}  # installed in environments of their own
HOOK = PROJECT / "scripts" / "build_hook.py"
FOR_TESTS = [
    path for name in ("samples", "scripts", "tests") for path in (PROJECT / name).rglob("*.py")
    if path != HOOK
]  # fmt: skip
# One that is installed instead of another, and one for few: they need not be there.
DISTRIBUTIONS = {"llama_cpp": ["llama-cpp-python"], "ray": ["ray"], **packages_distributions()}
PINNED = {  # those that fit at one version alone
    normalised[0]: normalised[1]
    for line in tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "dependencies"
    ]
    if (normalised := line.partition(";")[0].strip().split("==")) and len(normalised) == 2
}


def normalised(requirement: str) -> str:
    """The name in a requirement, as the package index compares names."""
    name = re.match(r"[\w.-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def declared(*extras: str) -> set[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    chosen = [*project["dependencies"], *(line for extra in extras for line in optional[extra])]
    return {normalised(line) for line in chosen} - {"pincite"}


def abilities() -> list[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [extra for extra in project["optional-dependencies"] if extra not in ("dev", "bench")]


def outside(paths: list[Path]) -> set[str]:
    """The packages of others that files import, by their import names."""
    return set().union(*map(_outside, paths))


@cache
def _outside(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    own = {*LAYERS, "benchmarks", "press", "scripts", "tests"}
    return found - own - ISOLATED - sys.stdlib_module_names


def providers(name: str) -> set[str]:
    return {normalised(distribution) for distribution in DISTRIBUTIONS.get(name, ())}


def test_what_the_product_imports_is_declared() -> None:
    known = declared(*abilities())
    assert [name for name in sorted(outside(SOURCES)) if not providers(name) & known] == []


def test_what_the_tests_import_is_declared() -> None:
    known = declared(*abilities(), "dev") | {"opencv-python-headless"}
    assert [name for name in sorted(outside(FOR_TESTS)) if not providers(name) & known] == []


def build_requirements() -> list[str]:
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    asked: list[str] = tomllib.loads(text)["build-system"]["requires"]
    return asked


def test_what_the_build_imports_is_what_it_asks_for() -> None:
    assert sorted(outside([HOOK])) == sorted(map(normalised, build_requirements()))


def test_what_is_declared_is_imported() -> None:
    imported = {found for name in outside(SOURCES) for found in providers(name)}
    assert declared(*abilities()) - imported == {*BY_OTHERS, "pip"}  # which is run, as a program
    assert set(BY_OTHERS.values()) <= imported


def test_the_extra_all_has_every_ability() -> None:
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    (everything,) = tomllib.loads(text)["project"]["optional-dependencies"]["all"]
    # The ready llama.cpp has the ability of `compiled`; `ray` is large, and for clusters.
    ready = set(abilities()) - {"all", "compiled", "ray"}
    assert everything == f"pincite[{','.join(sorted(ready))}]"


def test_the_lock_has_each_package_that_is_declared() -> None:
    locked = {
        normalised(line)
        for path in (PROJECT / "requirements").glob("*.txt")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"\w", line)
    }
    assert declared(*abilities(), "dev", "bench") - {"pincite"} <= locked


def test_the_lock_names_no_address_and_no_folder() -> None:
    for path in (PROJECT / "requirements").glob("*.txt"):
        assert not re.search(r"https?:|file:|--index|--find-links|/", path.read_text("utf-8"))
