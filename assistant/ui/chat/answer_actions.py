"""What is drawn around an answer: ways on, copying, saving, and what its tool needs."""

import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st

from assistant.contract.facts import full_name, place
from assistant.conversation.assistant import Assistant
from assistant.conversation.listing import ConversationInfo
from assistant.export.documents import FORMS, account, named
from assistant.i18n.translation import N_, _, size, told
from assistant.models.catalogue import missing_extra
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.record import Receipt
from assistant.ui import resources, widgets
from assistant.ui.chat import explanation
from assistant.ui.chat.answer import draw_thumbs, parts
from assistant.ui.chat.explanation import DONE
from assistant.ui.widgets import as_html, button, draw_download, draw_until_end, plain
from assistant.wiring import chosen_models, composition
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.language.sentences import is_code
from vectorstore.federation import AnyLibrary

# -- Ways on from a refusal: answer anyway, or ask in one of the closest documents alone


def draw_after_refusal(answer: Mapping[str, Any], ask: Callable[..., None]) -> None:
    """Draw nothing for an answer. `ask` takes `anyway=True`, or the `documents` to ask alone, and
    asks in the place of the answer."""
    if not answer["refused"] or not answer.get("closest"):
        return
    key, closest = f"refused-{answer['id']}", full_name(answer["closest"][0])
    with st.container(horizontal=True, key=key):
        anyway = partial(ask, anyway=True)
        button(_("Answer anyway"), f"{key}-anyway", anyway, icon="lightbulb", type="secondary")
        label = plain(_("Ask only in {document}", document=readable(closest)))
        only = partial(ask, documents=[closest])
        button(label, f"{key}-only", only, icon="filter_alt", type="secondary")


# -- A button below an answer that copies it with its marks and sources

_copy = widgets.Component(
    "copy_button",
    '<div class="copying"></div>',
    words={
        "copy": N_("Copy the answer with its sources"),
        "copied": N_("Copied"),
        "blocked": N_("Copying is blocked here"),
    },
)


def copied(answer: Mapping[str, Any]) -> str:
    """The answer as text with its marks, and the sources below."""
    sentences = [_copied(sentence) for sentence in answer["sentences"]]
    sources = [
        f"[{c['mark']}] {full_name(c)}, {place(c['page'], c.get('seconds'))}"
        for c in answer["citations"]
    ]
    text = " ".join(sentences).strip() or answer["answer"]
    notices = [_("Note: {notice}", notice=notice) for notice in answer["notices"]]
    return "\n".join([text, "", *sources, *notices]) if sources or notices else text


def _copied(sentence: Mapping[str, Any]) -> str:
    """With its marks; code on lines of its own."""
    partly = sentence["support"] == "partly"
    marks = [
        _("[closest: {mark}]", mark=mark) if partly else f"[{mark}]" for mark in sentence["marks"]
    ]
    if is_code(sentence["text"]):
        return "\n".join(["", sentence["text"], " ".join(marks)])
    return " ".join([sentence["text"], *marks])


# -- The buttons under an answer and in the sidebar that save answers: with evidence, or as Word,
# Markdown or a table.

Answer = Mapping[str, Any]


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_FORMS = {  # label, kind and icon
    ".docx": ("Word", f"{_OPEN_XML}.wordprocessingml.document", "description"),
    ".pdf": ("PDF", "application/pdf", "picture_as_pdf"),
    ".md": ("Markdown", "text/markdown", "notes"),
    ".xlsx": (N_("Table"), f"{_OPEN_XML}.spreadsheetml.sheet", "table"),
}


