"""Keeps text of a document from looking like a part of the conversation that it stands in.

A line that begins like a turn, a question or the name of a source is quoted with "> ", and names
of template tokens are broken up, also those that the vocabulary of the loaded model does not have.
"""

import re

from assistant.security.fold import visible

_SPEAKERS = (
    "system|developer|user|human|operator|(?:ai )?assistant|ai|bot|model|question|documents?"
    "|instructions?|input|output|response|nutzer|benutzer|assistent|frage|utilisateur|usager"
    "|question|usuario|asistente|pregunta"
)
_TURN = re.compile(
    rf"^(?=[^\S\n]*+(?:[#*\[_]{{0,4}}+[^\S\n]*+(?:{_SPEAKERS})[^\S\n]*+[\]*_]{{0,3}}+[^\S\n]*+[:\uff1a]"
    r"|#{1,4}+[^\S\n]*+(?:system|instruction|response|input|output)\b"
    r"|\[[^\]\n]+, page \d+\]|role[^\S\n]*+:))",
    re.IGNORECASE | re.MULTILINE,
)
_TOKEN = re.compile(
    r"(<|\[|<<)(?=(?:\|[^|<>\n]{1,40}\|>|/?(?=\w[^\W_]*+_\w)\w++>|/?INST\]|/?SYS>>|/?s>))"
)


def quoted(text: str) -> str:
    """The text for a prompt: without unseen signs, its turns quoted, its template tokens broken."""
    return _TURN.sub("> ", _TOKEN.sub(r"\1 ", visible(text)))
