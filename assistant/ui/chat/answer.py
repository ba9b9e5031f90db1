"""Draws an answer document as sentences with marks that open their page."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from assistant import attachments
from assistant.contract.asked_in import from_row, in_words
from assistant.contract.facts import full_name, parts_of
from assistant.contract.intents import Enhance, Intent, Vary
from assistant.contract.reply import Progress
from assistant.errors import AssistantError
from assistant.feedback.ratings import Answer
from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.ui import resources, session, widgets
from assistant.ui.background import RunningAnswer
from assistant.ui.chat import explanation
from assistant.ui.session import Shown
from assistant.ui.viewer.page_view import whole_quote
from assistant.ui.widgets import Component, button, draw_download, plain, small_picture
from ingest.document.source import readable
from ingest.errors import PinciteError, UnreadableFile
from ingest.media.ffmpeg import clock
from vectorstore.federation import is_joined

# -- Thumbs under an answer, and the note that a cited page was opened


def draw_thumbs(answer: Answer) -> None:
    """Draw the menu of both thumbs; another click changes a rating, the same one withdraws it.

    A file of feedback that cannot be used takes the thumbs away, and not the answer.
    """
    key = f"thumbs-{answer['id']}"
    # A library learns from them: one alone, from its owner.
    if not resources.is_owner() or is_joined(resources.chosen()):
        return
    try:
        if key not in st.session_state:
            rated = resources.feedback().rated(answer["id"])
            st.session_state[key] = None if rated is None else int(rated)
    except PinciteError as error:
        st.caption(plain(_("No thumbs: {error}", error=told(str(error)))))
        return
    icon = {1: "thumb_up", 0: "thumb_down"}.get(st.session_state[key], "thumbs_up_down")
    with widgets.icon_menu(_("Good or bad"), icon, f"rate-{answer['id']}"):
        st.feedback("thumbs", key=key, on_change=_rate, args=(key, answer))


@session.errors_kept()
def _rate(key: str, answer: Answer) -> None:
    thumb, receipts = st.session_state[key], resources.assistant().receipts
    known = thumb and receipts is not None and receipts.has(answer["id"])
    alone = receipts is None or not known or receipts.get(answer["id"]).alone
    resources.feedback().rate(answer, None if thumb is None else bool(thumb), alone)


_CLOSEST = 4  # passages under a refusal
_OPENED = "opened-while-answered"  # in the session's state

_component = Component(
    "answer",
    '<div class="answer"></div>',
    words={
        "page": N_("page {page}"), "short_page": N_("p. {page}"),
        "unstated": N_("no line states this"), "unstated_words": N_("no line states {words}"),
        "not_found": N_("not found in the documents"), "copy": N_("Copy"), "copied": N_("Copied"),
        "blocked": N_("Copying is blocked here"), "copy_code": N_("Copy the code"),
        "code": N_("code"), "closest_lines": N_("The closest passages"),
        "heard_lines": N_("The lines that this sentence comes from"), "sources": N_("Sources"),
        "source": N_("Source {mark}: {document}, {place}"),
        "closest": N_("Closest lines {mark}: {document}, {place}"),
        "open_source": N_("Open source {mark}: {document}, {place}"),
        "open": N_("Open {document}, {place}"),
    },
)  # fmt: skip


def draw_answer(answer: Mapping[str, Any], shown: Shown | None) -> None:
    """Draw a finished answer. A click on a mark, source or passage opens its page."""
    key = f"answer-{answer['id']}"
    opened = shown.source.removeprefix(f"{key}/") if shown else ""
    _component.draw(key, _finished(answer, opened), {"open": partial(_open, key, answer)})


def draw_running_answer(running: RunningAnswer) -> None:
    """Draw a running answer: its words so far, or the current step and the closest lines before the
    first word; a click on one opens its page. Below it the progress of a tool that works in
    steps."""
    reply, seconds = running.reply, time.monotonic() - running.started
    key, quotes = f"running-{reply.id}", [vars(one) for one in reply.activity.quotes]
    data: dict[str, Any] = {"text": reply.so_far}
    if not reply.so_far:
        data = {"stage": stage_text(reply.activity.stage, seconds), "cards": _cards(key, quotes)}

    def open_card(card: object) -> None:
        _open(key, {"citations": (), "closest": quotes}, card)
        st.session_state[_OPENED] = True

    _component.draw(key, data, {"open": open_card})
    if st.session_state.pop(_OPENED, False):
        st.rerun()  # the page that is opened stands outside of this fragment
    if now := reply.activity.progress:
        with st.container(key="in-steps"):
            st.progress(now.share, text=said(now))


def stage_text(stage: str, seconds: float) -> str:
    """The current step as a short phrase, with the elapsed time after a while."""
    waited = f" {seconds:.0f} s" if seconds >= 3 else ""
    return f"{told(stage) or _('Starting')}…{waited}"


def _open(key: str, answer: Mapping[str, Any], mark: object) -> None:
    kind, _, number = str(mark).partition("-")
    if kind == "citation":
        every = {c["mark"]: _cited(key, c) for c in answer["citations"]}
        cited = every[int(number)]
        session.show(replace(cited, citations=tuple(every.values())))
    elif kind == "closest":
        session.show(replace(_cited(key, _closest(answer)[int(number)]), source=f"{key}/{mark}"))


def _closest(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The lines that come closest to what was refused; where none was told, those of passages."""
    return answer.get("closest") or [
        # Of a page several places may have been read.
        {**near, "mark": 0, "quote": max(parts_of(near["text"]), key=len), "boxes": ()}
        for near in answer["passages"][:_CLOSEST]
    ]


