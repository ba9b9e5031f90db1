"""The voice in the chat: takes spoken questions, and reads answers aloud."""

import base64
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, told
from assistant.ui import resources, session
from assistant.ui.background import RunningAnswer
from assistant.ui.chat import answer_actions, explanation
from assistant.ui.chat.answer import parts
from assistant.ui.widgets import Component, as_html, button, draw_stop, draw_until_end, plain
from assistant.wiring import chosen_models
from ingest.errors import PinciteError

# -- Transcribes the microphone in the background, shows the words as they come, then asks

_KEY = "spoken"  # in the session's state: what is being heard
NOTHING = N_("The recording contains no speech.")

AskWithFiles = Callable[..., None]  # takes words, and `files` that came with them
GiveBack = Callable[[str, Sequence[Path]], None]  # the same, which are not asked


class Spoken:
    """A recording in progress; its file is deleted once it is transcribed."""

    def __init__(
        self, recorded: BytesIO, before: str, files: Sequence[Path], conversation: str = ""
    ) -> None:
        """`before` are words that were typed beside it, `files` were attached; empty is a
        conversation that has not begun.

        Raises AssistantError.
        """
        self.before = before
        self.files = files
        self.conversation = conversation
        folder = tempfile.mkdtemp(prefix="pincite-spoken-")
        # Also when the tab is closed meanwhile, and its session is dropped.
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        # A browser records in a format of its own.
        self._path = Path(folder) / f"recording{Path(getattr(recorded, 'name', '')).suffix}"
        try:
            self._path.write_bytes(recorded.getbuffer())
        except OSError as error:
            raise AssistantError(
                f"The recording could not be saved in {folder}: {error.strerror}."
            ) from error
        self.listen()

    def listen(self) -> None:
        """Start to listen; also again, when a speech model has been fetched."""
        tool = chosen_models.transcribing(resources.settings())
        self.running = RunningAnswer(tool.transcription(self._path))

    @property
    def words(self) -> str:
        """The typed words and the transcript so far."""
        return " ".join([*self.before.split(), *self.running.reply.so_far.split()])

    def forget(self) -> None:
        """Stop listening, and remove the file."""
        self.running.stop()
        self._remove()


def take_recording(recorded: BytesIO, before: str, files: Sequence[Path]) -> None:
    """Start to transcribe a recording, discarding an earlier one. Raises PinciteError."""
    forget()
    st.session_state[_KEY] = Spoken(recorded, before, files, session.current())


def forget() -> None:
    """Discard the present recording, if there is one."""
    if spoken := st.session_state.pop(_KEY, None):
        spoken.forget()


def microphone_busy() -> bool:
    """Whether a recording of this conversation is in progress."""
    spoken: Spoken | None = st.session_state.get(_KEY)
    return spoken is not None and spoken.conversation == session.current()


def _discard(back: GiveBack) -> None:
    """Forget the recording alone: what was typed and dropped beside it is given back."""
    if spoken := st.session_state.get(_KEY):
        forget()
        back(spoken.before, spoken.files)


def draw_transcript(ask: AskWithFiles, back: GiveBack) -> None:
    """Draw the transcript in the place of the next question; `ask` asks it, `back` takes what came
    with it where nothing is asked."""
    spoken: Spoken | None = st.session_state.get(_KEY)
    if spoken is None:
        return
    outcome = spoken.running.reply.outcome
    if not spoken.running.ended:
        draw_until_end(spoken.running, 0.25, lambda _running: _live(spoken, back))
    elif outcome and outcome.offers:
        st.info(plain(told(outcome.text)), icon=":material/mic_off:")
        missing = [vars(offer) for offer in outcome.offers]
        answer_actions.draw_model_offers({"id": "spoken", "offers": missing}, spoken.listen)
        button(_("Discard the recording"), "forget-spoken", _discard, back, type="secondary")
    else:
        _ask_spoken(spoken, ask, back)
        st.rerun()


def _live(spoken: Spoken, back: GiveBack) -> None:
    """Draw the transcript so far."""
    words = spoken.words
    st.html(f'<div class="question"><span>{as_html(words or "…")}</span></div>')
    with st.container(horizontal=True, vertical_alignment="center", key="listening"):
        st.caption(plain(f"{told(spoken.running.reply.activity.stage) or _('Listening')}…"))
        draw_stop(False, "stop-listening", partial(_discard, back), icon="stop_circle")


def _ask_spoken(spoken: Spoken, ask: AskWithFiles, back: GiveBack) -> None:
    """At the end, ask the words, or say why there are none."""
    if spoken.running.reply.so_far.strip() and not spoken.running.error:
        forget()
        ask(spoken.words, files=spoken.files)
    else:
        session.keep_error(spoken.running.error or NOTHING)
        _discard(back)


