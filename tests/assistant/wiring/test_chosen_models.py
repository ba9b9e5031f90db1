"""Which models a configuration leads to."""

from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.wiring import chosen_models


def test_the_reader_is_there_where_its_embedding_model_is_named_by_a_path(
    minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_HOME", str(tmp_path))
    assert chosen_models.reader(Settings.load()) is None

    monkeypatch.setenv("PINCITE_EMBEDDING_MODEL", str(minilm))
    assert chosen_models.reader(Settings.load()) is not None


def test_no_reader_is_there_where_the_named_embedding_model_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_HOME", str(tmp_path))
    monkeypatch.setenv("PINCITE_EMBEDDING_MODEL", str(tmp_path / "gone"))
    assert chosen_models.reader(Settings.load()) is None


def test_a_server_answers_where_its_address_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_CHAT_KEY", "s3cret")
    settings = Settings.load(home=tmp_path, chat_model="http://127.0.0.1:9/v1#qwen")
    assert "s3cret" not in repr(settings)
    load = chosen_models.chat_loader(settings)
    assert load
    chat = load()  # the server is not asked before a question is
    assert (chat.name, chat.window) == ("qwen at 127.0.0.1:9", settings.context_tokens)
    assert "Answers come from 127.0.0.1:9" in chat.notice
