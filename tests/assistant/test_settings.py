"""Where settings come from, and what a wrong one says."""

import re
from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.wiring.chosen_models import bounds, engines
from ingest.document.source import Bounds, Engines, Limits
from tests.conftest import PROJECT


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


@pytest.mark.parametrize("wrong", ["0.0.0.0/0", "::/0", "*", "proxy", "10.1.2.3/24"])
def test_a_proxy_is_an_address_and_never_everybody(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("PINCITE_PROXY", "10.1.2.3, 10.2.0.0/16")
    assert Settings.load().proxy == ("10.1.2.3", "10.2.0.0/16")
    monkeypatch.setenv("PINCITE_PROXY", wrong)
    with pytest.raises(SettingsError, match=f"proxy.*{re.escape(repr(wrong))}"):
        Settings.load()


def test_without_settings_the_limits_are_those_that_have_their_reasons_beside_them() -> None:
    assert bounds(Settings.load()) == Bounds()


def test_limits_of_reading_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["file_gb", "file_seconds", "file_silence_seconds", "file_memory_mb", "file_text_mb",
             "unpacked_mb", "unpacked_files", "unpacked_depth"]  # fmt: skip
    for name in names:
        monkeypatch.setenv(f"PINCITE_{name.upper()}", "2000")
    unpacking = Limits(2000 << 20, 2000, 2000)
    assert bounds(Settings.load()) == Bounds(
        2000, 2000, 2000 << 20, 2000 << 20, 2000 << 30, unpacking
    )


def test_a_message_about_a_limit_names_a_setting_that_there_is() -> None:
    sources = "".join(path.read_text() for path in (PROJECT / "ingest").rglob("*.py"))
    advised = set(
        re.findall(r"\b(?:file|unpacked)_(?:gb|mb|files|depth|\w*seconds|\w+_mb)\b", sources)
    )
    assert len(advised) == 8
    assert advised <= Settings.model_fields.keys()


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


def test_the_name_of_a_library_is_explained_in_words() -> None:
    with pytest.raises(SettingsError, match="letters, digits, hyphens and underscores"):
        Settings.load(library="my company")