def draw_answer_export(assistant: Assistant, answer: Answer) -> None:
    """Draw the menu of files, if the answer has a receipt; a file is made, and what an answer was
    made of is read, when its button is pressed."""
    receipts, identity = assistant.receipts, answer["id"]
    if receipts is None or not receipts.has(identity):
        return
    note = resources.noting()  # the pack is made outside of the page's thread
    with widgets.icon_menu(_("Save"), "file_save", f"save-{identity}"):
        _forms(
            f"answer-{identity[:8]}", answer["question"], lambda: [receipts.get(identity).answer]
        )
        draw_download(
            _("Save with evidence"), f"pack-{identity}",
            lambda: _pack(receipts.get(identity), assistant.library, note),
            named(answer["question"], f"answer-{identity[:8]}", ".html"), "text/html",
            help=_("Save the answer, its cited lines and how it was made, in one HTML file"),
        )  # fmt: skip


def draw_conversation_export(assistant: Assistant, info: ConversationInfo) -> None:
    """Draw the buttons that save all answers of a conversation."""
    turns = partial(assistant.conversations.turns, info.id)
    _forms(f"conversation-{info.id[:8]}", info.title, turns)


def _forms(key: str, words: str, answers: Callable[[], Sequence[Answer]]) -> None:
    """`words` name the file."""
    for ending, (label, mime, icon) in _FORMS.items():
        draw_download(
            _(label), f"{key}{ending}", partial(_file, ending, answers),
            named(words, key, ending), mime, icon=icon,
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


# -- The four icons below an answer: copy, save, good or bad, more


def draw_foot(assistant: Assistant, answer: Answer) -> None:
    """Draw nothing where nothing was written. Files that a tool made have buttons of their own."""
    made = answer.get("images") or answer.get("audio")
    if answer.get("stopped") and not answer["answer"].strip() and not made:
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xxsmall", key=f"below-{answer['id']}"
    ):
        if answer["answer"]:
            _copy.draw(f"copy-{answer['id']}", {"text": copied(answer)}, width="content")
        if "wish" not in answer:
            draw_answer_export(assistant, answer)
            draw_thumbs(answer)
        if not made:
            _draw_more(answer, explanation.explains(assistant.receipts, answer))


# -- Below the last answer: questions that the documents answer, to go on with


def draw_follow_ups(
    assistant: Assistant, turns: Sequence[Mapping[str, Any]], ask: Callable[[str], None]
) -> None:
    """Draw nothing where there are none; they are written when the answer has been drawn."""
    last = turns[-1]
    if last["refused"] or "wish" in last or not last["citations"]:
        return
    questions = assistant.follow_ups(last, [turn["question"] for turn in turns])
    if questions:
        with st.container(key="follow-ups"):
            st.html(f'<p class="section">{as_html(_("Ask next"))}</p>')
            for at, question in enumerate(questions):
                key, icon = f"next-{last['id']}-{at}", "subdirectory_arrow_right"
                button(plain(question), key, ask, question, icon=icon)
    draw_offering([citation["document"] for citation in last["citations"]])


def draw_offering(documents: Sequence[str]) -> None:
    """Begin to write questions that documents answer, and draw the page again when they are
    there."""
    writing = resources.offer_questions(list(dict.fromkeys(documents)))
    if writing and not writing.ended:
        draw_until_end(writing, 2.0)


# -- Offers a model that is not installed, with a button that fetches it


def draw_model_offers(answer: Mapping[str, Any], again: Callable[[], None]) -> None:
    """Under an answer that needs a model; `again` repeats the request once it is here."""
    for offer in answer.get("offers", ()):
        name, key = offer["name"], f"{answer['id']}-{offer['name']}"
        with st.container(key=f"offer-{key}", border=True):
            st.markdown(plain(describe_offer(offer)))
            fetch = resources.fetches().of(name)
            if fetch and not fetch.ended:
                draw_until_end(
                    fetch, 0.5, lambda now: st.progress(now.share, text=plain(told(now.doing)))
                )
            elif fetch and not fetch.error:
                button(_("Try again"), f"again-{key}", again, type="primary")
            elif fetch:
                widgets.show_error(fetch.error)
            if resources.is_owner() and (fetch is None or fetch.error):
                button(
                    _("Fetch it"), f"fetch-{key}", resources.fetch, name, icon="download",
                    type="secondary",
                )  # fmt: skip


