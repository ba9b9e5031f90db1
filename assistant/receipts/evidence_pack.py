"""An evidence pack: an answer with pictures of its cited lines, in one HTML file for anybody.

No script and no remote resource; whatever documents, models and people wrote is escaped.
"""

import base64
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from assistant.contract.reply import place
from assistant.receipts.highlight import highlighted, png
from assistant.receipts.record import Receipt, conditions, document_sha256
from ingest.document.model import Page
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.images import image_file
from vectorstore.library import Library

_SCALE = 2.0  # 144 dots per inch: sharp on paper, too
_AROUND = 54.0  # points of the page shown above and below the cited lines
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_CHANGED = "The document has changed, or is gone, since the answer: its page is not shown."


def evidence_pack(receipt: Receipt, library: Library | None) -> str:
    """A whole HTML page. Pages are shown from the library's own copies, while it has them."""
    parts = [
        _head(receipt),
        _answer(receipt.answer),
        *_citations(receipt, library),
        *_closest(receipt.answer),
        *_read(receipt),
        _made(receipt),
        *_prompt(receipt),
    ]
    body = "\n".join(parts)
    style = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{_text(receipt.answer['question'])}</title>\n<style>{style}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _text(value: object) -> str:
    return escape(str(value))


def _head(receipt: Receipt) -> str:
    of = f"library {receipt.library}" if receipt.library else "passages given with the question"
    about = f"Answered {receipt.made} from the {of}. Answer {receipt.id}."
    return f'<h1>{_text(receipt.answer["question"])}</h1><p class="about">{_text(about)}</p>'


def _answer(answer: Mapping[str, Any]) -> str:
    known = {citation["mark"] for citation in answer["citations"]}
    sentences = answer["sentences"] or [{"text": answer["answer"], "supported": True, "marks": []}]
    words = " ".join(_sentence(said, known, answer["refused"]) for said in sentences)
    notices = "".join(
        f'<p class="notice">{_text(notice)}</p>' for notice in answer.get("notices", ())
    )
    stopped = '<p class="notice">Stopped before it was complete.</p>' if answer["stopped"] else ""
    return f'<p class="answer">{words}</p>{notices}{stopped}'


def _sentence(said: Mapping[str, Any], known: set[int], refused: bool) -> str:
    marks = "".join(f' <a href="#c{mark}">[{mark}]</a>' for mark in said["marks"] if mark in known)
    if said["supported"] or refused:
        return f"{_text(said['text'])}{marks}"
    return f'<span class="unsupported">{_text(said["text"])}</span> (not found in the documents)'


def _citations(receipt: Receipt, library: Library | None) -> Iterator[str]:
    if receipt.answer["citations"]:
        yield "<h2>The cited lines</h2>"
    for citation in receipt.answer["citations"]:
        where = place(citation["page"], citation.get("seconds"))
        caption = f"[{citation['mark']}] {readable(citation['document'])}, {where}"
        yield (
            f'<figure id="c{citation["mark"]}"><figcaption>{_text(caption)}</figcaption>'
            f"<blockquote>{_text(citation['quote'])}</blockquote>"
            f"{_crop(receipt, citation, library)}</figure>"
        )


def _crop(receipt: Receipt, citation: Mapping[str, Any], library: Library | None) -> str:
    """The page around the cited lines as an image; a sentence where it cannot be shown."""
    if not receipt.library:
        return ""
    document = citation["document"]
    then = {source["document"]: source["document_sha256"] for source in receipt.sources}
    if library is None or document_sha256(library, document) != then.get(document, ""):
        return f'<p class="small">{_CHANGED}</p>'
    try:
        page = library.page(document, citation["page"])
        if not page.width:
            return ""  # a text or a recording: there is no page to draw
        data = base64.b64encode(_drawn(library.file(document), page, citation)).decode()
    except PinciteError as error:
        return f'<p class="small">{_text(error)}</p>'
    alt = _text(f"Page {page.number} of {readable(document)}, the cited lines marked")
    return f'<img alt="{alt}" src="data:image/png;base64,{data}">'


def _drawn(file: Path, page: Page, citation: Mapping[str, Any]) -> bytes:
    boxes = [tuple(box) for box in citation["boxes"]]
    image = highlighted(image_file.render(file, page.number, _SCALE), boxes, page.width)
    scale = image.width / page.width
    top = max(min((box[1] for box in boxes), default=0.0) - _AROUND, 0.0)
    bottom = min(max((box[3] for box in boxes), default=page.height) + _AROUND, page.height)
    return png(image.crop((0, int(top * scale), image.width, int(bottom * scale))))


def _closest(answer: Mapping[str, Any]) -> Iterator[str]:
    if answer["refused"]:
        yield "<h2>The closest passages</h2>"
        for passage in answer["passages"]:
            where = place(passage["page"], passage.get("seconds"))
            caption = f"{readable(passage['document'])}, {where}"
            yield (
                f"<figure><figcaption>{_text(caption)}</figcaption>"
                f"<blockquote>{_text(passage['text'])}</blockquote></figure>"
            )


def _read(receipt: Receipt) -> Iterator[str]:
    if receipt.sources:
        yield "<h2>What was read</h2><table><tr><th>document, page</th><th>sha256</th></tr>"
        for source in receipt.sources:
            where = f"{readable(source['document'])}, page {source['page']}"
            hashes = f"passage {source['passage_sha256']}"
            if source["document_sha256"]:
                hashes += f"\nfile {source['document_sha256']}"
            yield f"<tr><td>{_text(where)}</td><td>{_lines(hashes)}</td></tr>"
        yield "</table>"


def _made(receipt: Receipt) -> str:
    rows = {
        "model": "\n".join(_model(receipt)),
        **conditions(receipt),
        "embedding": receipt.embedding,
        "library generation": receipt.generation if receipt.library else "",
        "settings": ", ".join(f"{name} {value}" for name, value in receipt.settings.items()),
        "versions": ", ".join(f"{name} {value}" for name, value in receipt.versions.items()),
    }
    body = "".join(
        f"<tr><th>{_text(name)}</th><td>{_lines(value)}</td></tr>"
        for name, value in rows.items()
        if value
    )
    return f"<h2>How it was made</h2><table>{body}</table>"


def _model(receipt: Receipt) -> Iterator[str]:
    for name, value in receipt.model.items():
        # Not the folder: it may tell who is who.
        yield f"{name}: {Path(value).name if name == 'file' else value}"


def _lines(value: object) -> str:
    return _text(value).replace("\n", "<br>")


def _prompt(receipt: Receipt) -> Iterator[str]:
    steps = [[*step["asked"], ["wrote", step["written"]]] for step in receipt.steps]
    told = [message for messages in (receipt.asked, *steps) for message in messages]
    if told:
        yield "<h2>What the model was told</h2>"
    for role, text in told:
        yield f'<p class="small">{_text(role)}</p><pre>{_text(text)}</pre>'
