"""Spoken questions: the microphone is transcribed in the background, the words are shown as they
come, and asked."""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path

import streamlit as st

from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, told
from assistant.ui import resources, session
from assistant.ui.background import RunningAnswer
from assistant.ui.chat import answer_actions
from assistant.ui.widgets import as_html, button, draw_stop, draw_until_end, plain
from assistant.wiring import chosen_models

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
    else:  # ask the words, or say why there are none
        if spoken.running.reply.so_far.strip() and not spoken.running.error:
            forget()
            ask(spoken.words, files=spoken.files)
        else:
            session.keep_error(spoken.running.error or NOTHING)
            _discard(back)
        st.rerun()


def _live(spoken: Spoken, back: GiveBack) -> None:
    words = spoken.words
    st.html(f'<div class="question"><span>{as_html(words or "…")}</span></div>')
    with st.container(horizontal=True, vertical_alignment="center", key="listening"):
        st.caption(plain(f"{told(spoken.running.reply.activity.stage) or _('Listening')}…"))
        draw_stop(False, "stop-listening", partial(_discard, back), icon="stop_circle")
