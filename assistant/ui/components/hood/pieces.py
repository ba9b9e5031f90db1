"""What the parts of an explanation are made of, as HTML."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assistant.contract.outcome import place
from assistant.ui.components.escaping import as_html
from ingest.document.source import readable


def where(row: Mapping[str, Any]) -> str:
    """A document and its page."""
    return f"<b>{as_html(readable(row['document']))}, {as_html(place(row['page'], None))}</b>"


def terms(rows: Iterable[tuple[str, str]]) -> str:
    """Names and what they are, as text."""
    found = "".join(f"<dt>{as_html(name)}</dt><dd>{as_html(text)}</dd>" for name, text in rows)
    return f"<dl>{found}</dl>"


def table_of(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The cells of `rows` are HTML. It is scrolled where it is too wide, also by the keyboard."""
    heads = "".join(f'<th scope="col">{as_html(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    name = as_html(", ".join(head))
    return f'<div class="wide" tabindex="0" role="region" aria-label="{name}">{table}</div>'