def _cards(key: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    library = resources.assistant().library
    return [
        {**_source(row), "id": f"closest-{at}", "text": whole_quote(library, _cited(key, row))}
        for at, row in enumerate(rows)
    ]


def _cited(key: str, citation: Mapping[str, Any]) -> Shown:
    """The page of a citation; `key` is that of its answer."""
    page, boxes = citation["page"], tuple(tuple(box) for box in citation["boxes"])
    source = f"{key}/citation-{citation['mark']}"
    return Shown(
        full_name(citation), page, page, citation["quote"], boxes, source,
        citation.get("seconds"),
    )  # fmt: skip


def _finished(answer: Mapping[str, Any], opened: str) -> dict[str, Any]:
    refused, told = answer["refused"], answer["notices"]
    return {
        "id": answer["id"],
        "sentences": _sentences(answer) if answer["answer"] else [],
        "citations": {c["mark"]: _source(c) for c in answer["citations"]},
        "lines": {c["mark"]: c["quote"] for c in answer["citations"]},
        "note": " ".join(told) if refused else _note(answer),
        "notices": [] if refused else told,
        "cards": _cards(f"answer-{answer['id']}", _closest(answer)) if refused else [],
        "opened": opened,
        "footer": footer(answer),
    }


_PLAIN = {"support": "supported", "unstated": [], "marks": []}  # a part that nothing is said of


def parts(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of an answer: sentences, the segments of a transcript, or the whole."""
    if heard := answer.get("segments"):
        return [{"text": s["text"], **_PLAIN, "time": clock(s["start"])} for s in heard]
    return answer["sentences"] or [{"text": answer["answer"], **_PLAIN}]


def _sentences(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    sentences = parts(answer)
    breaks = _line_breaks(answer["answer"], [s["text"] for s in sentences])
    return [
        {
            "text": s["text"],
            "support": "supported" if answer["refused"] else s["support"],
            "unstated": s["unstated"],
            "marks": s["marks"],
            "breaks": breaks[index],
            **({"time": s["time"]} if "time" in s and (breaks[index] or not index) else {}),
        }
        for index, s in enumerate(sentences)
    ]


def _line_breaks(text: str, sentences: Sequence[str]) -> list[bool]:
    """Whether each sentence begins a line of the answer."""
    breaks, end = [], 0
    for sentence in sentences:
        at = text.find(sentence, end)
        breaks.append(at > 0 and "\n" in text[end:at])
        end = at + len(sentence) if at >= 0 else end
    return breaks


def _note(answer: Mapping[str, Any]) -> str:
    found = {s["support"] for s in answer["sentences"]}
    notes = {
        _("Stopped before it was complete."): answer["stopped"],
        _("Dotted words: no line states them, and a dashed mark opens the closest one."): "partly"
        in found,
        _("Dotted sentence: not found in the documents."): "none" in found,
    }
    return " ".join(note for note, holds in notes.items() if holds)


def _source(row: Mapping[str, Any]) -> dict[str, Any]:
    """The source of a citation or passage; in a recording with its time."""
    source = {"document": readable(full_name(row)), "page": row["page"]}
    seconds = row.get("seconds")
    return source if seconds is None else {**source, "time": clock(seconds)}


def footer(answer: Mapping[str, Any]) -> str:
    """The footer: where it is from if no model wrote it, and which documents alone were asked.
    What made it, and how long that took, is under the hood."""
    by = _("quoted from the documents") if answer["model"] == "extractive" else ""
    if cells := len(answer.get("cells", ())):
        by = ngettext(
            "read from a cell of a table", "computed from {count} cells of a table", cells
        )
    within = in_words(from_row(answer.get("filter", {})))
    asked = _("Asked in: {filter}", filter=within) if within else ""
    return " · ".join(filter(None, [by, asked]))


# -- Shows pictures and sounds: attachments of a question, and output of tools

# What a tool makes out of nothing carries a mark, and can be made in another way. A chart shows
# numbers of a document: a similar one, or a sharper one, would show numbers that nobody stated.
_GENERATED = {"draw": N_("Generated"), "edit": N_("Changed by a model"), "vary": N_("Generated")}
_GENERATED["enhance"] = N_("Enhanced: a model has invented detail")
_MIME = {".png": "image/png", ".wav": "audio/wav", ".mp4": "video/mp4", ".gif": "image/gif"}
_WORDS = 6  # of the question, in the name of a file
_SHARP = 2  # pixels of a picture that came with a question, for one that is shown

Ask = Callable[[str, Intent], None]


def draw_attachments(paths: list[str], turn: str) -> None:
    """Draw attachments beside their question; a conversation may ask about a file twice."""
    if not paths:
        return
    with st.container(horizontal=True, horizontal_alignment="right", key=f"with-{turn}"):
        for path in map(Path, paths):
            is_picture = attachments.attachment_kind(path) == "picture"
            (_given if is_picture and path.exists() else _play)(path, 180)


def draw_outputs(answer: Mapping[str, Any], ask: Ask) -> None:
    """Draw output under an answer; `ask` runs a button's request as a new turn."""
    for kind in ("images", "audio"):
        for place, path in enumerate(map(Path, answer.get(kind, ()))):
            with st.container(key=f"made-{answer['id']}-{kind}-{place}"):
                _play(path, 512, answer["question"])
                if mark := _GENERATED.get(answer["tool"]):
                    st.badge(_(mark), icon=":material/auto_awesome:", color="orange")
                again = ask if answer["tool"] in _GENERATED else None
                _buttons(path, named(answer, path), f"{answer['id']}-{kind}-{place}", again)


def named(answer: Mapping[str, Any], path: Path) -> str:
    """What a file is called outside of the home: by the words it was made of, and its own."""
    words = re.findall(r"\w+", answer["question"].lower())[:_WORDS]
    return "-".join([*words, path.stem[:6]]) + path.suffix


def _given(path: Path, width: int) -> None:
    """A small copy of what a person gave: it may be damaged, huge, or of a kind that browsers do
    not show, and would break the page."""
    try:
        st.image(small_picture(path, _SHARP * width), width=width, alt=readable(path.name))
    except UnreadableFile as error:
        st.caption(plain(told(str(error))))


def _play(path: Path, width: int, alt: str = "") -> None:
    if not path.exists():
        st.caption(plain(_("{file} is gone from {folder}.", file=path.name, folder=path.parent)))
        return
    match attachments.attachment_kind(path):
        case "picture":
            st.image(str(path), width=width, alt=alt)
        case "video":
            st.video(str(path))
        case "recording":
            st.audio(str(path))
        case _:
            st.caption(plain(path.name))


def _buttons(path: Path, name: str, key: str, ask: Ask | None) -> None:
    """`ask` is None for what is not to be made again in another way."""
    if not path.exists():
        return
    with st.container(horizontal=True, key=f"with-made-{key}"):
        kind = _MIME.get(path.suffix)
        draw_download(_("Download"), f"download-{key}", path.read_bytes, name, kind)
        if resources.may_change():
            button(
                _("Add to library"), f"keep-{key}", _add, path, name, icon="library_add",
                help=_("Added as generated: it is never cited"),
            )  # fmt: skip
        if ask and attachments.attachment_kind(path) == "picture":
            explanation.draw_picture_button(path, key)
            alike, larger = Vary(path), Enhance(path)
            button(_("A similar picture"), f"vary-{key}", ask, "/vary", alike, icon="shuffle")
            button(_("Enlarge"), f"enlarge-{key}", ask, "/enhance", larger, icon="zoom_out_map")


def _add(path: Path, name: str) -> None:
    """Add it in the background, like files on the Library page; the library keeps a copy."""
    if not path.exists():  # deleted meanwhile, in another tab
        why = _("No longer in its place: {names}. Add it again from its new place.", names=name)
        raise AssistantError(why)
    with path.open("rb") as file:
        library = resources.library()
        resources.upload(library, "added", name, files=[(name, file)], shown=False)
    st.toast(_("It is being added to the library, as generated."))


def said(now: Progress) -> str:
    """`3 of 20 · about 12 s left`"""
    parts = []
    if now.of:
        parts.append(_("{done} of {total}", done=number(now.done), total=number(now.of)))
    if now.seconds_left is not None:
        parts.append(_("about {seconds} s left", seconds=number(now.seconds_left)))
    return " · ".join(parts)