# -- The menu below an answer: it is read aloud, or explained
# The browser asks for one piece of sound after the other and plays them; `answer.js` marks the
# sentence that is heard, and shows its cited line.

_HOOD = "hood"  # in the session's state: the answer that is to be explained
_READING = "read-aloud"  # in the session's state: which answer is read, and how far
_WAIT = 0.3  # seconds that a run of the page waits for sound; the browser asks again

_component = Component(
    "read_aloud",
    '<div class="aloud"></div>',
    uses=("menu",),
    words={
        "more": N_("More"),
        "hood": N_("Under the hood"),
        "idle": N_("Read aloud"),
        "waiting": N_("Preparing…"),
        "playing": N_("Stop reading"),
        "lost": N_("Reading aloud has ended, for no sound came."),
        "unplayable": N_("The browser does not play it: {error}"),
    },
)


@st.fragment
def draw_more(answer: Mapping[str, Any], explain: explanation.Explain | None) -> None:
    """Draw the menu below a finished answer; a browser tab reads one answer at a time. `explain`
    says how it was made."""
    if not answer["answer"] and not explain:
        return
    key = f"aloud-{answer['id']}"
    events: dict[str, Any] = {
        "want": partial(_wanted, answer), "stop": lambda _yes: _stop(),
        "hood": lambda _yes: st.session_state.update({_HOOD: answer["id"]}),
    }  # fmt: skip
    has = {"answered": bool(answer["answer"]), "explained": explain is not None}
    _component.draw(key, {"id": answer["id"], **has, **_told(answer)}, events, width="content")
    if explain and st.session_state.get(_HOOD) == answer["id"]:
        del st.session_state[_HOOD]
        explanation.open_dialog(explain)
    reading = st.session_state.get(_READING, {})
    if reading.get("without") == answer["id"] and not reading["error"]:
        if _has_voice(answer["answer"]):  # fetched meanwhile
            st.success(_("The voice is here. Press “Read aloud” to hear the answer."))
            return
        voices = chosen_models.voices(resources.settings())
        st.info(plain(_(voices.none)), icon=":material/volume_off:")
        missing = [vars(offer) for offer in voices.offers()]
        answer_actions.draw_model_offers({"id": key, "offers": missing}, _stop)


def _has_voice(text: str) -> bool:
    try:
        return chosen_models.voices(resources.settings()).of(text) is not None
    except PinciteError:
        return False  # pressing the button says why


def _told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The piece that the browser has asked for, once it is made."""
    reading = st.session_state.get(_READING, {})
    if reading.get("without") == answer["id"]:
        return {"none": True, "error": told(reading["error"])}
    if reading.get("id") != answer["id"]:
        return {"error": ""}
    aloud = reading["aloud"]
    asked = reading.pop("asked", None)
    if asked is None:  # the page was drawn for another reason
        return {"error": told(aloud.error)}
    number, nonce = asked
    clip = aloud.clip(number, _WAIT) if number < len(aloud.pieces) else b""
    error, of = told(aloud.error), len(aloud.pieces)
    reply = {"nonce": nonce, "number": number, "of": of, "error": error}
    if clip:
        reply["sentence"] = aloud.pieces[number].sentence
        reply["sound"] = base64.b64encode(clip).decode("ascii")
    return reply


def _wanted(answer: Mapping[str, Any], want: Mapping[str, Any]) -> None:
    """Handle the browser's request for a piece: the first one begins the reading."""
    number, nonce = int(want["number"]), int(want["nonce"])
    reading = st.session_state.get(_READING, {})
    if number == 0 and reading.get("start") != want["start"]:
        _begin(answer, want["start"])
    reading = st.session_state.get(_READING, {})
    if reading.get("id") == answer["id"]:
        reading["asked"] = (number, nonce)


def _begin(answer: Mapping[str, Any], start: Any) -> None:
    _stop()
    sentences = [part["text"] for part in parts(answer)]
    try:
        aloud = chosen_models.read_aloud(resources.settings(), sentences, answer["answer"])
    except PinciteError as error:
        st.session_state[_READING] = {"without": answer["id"], "error": str(error)}
        return
    found = {"id": answer["id"], "aloud": aloud, "start": start}
    st.session_state[_READING] = found if aloud else {"without": answer["id"], "error": ""}


def _stop() -> None:
    reading = st.session_state.pop(_READING, {})
    if "aloud" in reading:
        reading["aloud"].stop()
