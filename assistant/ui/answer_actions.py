"""A button below an answer that reads it aloud. The browser asks for one piece of sound after the
other and plays them; `answer.js` marks the sentence that is heard, and shows its cited line.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import streamlit as st

from assistant.contract.facts import full_name, place
from assistant.conversation.assistant import Assistant
from assistant.export.account import account
from assistant.export.documents import FORMS, named
from assistant.i18n.translation import N_, _, told
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.record import Receipt
from assistant.studio.voices import NONE, Voices
from assistant.ui import explanation, resources, session, tools
from assistant.ui.answer import parts, support
from assistant.ui.background import Aloud
from assistant.ui.widgets import as_html, plain, read, script
from assistant.wiring import chosen_models, composition
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.language.sentences import is_code
from vectorstore.federation import AnyLibrary

# -- Ways on from a refusal: answer anyway, or ask in one of the closest documents alone

_DOCUMENTS = 2  # that are offered


class Ask(Protocol):
    """Asks a question again: in any case, or in these documents alone."""

    def __call__(
        self, question: str, *, anyway: bool = False, documents: list[str] | None = None
    ) -> None: ...


def draw_after_refusal(answer: Mapping[str, Any], ask: Ask) -> None:
    """Draw nothing for an answer, and for a refusal of an older version."""
    if not answer["refused"] or not answer.get("closest"):
        return
    question = answer["question"]
    with st.container(horizontal=True, key=f"refused-{answer['id']}"):
        _button(answer, _("Answer anyway"), "lightbulb", partial(ask, question, anyway=True))
        names = list(dict.fromkeys(full_name(line) for line in answer["closest"]))
        for number, name in enumerate(names[:_DOCUMENTS]):
            label = plain(_("Ask only in {document}", document=readable(name)))
            act = partial(ask, question, documents=[name])
            _button(answer, label, "filter_alt", act, number)


def _button(
    answer: Mapping[str, Any], label: str, icon: str, act: Callable[[], None], number: int = -1
) -> None:
    key = f"refused-{answer['id']}-{number}"
    st.button(label, key=key, on_click=act, type="tertiary", icon=f":material/{icon}:")


# -- What a stopped answer offers: the same question again, and nothing to rate where nothing was
# written.


def is_stopped_empty(answer: Mapping[str, Any]) -> bool:
    """Whether it was stopped before its first word and its first file."""
    made = answer.get("images") or answer.get("audio")
    return bool(answer.get("stopped")) and not answer["answer"].strip() and not made


def draw_after_stop(answer: Mapping[str, Any], again: Callable[[], None]) -> None:
    """Draw a button that asks once more; nothing for an answer that is complete."""
    if not answer.get("stopped"):
        return
    st.button(
        _("Try again"), key=f"retry-{answer['id']}", on_click=again, type="tertiary",
        icon=":material/refresh:",
    )  # fmt: skip


# -- A button below an answer that copies it with its marks and sources

_copy_component = st.components.v2.component(
    "pincite_copy",
    html='<div class="copying"></div>',
    css=read("copy_button.css"),
    js=script("copy_button"),
)


def draw_copy_button(answer: Mapping[str, Any]) -> None:
    """Draw nothing for an answer without words."""
    if answer["answer"]:
        data = {"text": copied(answer), "words": _copy_words()}
        _copy_component(key=f"copy-{answer['id']}", data=data, width="content")


def _copy_words() -> dict[str, str]:
    """Of copy_button.js."""
    return {
        "copy": _("Copy the answer with its sources"),
        "copied": _("Copied"),
        "blocked": _("Copying is blocked here"),
    }


def copied(answer: Mapping[str, Any]) -> str:
    """The answer as text with its marks, and the sources below."""
    sentences = [_copied(sentence) for sentence in answer["sentences"]]
    sources = [
        f"[{c['mark']}] {full_name(c)}, {place(c['page'], c.get('seconds'))}"
        for c in answer["citations"]
    ]
    text = " ".join(sentences).strip() or answer["answer"]
    notices = [_("Note: {notice}", notice=notice) for notice in answer.get("notices", ())]
    return "\n".join([text, "", *sources, *notices]) if sources or notices else text


def _copied(sentence: Mapping[str, Any]) -> str:
    """With its marks; code on lines of its own."""
    partly = support(sentence) == "partly"
    marks = [
        _("[closest: {mark}]", mark=mark) if partly else f"[{mark}]" for mark in sentence["marks"]
    ]
    if is_code(sentence["text"]):
        return "\n".join(["", sentence["text"], " ".join(marks)])
    return " ".join([sentence["text"], *marks])


# -- The buttons under an answer and in the sidebar that save answers: with evidence, or as Word,
# Markdown or a table.

Answer = Mapping[str, Any]


class _Form(NamedTuple):
    label: str
    mime: str
    icon: str


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_FORMS = {
    ".docx": _Form(
        "Word", f"{_OPEN_XML}.wordprocessingml.document", ":material/description:"
    ),
    ".pdf": _Form("PDF", "application/pdf", ":material/picture_as_pdf:"),
    ".md": _Form("Markdown", "text/markdown", ":material/notes:"),
    ".xlsx": _Form(N_("Table"), f"{_OPEN_XML}.spreadsheetml.sheet", ":material/table:"),
}  # fmt: skip


def draw_answer_export(assistant: Assistant, answer: Answer) -> None:
    """Draw the buttons, if the answer has a receipt; a file is made, and what an answer was made
    of is read, when its button is pressed."""
    receipts, identity = assistant.receipts, answer["id"]
    if receipts is None or not receipts.has(identity):
        return
    note = resources.noting()  # the pack is made outside of the page's thread
    st.download_button(
        _("Save with evidence"),
        data=lambda: _pack(receipts.get(identity), assistant.library, note),
        file_name=named(answer["question"], f"answer-{identity[:8]}", ".html"),
        mime="text/html",
        key=f"pack-{identity}",
        help=_("Save the answer, its cited lines and how it was made, in one HTML file"),
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
    with st.popover(
        _("Save as"), type="tertiary", icon=":material/file_save:",
        help=_("Save as Word, PDF, Markdown or a table, with a footnote for each citation"),
        key=f"save-{identity}",
    ):  # fmt: skip
        _forms(
            f"answer-{identity[:8]}", answer["question"], lambda: [receipts.get(identity).answer]
        )
    explanation.draw_answer_button(receipts, identity)


def draw_conversation_export(assistant: Assistant, identity: str) -> None:
    """Draw the buttons that save all answers of a conversation, if it has some."""
    if not (identity and assistant.conversations.library(identity)):  # nothing was asked yet
        return
    turns = assistant.conversations.turns
    with st.popover(
        _("Save this conversation"), type="tertiary", icon=":material/file_save:",
        key="save-conversation",
    ):  # fmt: skip
        _forms(
            f"conversation-{identity[:8]}", assistant.conversations.title(identity),
            lambda: turns(identity),
        )  # fmt: skip


def _forms(key: str, words: str, answers: Callable[[], Sequence[Answer]]) -> None:
    """`words` name the file."""
    for ending, form in _FORMS.items():
        st.download_button(
            _(form.label), data=partial(_file, ending, answers),
            file_name=named(words, key, ending), mime=form.mime, icon=form.icon, type="tertiary",
            key=f"{key}{ending}", on_click="ignore",
        )  # fmt: skip


def _file(ending: str, answers: Callable[[], Sequence[Answer]]) -> bytes:
    return FORMS[ending]([account(answer) for answer in answers()])


def _pack(receipt: Receipt, shown: AnyLibrary, note: Callable[[str, str, str], None]) -> str:
    """The pack, with pages of the answer's own library, whichever is shown."""
    note("exported", receipt.library, receipt.id)
    if receipt.library in ("", shown.name):
        return evidence_pack(receipt, shown)
    with composition.library_of(resources.settings(), receipt.library) as library:
        return evidence_pack(receipt, library)


