"""A button below an answer that reads it aloud. The browser asks for one piece of sound after the
other and plays them; `answer.js` marks the sentence that is heard, and shows its cited line.
"""

import base64
from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from assistant.i18n.translation import _, told
from assistant.ui import resources
from assistant.ui.chat import answer_actions
from assistant.ui.chat.answer import parts
from assistant.ui.widgets import plain, read, script
from assistant.wiring import chosen_models
from ingest.errors import PinciteError

_READING = "read-aloud"  # in the session's state: which answer is read, and how far
_WAIT = 0.3  # seconds that a run of the page waits for sound; the browser asks again

_read_aloud_component = st.components.v2.component(
    "pincite_read_aloud",
    html='<div class="aloud"></div>',
    css=read("read_aloud.css"),
    js=script("read_aloud"),
)


@st.fragment
def draw_read_aloud(answer: Mapping[str, Any]) -> None:
    """Draw the button below a finished answer; a browser tab reads one answer at a time."""
    if not answer["answer"]:
        return
    key = f"aloud-{answer['id']}"
    _read_aloud_component(
        key=key,
        data={"id": answer["id"], **_told(answer), "words": _read_aloud_words()},
        on_want_change=partial(_wanted, key, answer),
        on_stop_change=_stop,
        width="content",
    )
    reading = st.session_state.get(_READING, {})
    if reading.get("without") == answer["id"] and not reading["error"]:
        if _has_voice(answer["answer"]):  # fetched meanwhile
            st.success(_("The voice is here. Press “Read aloud” to hear the answer."))
            return
        voices = chosen_models.voices(resources.settings())
        st.info(plain(_(voices.none)), icon=":material/volume_off:")
        missing = [vars(offer) for offer in voices.offers()]
        answer_actions.draw_model_offers({"id": key, "offers": missing}, _stop)


def _read_aloud_words() -> dict[str, str]:
    """Of read_aloud.js."""
    return {
        "idle": _("Read aloud"),
        "waiting": _("Preparing…"),
        "playing": _("Stop reading"),
        "lost": _("Reading aloud has ended, for no sound came."),
        "unplayable": _("The browser does not play it: {error}"),
    }


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


def _wanted(key: str, answer: Mapping[str, Any]) -> None:
    """Handle the browser's request for a piece: the first one begins the reading."""
    want = st.session_state[key].want
    if not want:
        return
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
    if aloud is None:
        st.session_state[_READING] = {"without": answer["id"], "error": ""}
    else:
        st.session_state[_READING] = {"id": answer["id"], "aloud": aloud, "start": start}


def _stop() -> None:
    reading = st.session_state.pop(_READING, {})
    if "aloud" in reading:
        reading["aloud"].stop()
