"""What `pincite doctor` says of voices."""

from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.studio.voices import Espeak, Piper
from assistant.wiring import chosen_models


def voice_folder(home: Path, config: str = '{"espeak": {"voice": "en-us"}}') -> Path:
    folder = home / "models" / "own"
    folder.mkdir(parents=True)
    (folder / "own.onnx").touch()
    (folder / "own.onnx.json").write_text(config)
    return folder


def test_without_any_voice_it_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    severity, message, remedy = chosen_models.voice_state(Settings(home=tmp_path))
    assert (severity, remedy) == ("warning", chosen_models.FETCH_VOICE)
    assert "not read aloud" in message


def test_espeak_alone_is_enough(tmp_path: Path, espeak: Espeak) -> None:
    severity, message, remedy = chosen_models.voice_state(Settings(home=tmp_path))
    assert (severity, remedy) == ("ok", "")
    assert "espeak-ng" in message and "languages" in message


def test_a_voice_whose_program_is_gone_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice_folder(tmp_path)
    monkeypatch.setattr(chosen_models, "user_cache", lambda: tmp_path / "cache")
    severity, message, remedy = chosen_models.voice_state(Settings(home=tmp_path))
    assert (severity, remedy) == ("warning", "pincite models pull piper")
    assert "own has no program to speak with: piper-tts 1.8.0 is not installed" in message


def test_a_damaged_voice_is_said(tmp_path: Path) -> None:
    voice_folder(tmp_path, "no JSON")
    severity, message, _ = chosen_models.voice_state(Settings(home=tmp_path))
    assert severity == "warning"
    assert "own.onnx.json does not say which language" in message


@pytest.mark.slow
def test_a_voice_with_its_program_is_named(tmp_path: Path, piper: Piper, joe: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "en_US-joe-medium").symlink_to(joe.parent)
    severity, message, _ = chosen_models.voice_state(Settings(home=tmp_path))
    assert severity == "ok"
    assert message.startswith("en_US-joe-medium (en), Piper 1.8.0")
