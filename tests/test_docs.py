"""Checks that every path, link and `pincite` command of the documentation exists."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.models.catalogue import defaults
from assistant.wiring.command_line import parse, parser
from scripts.commands import PAGE as COMMANDS
from scripts.commands import page
from tests.conftest import PROJECT

PAGES = [
    PROJECT / "README.md",
    *(PROJECT / "docs").glob("*.md"),
    PROJECT / "benchmarks" / "README.md",
    *(PROJECT / "benchmarks" / "results").glob("*.md"),
    PROJECT / "samples" / "README.md",
    PROJECT / "tests" / "small_models" / "README.md",
]
ROOTS = "assistant|benchmarks|docs|ingest|samples|scripts|tests|vectorstore"
GIVEN_LATER = re.compile(r"/x(_\w+)?\.py$")  # `loaders/x.py` stands for a file that a reader writes
EXAMPLE = re.compile(r"^    (?:\$ )?(?:\.venv/bin/)?(pincite .+)$", re.MULTILINE)


CODE_PATH = re.compile(rf"`((?:[\w-]+/)*\w+\.py)`|\b((?:{ROOTS})/[\w./-]+\.(?:py|md|jsonl))\b")


def test_every_file_that_the_code_names_exists() -> None:
    roots = [PROJECT / root for root in ROOTS.split("|")]
    known = {
        f"/{path.relative_to(PROJECT).as_posix()}" for root in roots for path in root.rglob("*")
    }
    gone = [
        (source.name, name)
        for root in roots
        if root.name != "tests"  # which name files that they make
        for source in root.rglob("*.py")
        for found in CODE_PATH.findall(source.read_text(encoding="utf-8"))
        if (name := found[0] or found[1])
        and not GIVEN_LATER.search(f"/{name}")
        and not any(path.endswith(f"/{name}") for path in known)
    ]
    assert gone == []


def named(page: Path) -> str:
    return page.relative_to(PROJECT).as_posix()


def spans(text: str) -> list[str]:
    """What stands between backticks, line breaks removed."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def paths(text: str) -> set[str]:
    """The paths of this repository that a page names in backticks."""
    found = (re.match(rf"(?:{ROOTS})/[\w./-]*", span) for span in spans(text))
    return {match.group() for match in found if match and not GIVEN_LATER.search(match.group())}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The file and the anchor of every link to another page of this repository."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:")):
            path, _, anchor = target.partition("#")
            yield (page.parent / path if path else page), anchor


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(text: str) -> set[str]:
    """The `pincite` command lines of a page, without comments."""
    lines = [*EXAMPLE.findall(text), *(span for span in spans(text) if span.startswith("pincite "))]
    return {line.partition("  #")[0].rstrip() for line in lines}


def names_a_command(words: list[str]) -> bool:
    """Whether the words are nothing but a command, mentioned without its arguments."""
    try:
        parser().parse_args([*words, "--help"])
    except SystemExit as end:
        return end.code == 0 and len(words) <= 2
    return False


def parses(words: list[str]) -> bool:
    try:
        parse(words)
    except SystemExit:
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    missing = {path for path in paths(page.read_text("utf-8")) if not (PROJECT / path).exists()}
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_to_a_page_and_its_heading(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), f"{target}#{anchor}"


@pytest.mark.parametrize("page", [page for page in PAGES if page != COMMANDS], ids=named)
def test_every_command_line_is_understood(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in commands(page.read_text(encoding="utf-8")):
        words = shlex.split(line)[1:]
        assert names_a_command(words) or parses(words), line
    capsys.readouterr()


def test_the_page_of_commands_says_what_the_commands_say() -> None:
    """`make commands` writes it anew."""
    assert COMMANDS.read_text(encoding="utf-8") == page()


def test_every_command_that_ends_prints_json_when_it_is_asked_to() -> None:
    usages = re.findall(r"^#+ (pincite .+)\n\n    (.+)$", text("docs/commands.md"), re.MULTILINE)
    without = {command.split()[1] for command, options in usages if "[--json]" not in options}
    assert without == {"app", "chat", "mcp", "models", "serve"}  # `models` has commands below it


def test_every_benchmark_has_a_page_of_results() -> None:
    readme = (PROJECT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    results = {page.stem for page in (PROJECT / "benchmarks" / "results").glob("*.md")}
    beside = {"search.peer_haystack", "search.peer_llamaindex", "reading.made_scans"}
    beside |= {"fitting.fit_tables", "tables.figures"}  # their page is table_questions
    for module in set(re.findall(r"python -m benchmarks\.([\w.]+)", readme)) - beside:
        assert results.intersection(module.split(".")), module  # its own, or that of its room


def test_a_wrong_command_would_be_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert not names_a_command(["learn"]) and not parses(["ask", "why", "--loudly"])
    assert commands("    $ pincite add x   # again") == {"pincite add x"}
    capsys.readouterr()


def test_every_flag_of_a_benchmark_exists() -> None:
    common = (PROJECT / "benchmarks" / "common.py").read_text(encoding="utf-8")
    readme = (PROJECT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    for module, flags in re.findall(r"`python -m benchmarks\.([\w.]+)([^`]*)`", readme):
        path = PROJECT / "benchmarks" / f"{module.replace('.', '/')}.py"
        source = path.read_text(encoding="utf-8") + common
        for flag in re.findall(r"--[\w-]+", flags):
            assert f'"{flag}"' in source, f"{module} {flag}"


def text(page: str) -> str:
    return (PROJECT / page).read_text(encoding="utf-8")


def test_the_changelog_begins_with_the_version_of_the_project() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    newest = re.search(r"^## (\d\S*)$", text("CHANGELOG.md"), re.MULTILINE)
    assert newest and newest[1] == project["version"]


def test_the_figures_of_the_readme_are_those_of_the_page_of_answers() -> None:
    peer, right = re.findall(
        r"^\| right in total, of 80 \| (\d+) \| \*\*(\d+)\*\* ", text("docs/answers.md"), re.M
    )[0]
    claims = " ".join(text("README.md").split())
    assert f"{right} responses were right" in claims and f"with the same models, {peer}." in claims
    quotes = re.search(r"(\d+) of \1 quotes", text("docs/answers.md"))
    assert quotes and f"Of {quotes[1]} quotes all stand" in claims


def test_pages_give_the_size_of_the_models_that_are_fetched() -> None:
    size = f"{sum(model.bytes or 0 for model in defaults()) / 1e9:.1f} GB"
    assert f"and {size} of models" in " ".join(text("README.md").split())
    assert f"the default models, {size}" in text("docs/install.md")