# -- Below the last answer: questions that the documents answer, to go on with


def draw_follow_ups(
    assistant: Assistant, turns: Sequence[Mapping[str, Any]], ask: Callable[[str], None]
) -> None:
    """Draw nothing where there are none; they come when the answer has been drawn."""
    last = turns[-1]
    if last["refused"] or "wish" in last or not last["citations"]:
        return
    asked = [turn["question"] for turn in turns]
    key = (assistant.library.name, assistant.library.generation(), last["id"])

    def look() -> list[str]:
        return assistant.follow_ups(last, asked)

    found = session.next_questions().of(key, look)
    if found is None:
        _wait(key)
    elif found:
        _suggest(found, last["id"], ask)


@st.fragment(run_every=0.5)
def _wait(key: tuple[str, int, str]) -> None:
    if session.next_questions().of(key, list) is not None:
        st.rerun()


def _suggest(questions: Sequence[str], answer: str, ask: Callable[[str], None]) -> None:
    with st.container(key="follow-ups"):
        st.html(f'<p class="section">{as_html(_("Ask next"))}</p>')
        for at, question in enumerate(questions):
            st.button(
                plain(question), key=f"next-{answer}-{at}", on_click=ask, args=(question,),
                type="tertiary", icon=":material/subdirectory_arrow_right:",
            )  # fmt: skip


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
        st.info(plain(_(NONE)), icon=":material/volume_off:")
        missing = [vars(offer) for offer in _voices().offers()]
        tools.draw_model_offers({"id": key, "offers": missing}, _stop)


def _read_aloud_words() -> dict[str, str]:
    """Of read_aloud.js."""
    return {
        "idle": _("Read aloud"),
        "waiting": _("Preparing…"),
        "playing": _("Stop reading"),
        "lost": _("Reading aloud has ended, for no sound came."),
        "unplayable": _("The browser does not play it: {error}"),
    }


def _voices() -> Voices:
    return chosen_models.voices(resources.settings())


def _has_voice(text: str) -> bool:
    try:
        return _voices().of(text) is not None
    except PinciteError:
        return False  # pressing the button says why


def _told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The piece that the browser has asked for, once it is made."""
    reading = st.session_state.get(_READING, {})
    if reading.get("without") == answer["id"]:
        return {"none": True, "error": told(reading["error"])}
    if reading.get("id") != answer["id"]:
        return {"error": ""}
    aloud: Aloud = reading["aloud"]
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
    try:
        text = answer["answer"]
        voice = _voices().of(text)
        if voice is None:
            st.session_state[_READING] = {"without": answer["id"], "error": ""}
            return
        written = [part["text"] for part in parts(answer)]
        aloud = Aloud(written, voice, _voices().language_of(text))
        st.session_state[_READING] = {"id": answer["id"], "aloud": aloud, "start": start}
    except PinciteError as error:
        st.session_state[_READING] = {"without": answer["id"], "error": str(error)}


def _stop() -> None:
    reading = st.session_state.pop(_READING, {})
    if "aloud" in reading:
        reading["aloud"].stop()
