"""Draws an answer document as sentences with marks that open their page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from assistant.contract.asked_in import from_row, in_words
from assistant.contract.outcome import Citation, full_name
from assistant.contract.reply import Reply
from assistant.i18n.numbers import number
from assistant.i18n.told import told
from assistant.i18n.translation import _, ngettext
from assistant.ui import session
from assistant.ui.components.answer import answer_words
from assistant.ui.components.answer.below import thumbs
from assistant.ui.components.scripts.script import read, script
from assistant.ui.session import Shown
from ingest.document.source import readable
from ingest.media.ffmpeg import clock

_EXCERPT = 260  # characters of a passage on its card
_CLOSEST = 4  # passages under a refusal

_component = st.components.v2.component(
    "pincite_answer",
    html='<div class="answer"></div>',
    css=read("answer.css"),
    js=script("answer"),
)


def draw(answer: Mapping[str, Any], shown: Shown | None) -> None:
    """Draw a finished answer. A click on a mark, source or passage opens its page."""
    key = f"answer-{answer['id']}"
    opened = shown.source.removeprefix(f"{key}/") if shown else ""
    _component(key=key, data=_finished(answer, opened), on_open_change=partial(_open, key, answer))


def draw_running(reply: Reply, seconds: float) -> None:
    """Draw a running answer: its words so far, or the current step and the best lines before the
    first word."""
    begun = bool(reply.so_far)
    stage = "" if begun else stage_text(reply.activity.stage, seconds)
    quotes = [] if begun else [_quoted(citation) for citation in reply.activity.quotes]
    data = {"text": reply.so_far, "stage": stage, "quotes": quotes, "words": answer_words.words()}
    _component(key=f"running-{reply.id}", data=data)


def _quoted(citation: Citation) -> dict[str, Any]:
    return {**_source(vars(citation)), "text": _excerpt(citation.quote)}


def stage_text(stage: str, seconds: float) -> str:
    """The current step as a short phrase, with the elapsed time after a while."""
    waited = f" {seconds:.0f} s" if seconds >= 3 else ""
    return f"{told(stage) or _('Starting')}…{waited}"


def _open(key: str, answer: Mapping[str, Any]) -> None:
    kind, _, number = str(st.session_state[key].open or "").partition("-")
    if kind == "citation":
        every = {c["mark"]: _cited(key, c) for c in answer["citations"]}
        cited = every[int(number)]
        session.show(replace(cited, citations=tuple(every.values())))
        thumbs.opened(answer, cited.document, cited.page)
    elif kind == "passage":
        near = answer["passages"][int(number)]
        page = near["page"]
        source, seconds = f"{key}/passage-{number}", near.get("seconds")
        session.show(Shown(full_name(near), page, page, near["text"], (), source, seconds))


def _cited(key: str, citation: Mapping[str, Any]) -> Shown:
    """The page of a citation; `key` is that of its answer."""
    page, boxes = citation["page"], tuple(tuple(box) for box in citation["boxes"])
    source = f"{key}/citation-{citation['mark']}"
    return Shown(
        full_name(citation), page, page, citation["quote"], boxes, source,
        citation.get("seconds"),
    )  # fmt: skip


def _finished(answer: Mapping[str, Any], opened: str) -> dict[str, Any]:
    refused = answer["refused"]
    return {
        "id": answer["id"],
        "sentences": [] if not answer["answer"] else _sentences(answer),
        "citations": {c["mark"]: _source(c) for c in answer["citations"]},
        "lines": {c["mark"]: _excerpt(c["quote"]) for c in answer["citations"]},
        "note": _note(answer),
        "notices": list(answer.get("notices", ())),  # answers of older versions have none
        "passages": [_card(p) for p in answer["passages"][:_CLOSEST]] if refused else [],
        "passages_title": _("The closest passages"),
        "opened": opened,
        "footer": footer(answer),
        "words": answer_words.words(),
    }


def parts(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of an answer: sentences, the segments of a transcript, or the whole."""
    if heard := answer.get("segments"):
        return [
            {"text": s["text"], "supported": True, "marks": [], "time": clock(s["start"])}
            for s in heard
        ]
    return answer["sentences"] or [{"text": answer["answer"], "supported": True, "marks": []}]


def _sentences(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    sentences = parts(answer)
    breaks = _line_breaks(answer["answer"], [s["text"] for s in sentences])
    return [
        {
            "text": s["text"],
            "support": "supported" if answer["refused"] else support(s),
            "unstated": list(s.get("unstated", ())),
            "marks": s["marks"],
            "breaks": breaks[index],
            **({"time": s["time"]} if "time" in s and (breaks[index] or not index) else {}),
        }
        for index, s in enumerate(sentences)
    ]


def support(sentence: Mapping[str, Any]) -> str:
    """ "supported", "partly" or "none"; answers of older versions say only whether it is."""
    return str(sentence.get("support") or ("supported" if sentence["supported"] else "none"))


def _line_breaks(text: str, sentences: Sequence[str]) -> list[bool]:
    """Whether each sentence begins a line of the answer."""
    breaks, end = [], 0
    for sentence in sentences:
        at = text.find(sentence, end)
        breaks.append(at > 0 and "\n" in text[end:at])
        end = at + len(sentence) if at >= 0 else end
    return breaks


def _note(answer: Mapping[str, Any]) -> str:
    found = set() if answer["refused"] else {support(s) for s in answer["sentences"]}
    notes = {
        _("Stopped before it was complete."): answer.get("stopped"),
        _("Dotted words: no line states them, and a dashed mark opens the closest one."): "partly"
        in found,
        _("Dotted sentence: not found in the documents."): "none" in found,
    }
    return " ".join(note for note, holds in notes.items() if holds)


def _source(row: Mapping[str, Any]) -> dict[str, Any]:
    """The source of a citation or passage; in a recording with its time."""
    seconds = row.get("seconds")
    time = {} if seconds is None else {"time": clock(seconds)}
    return {"document": readable(full_name(row)), "page": row["page"], **time}


def _card(passage: Mapping[str, Any]) -> dict[str, Any]:
    return {**_source(passage), "excerpt": _excerpt(passage["text"])}


def _excerpt(passage: str) -> str:
    text = " ".join(passage.split())
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def footer(answer: Mapping[str, Any]) -> str:
    """The footer: time, where it is from if no model wrote it, and which documents alone were
    asked. The sidebar names the model, and the receipt that of an older answer."""
    cells = len(answer.get("cells", ()))
    by = _("quoted from the documents") if answer["model"] == "extractive" else ""
    if answer.get("asked_back"):
        by = _("asks for clarification")
    if cells:
        by = ngettext(
            "read from a cell of a table", "computed from {count} cells of a table", cells
        )
    within = in_words(from_row(answer.get("filter", {})))
    asked = _("Asked in: {filter}", filter=within) if within else ""
    return " · ".join(filter(None, [f"{number(answer['seconds_total'], 1)} s", by, asked]))
