"""Where settings come from, and what a wrong one says."""

from pathlib import Path

import pytest

from assistant.build import engines
from assistant.errors import SettingsError
from assistant.settings import Settings
from ingest.source import Engines


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PINCITE_HOME", str(tmp_path))
    return tmp_path


def test_the_environment_wins_over_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "settings.toml").write_text("passage_tokens = 900\nanswer_tokens = 300\n")
    monkeypatch.setenv("PINCITE_ANSWER_TOKENS", "200")
    settings = Settings.load()
    assert (settings.passage_tokens, settings.answer_tokens) == (900, 200)


def test_languages_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_OCR_LANGUAGES", "en, de")
    assert Settings.load().ocr_languages == ("en", "de")


def test_the_engines_are_those_of_the_settings(home: Path) -> None:
    assert engines(Settings.load(ocr="off")) == Engines("off", ("en",), None)
    (home / "mine").mkdir()
    (home / "mine" / "model.bin").write_bytes(b"weights")
    speech = engines(Settings.load(speech_model=str(home / "mine"))).speech
    assert speech == (home / "mine").resolve()


def test_an_argument_wins_over_both(home: Path) -> None:
    assert Settings.load(home=home / "other").home == home / "other"


def test_an_unknown_name_is_answered_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_CHAT_MODLE", "x")
    with pytest.raises(SettingsError, match="chat_model"):
        Settings.load()


def test_an_impossible_value_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_CONTEXT_TOKENS", "many")
    with pytest.raises(SettingsError, match="context_tokens"):
        Settings.load()


def test_a_broken_file_is_named(home: Path) -> None:
    (home / "settings.toml").write_text("passage_tokens = ")
    with pytest.raises(SettingsError, match=r"settings\.toml"):
        Settings.load()
