"""What was recorded is heard in the background, shown and asked; a button reads answers aloud."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from assistant.tools.transcription import MISSING, Ear, Transcribing
from assistant.ui import resources
from assistant.ui.chat.chat_page import NOTHING
from assistant.ui.chat.composer import Spoken
from assistant.wiring import chosen_models
from ingest.errors import UnreadableFile
from tests.assistant.tools.test_transcription import OFFER, Told, said
from tests.assistant.ui.conftest import compose, composer, finish

Visit = Callable[..., AppTest]


class Recording:
    name = "audio.wav"

    def getbuffer(self) -> memoryview:
        return memoryview(b"RIFF")


class Broken(Told):
    def decode(self, *_: Any) -> Any:
        raise UnreadableFile("recording.wav is damaged.")


def with_ear(monkeypatch: pytest.MonkeyPatch, ear: Ear | None) -> None:
    tool = Transcribing(lambda: ear, lambda: (OFFER,))
    monkeypatch.setattr(chosen_models, "transcribing", lambda settings: tool)


def unescaped(text: str) -> str:
    return text.replace("\\", "")


def shown(app: AppTest) -> str:
    return " ".join(str(getattr(html, "value", "")) for html in app.get("html"))


def told(app: AppTest) -> str:
    return " ".join(unescaped(text.value) for text in app.markdown)


def record(app: AppTest, before: str = "") -> Spoken:
    """As the microphone of the chat does it, which AppTest does not have."""
    spoken = Spoken(Recording(), before, ())
    app.session_state["spoken"] = spoken
    return spoken


def test_what_was_said_becomes_the_question(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    with_ear(monkeypatch, Told(said=(said("How many days", 0, 1), said("of leave?", 1, 2))))
    app = visit()
    spoken = record(app, before="Please:")
    assert spoken.running.wait(60)
    folder = spoken._path.parent
    app.run()
    assert finish(app)
    assert not app.exception
    assert "Please: How many days of leave?" in shown(app)
    assert "spoken" not in app.session_state
    assert not folder.exists()


def test_while_it_is_heard_the_words_are_shown_and_can_be_stopped(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_ear(monkeypatch, Told(said=(said("How many", 0, 1),), patient=True))
    app = visit()
    spoken = record(app, before="Please:")
    compose(app, "ask", text="And of notice?")
    while not spoken.running.reply.so_far:
        spoken.running.wait(0.02)
    app.run()
    assert "Please: How many" in shown(app)
    assert composer(app)["busy"]
    app.query_params["c"] = "another"
    app.run()
    assert composer(app)["line"] == []
    del app.query_params["c"]
    app.session_state["conversation"] = ""
    app.run()
    assert [one["text"] for one in composer(app)["line"]] == ["And of notice?"]
    app.button(key="stop-listening").click().run()
    assert spoken.running.wait(60)
    app.run()
    assert composer(app)["back"][1] == "Please:"
    assert finish(app)
    assert "And of notice?" in shown(app)


def test_what_was_said_is_not_asked_in_another_conversation(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_ear(monkeypatch, Told(said=(said("How many days of leave?", 0, 1),)))
    app = visit()
    spoken = record(app)
    assert spoken.running.wait(60)
    app.query_params["c"] = "another"
    app.run()
    assert finish(app)
    assert "How many" not in shown(app)
    assert not composer(app)["busy"]
    assert resources.assistant().conversations.turns("another") == []


@pytest.mark.parametrize(
    ("ear", "told"), [(Told(), NOTHING), (Broken(), "recording.wav is damaged.")]
)
def test_silence_and_broken_sound_are_told_and_not_asked(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, ear: Ear, told: str
) -> None:
    with_ear(monkeypatch, ear)
    app = visit()
    assert record(app, before="Please:").running.wait(60)
    app.run()
    assert composer(app)["back"][1] == "Please:"
    assert [unescaped(error.value) for error in app.error] == [told]
    assert "spoken" not in app.session_state


def test_without_a_speech_model_one_is_offered(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_ear(monkeypatch, None)
    app = visit()
    assert record(app).running.wait(60)
    app.run()
    assert any(MISSING.split(".")[0] in info.value for info in app.info)
    assert "whisper-base · size unknown" in told(app)
    app.button(key="forget-spoken").click().run()
    assert "spoken" not in app.session_state
