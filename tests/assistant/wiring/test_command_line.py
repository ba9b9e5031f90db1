"""What a line without a command means, and the list of commands."""

from pathlib import Path

import pytest

from assistant.wiring.command_line import parse, parser


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("", []),
        ("--home x", []),
        ("contracts", ["contracts"]),
        ("--home x contracts ~/mail --port 9000", ["contracts", "~/mail"]),
        ("contracts --port 9000 models --home x", ["contracts", "models"]),
        ("app contracts --port 9000 models", ["contracts", "models"]),
        (".", ["."]),
        ("./models", ["./models"]),
        ("/not/there", ["/not/there"]),
    ],
)
def test_without_a_command_the_app_opens_with_what_is_named(line: str, paths: list[str]) -> None:
    args = parse(line.split())
    assert (args.run.args, args.paths) == (("ask.app",), paths)
    assert args.home == (Path("x") if "--home" in line else None)


def test_a_command_is_one_beside_a_folder_of_its_name() -> None:
    assert parse(["models", "list"]).run.args == ("models.list",)


def test_a_word_that_is_neither_is_wrong_usage_and_the_nearest_command_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["serach", "x"])
    assert ended.value.code == 2
    assert "'serach' is no command, and no file or folder here. Did you mean `pincite search`?" in (
        capsys.readouterr().err
    )


def test_help_lists_the_commands_in_groups() -> None:
    text = parser().format_help()
    starts = [f"\n{group}:\n  {first} " for group, first in (
        ("documents", "add"), ("asking", "ask"), ("tools", "draw"),
        ("models and this machine", "models"), ("team", "serve"),
    )]  # fmt: skip
    found = [text.find(start) for start in starts]
    assert -1 not in found and found == sorted(found)
