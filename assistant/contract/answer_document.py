"""The answer document: the JSON that the command line prints and conversations store."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.contract import asked_in
from assistant.contract.intents import to_row
from assistant.contract.outcome import Citation, Outcome, Sentence

if TYPE_CHECKING:
    from assistant.contract.reply import Reply


def answer_document(reply: "Reply") -> dict[str, Any]:
    """The JSON of a finished reply. Fields may be added; none is removed or changes its meaning."""
    done = reply.outcome
    assert done is not None
    return {
        "id": reply.id,
        "question": reply.question,
        "answer": done.text,
        "refused": done.refused,
        "asked_back": done.asked_back,
        "tool": reply.tool,
        "citations": [_citation_json(citation, done) for citation in done.citations],
        "sentences": [_sentence_json(sentence) for sentence in done.sentences],
        **({"closest": [_told(_line_json(c)) for c in done.closest]} if done.closest else {}),
        "passages": [_told(vars(passage)) for passage in done.passages],
        "notices": list(done.notices),
        **({"cells": [vars(cell) for cell in done.cells]} if done.cells else {}),
        **({"choices": list(done.choices)} if done.choices else {}),
        **({} if done.grounded else {"grounded": False}),
        **({"offers": [vars(offer) for offer in done.offers]} if done.offers else {}),
        **({"why": reply.why} if reply.why else {}),
        **({"wish": to_row(reply.intent)} if reply.intent else {}),
        **_made(reply),
        **({"filter": asked_in.to_row(reply.within)} if reply.within else {}),
        **({"attached": [str(path) for path in reply.attached]} if reply.attached else {}),
        "images": [str(path) for path in reply.images],
        "audio": [str(path) for path in reply.audio],
        "usage": {
            "prompt_tokens": done.prompt_tokens,
            "completion_tokens": done.completion_tokens,
        },
        "model": reply.model,
        **(
            {}
            if reply.trace.answerable is None
            else {"answerable": round(reply.trace.answerable, 4)}
        ),
        "stopped": done.stopped,
        **({"unsaved": reply.unsaved} if reply.unsaved else {}),
        "seconds_first_quote": reply.activity.seconds_first_quote,
        "seconds_first_token": reply.activity.seconds_first_token,
        "seconds_total": reply.activity.seconds_total,
    }


def _made(reply: "Reply") -> dict[str, Any]:
    """How a tool came to what it says: nothing else keeps it, for tools have no receipt."""
    facts = reply.trace.facts
    if not reply.intent or not (facts.looked or facts.heard):
        return {}
    heard = {"heard": asdict(facts.heard)} if facts.heard else {}
    return {"facts": {"looked": [asdict(one) for one in facts.looked], **heard}}


def _sentence_json(sentence: Sentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "supported": sentence.supported,
        "support": sentence.support,
        "unstated": list(sentence.unstated),
        "marks": list(sentence.marks),
    }


def _citation_json(citation: Citation, done: Outcome) -> dict[str, Any]:
    """With `support` "partly" when the lines are only close to the sentences that they stand at."""
    at = {s.support for s in done.sentences if citation.mark in s.marks}
    partly = {"support": "partly"} if at == {"partly"} else {}
    return _told({**_line_json(citation), **partly})


def _line_json(citation: Citation) -> dict[str, Any]:
    return {**vars(citation), "boxes": [[round(v, 2) for v in box] for box in citation.boxes]}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A row without empty rare fields, such as the seconds of a recording."""
    rare = {"seconds": None, "instructions": (), "library": ""}
    return {name: value for name, value in row.items() if name not in rare or value != rare[name]}
