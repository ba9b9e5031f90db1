"""Escapes text from documents, models and people, so that Streamlit shows it literally."""

import html
import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$^&=\"'])")
# Streamlit looks for emoji, icon and colour names after Markdown has taken the backslashes away,
# so that a colon has to be parted from the word behind it. U+2060 has no width and joins.
_COLON = re.compile(r":(?=[\w+-])")
_AUTOLINK = re.compile(r"(?i)\b(www|https?|ftp|mailto|xmpp)(?=[.:])|(?<=\w)@(?=\w)")


def plain(text: object) -> str:
    """Escape text for everything that Streamlit reads as Markdown, such as labels and errors."""
    one_line = " ".join(str(text).split())
    parted = _AUTOLINK.sub(lambda match: f"{match.group()}\u2060", one_line)
    return _MARKDOWN.sub(r"\\\1", _COLON.sub(":\u2060", parted))


def with_commands(text: str) -> str:
    """The same, but what stands between backticks is a command to type, shown as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return plain(text)
    return "".join(
        f"`{' '.join(part.split())}`" if at % 2 and part.strip() else _spaced(part)
        for at, part in enumerate(parts)
    )


def _spaced(part: str) -> str:
    """Escaped, with the spaces at its ends."""
    before = " " if part[:1].isspace() else ""
    after = " " if part[-1:].isspace() and part.strip() else ""
    return f"{before}{plain(part)}{after}"


def as_html(text: object) -> str:
    """For st.html, which knows no Markdown."""
    return html.escape(str(text))