def describe_offer(offer: Mapping[str, Any]) -> str:
    """Its name, size, licence and cost here."""
    weighs = size(offer["bytes"]) if offer["bytes"] else _("size unknown")
    extra = missing_extra(offer["role"])
    needs = _("needs {extra}", extra=f"pincite[{extra}]") if extra else ""
    notes = [note for note in (told(offer["note"]), needs) if note]
    return " · ".join([offer["name"], weighs, offer["licence"], *notes])


# -- Shows the chosen tool and why; one click asks the documents instead


_FILES = ("draw", "edit", "vary", "enhance", "speak", "chart")  # tools whose result is a file


def has_worked(answer: Mapping[str, Any]) -> bool:
    """Whether the tool has done what its name says: not without the model that it needs, and not
    where the answer is a refusal."""
    if answer["tool"] in _FILES:
        return bool(answer.get("images") or answer.get("audio"))
    return bool(answer["answer"]) and not answer["refused"]


def draw_tool_choice(answer: Mapping[str, Any], instead: Callable[[], None]) -> None:
    """Draw nothing for an answer. `instead` asks the documents the same question."""
    done, why = DONE.get(answer["tool"]), answer.get("why", "")
    if done is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"tool-{answer['id']}"):
        if has_worked(answer):
            told = _("{done}, because of {why}.", done=_(done), why=why) if why else f"{_(done)}."
            st.caption(plain(told))
        if why:  # a tool that was chosen by a command or a button
            key = f"instead-{answer['id']}"
            button(_("Ask the documents instead"), key, instead, icon="undo")


# -- The menu below an answer: it is read aloud, or explained
# The browser asks for one piece of sound after the other and plays them; `answer.js` marks the
# sentence that is heard, and shows its cited line.

_HOOD = "hood"  # in the session's state: the answer that is to be explained
_READING = "read-aloud"  # in the session's state: which answer is read, and how far
_WAIT = 0.3  # seconds that a run of the page waits for sound; the browser asks again

_aloud = widgets.Component(
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
def _draw_more(answer: Mapping[str, Any], explain: explanation.Explain | None) -> None:
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
    _aloud.draw(key, {"id": answer["id"], **has, **_piece(answer)}, events, width="content")
    if explain and st.session_state.get(_HOOD) == answer["id"]:
        del st.session_state[_HOOD]
        st.dialog(_("Under the hood"), width="large")(explanation.draw_explanation)(explain)
    reading = st.session_state.get(_READING, {})
    if reading.get("without") == answer["id"] and not reading["error"]:
        if _has_voice(answer["answer"]):  # fetched meanwhile
            st.success(_("The voice is here. Press “Read aloud” to hear the answer."))
            return
        voices = chosen_models.voices(resources.settings())
        st.info(plain(_(voices.none)), icon=":material/volume_off:")
        missing = [vars(offer) for offer in voices.offers()]
        draw_model_offers({"id": key, "offers": missing}, _stop)


def _has_voice(text: str) -> bool:
    with suppress(PinciteError):  # pressing the button says why
        return chosen_models.voices(resources.settings()).of(text) is not None
    return False


def _piece(answer: Mapping[str, Any]) -> dict[str, Any]:
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
        _stop()
        sentences = [part["text"] for part in parts(answer)]
        reading = {"without": answer["id"], "error": ""}
        try:
            aloud = chosen_models.read_aloud(resources.settings(), sentences, answer["answer"])
        except PinciteError as error:
            reading["error"] = str(error)
        else:
            if aloud:
                reading = {"id": answer["id"], "aloud": aloud, "start": want["start"]}
        st.session_state[_READING] = reading
    if reading.get("id") == answer["id"]:
        reading["asked"] = (number, nonce)


def _stop() -> None:
    reading = st.session_state.pop(_READING, {})
    if "aloud" in reading:
        reading["aloud"].stop()
