"""The button that reads an answer aloud."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from assistant.studio.voices import NONE, SpokenSound, Voices
from assistant.ui import resources
from assistant.ui.chat import answer_actions
from assistant.wiring import chosen_models
from tests.assistant.ui.chat.test_microphone import told as shown
from tests.assistant.ui.conftest import ask

Visit = Callable[..., AppTest]


class Whisper:
    name = "whisper"

    def say(self, text: str, cancel: threading.Event) -> SpokenSound:
        return SpokenSound(b"\0\0" * 10, 1000)


class Given(Voices):
    def __init__(self, voice: Any, cache: Path) -> None:
        super().__init__(lambda: None, cache, "en")
        self._voice = voice

    def of(self, text: str) -> Any:
        return self._voice


ANSWER = {"id": "a", "answer": "One. Two.", "sentences": [{"text": "One."}, {"text": "Two."}]}


def test_the_browser_gets_one_piece_after_the_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state: dict[str, Any] = {}
    monkeypatch.setattr(streamlit, "session_state", state)
    monkeypatch.setattr(chosen_models, "voices", lambda settings: Given(Whisper(), tmp_path))
    heard = []
    for number in range(2):
        want = {"number": number, "nonce": number + 1, "start": "one"}
        answer_actions._wanted(ANSWER, want)
        told = answer_actions._piece(ANSWER)
        while "sound" not in told:  # the browser asks again
            answer_actions._wanted(ANSWER, want)
            told = answer_actions._piece(ANSWER)
        heard.append((told["number"], told["nonce"], told["sentence"], told["of"]))
        assert "sound" not in answer_actions._piece(
            ANSWER
        )  # drawn for another reason: not sent again
    assert heard == [(0, 1, 0, 2), (1, 2, 1, 2)]
    assert answer_actions._piece({**ANSWER, "id": "b"}) == {"error": ""}
    answer_actions._stop()
    assert answer_actions._READING not in state


def test_without_a_voice_it_is_said_and_one_is_offered(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(chosen_models, "voices", lambda settings: Given(None, tmp_path))
    app = visit()
    ask(app, "How many days of leave are there?")
    identity = app.session_state["conversation"]
    (turn,) = resources.assistant().conversations.turns(identity)
    app.session_state[answer_actions._READING] = {"without": turn["id"], "error": ""}
    app.run()
    assert any(NONE.split(".")[0] in info.value for info in app.info)
    assert "en_US-joe-medium · 143 MB" in shown(app)
