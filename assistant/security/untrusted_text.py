"""Undoes how text is disguised: invisible signs, look-alike letters, spaced letters, Base64.

What is folded is only looked at, by the detector of instructions. Documents and citations keep
their own letters, and so does the prompt, which loses the signs that nobody sees.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator

# -- Keeps links and pictures that the documents do not give out of an answer while it is written
# A model can be talked into an address, or make one up. An address stays when it stands in what the
# model has read, where instructions to an assistant are left out, or in the question. The markup of
# links and pictures is reduced to its words.

REMOVED = "[address removed]"
_NAME = r"(?:[a-z0-9-]{1,63}+\.){1,20}[a-z]{2,}"
_ADDRESS = re.compile(
    rf"(?:\b(?:https?|ftp)://|\bmailto:|\bwww\.|\bdata:(?=\w+/))[^\s<>\"'“”»)\]]+"
    rf"|\b[\w.+-]{{1,80}}@{_NAME}",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?P<picture>!?)\[(?P<words>[^\[\]\n]*+)\]\(\s*+"
    r"(?P<address>(?=[^)\s.:/]{0,800}+[.:/])[^)\s]{0,800}+)[^)\n]{0,800}+\)"
)
_TAG = re.compile(r"<(?:img|a|iframe|script|link|video|audio)\b[^>\n]{0,500}+>|</a>", re.IGNORECASE)
_OPEN = re.compile(r"(?:!?\[[^\]\n]*(?:\](?:\([^)\n]*\)?)?)?\S*|<(?=[a-z/])[^>\n]*>?\S*|\S+)\Z")
_LONGEST = 500  # characters that are held back until markup is closed
_REST = re.compile(r"[\W_]+")


class AddressFilter:
    """Passes a text on in pieces, without addresses that stand in none of the texts given."""

    def __init__(self, read: Iterable[str]) -> None:
        """`read`: what the model has read, and the question."""
        self._read = _letters(" ".join(read))
        self._held = ""

    def feed(self, text: str) -> str:
        """The part of the text so far that can be shown: a word or link that may go on is held."""
        self._held += text
        open_end = _OPEN.search(self._held[-_LONGEST:])
        length = len(open_end[0]) if open_end else 0
        cut = len(self._held) - length
        ready, self._held = self._held[:cut], self._held[cut:]
        return self.clean(ready)

    def rest(self) -> str:
        """What was held back, when the text has ended."""
        ready, self._held = self._held, ""
        return self.clean(ready)

    def clean(self, text: str) -> str:
        """A whole text without such addresses."""
        text = _TAG.sub(self._known_tag, _LINK.sub(self._without_markup, text))
        return _ADDRESS.sub(self._known, text)

    def _without_markup(self, link: re.Match[str]) -> str:
        words, address = link["words"], link["address"]
        if link["picture"] or not self._stands(address) or address == words:
            return words
        return f"{words} ({address})"

    def _known_tag(self, tag: re.Match[str]) -> str:
        return tag[0] if self._stands(tag[0]) else ""

    def _known(self, address: re.Match[str]) -> str:
        return address[0] if self._stands(address[0]) else REMOVED

    def _stands(self, address: str) -> bool:
        """Whether it was read, also where a line end divided it."""
        letters = _letters(address)
        return bool(letters) and letters in self._read


def shown(parts: Iterable[str], read: Iterable[str]) -> Iterator[str]:
    """The parts of a text as they may be shown, as `AddressFilter` passes them on."""
    kept = AddressFilter(read)
    for part in parts:
        if ready := kept.feed(part):
            yield ready
    if rest := kept.rest():
        yield rest


def _letters(text: str) -> str:
    return _REST.sub("", re.sub(r"https?://|www\.|mailto:", "", text.casefold()))


# ruff: noqa: RUF001


# Letters of other scripts that look like Latin ones, from the Unicode confusables (UTS 39) as
# confusable-homoglyphs 3.3.1 has them. Full width, bold and joined letters are NFKC's.
_LOOK_ALIKE = (
    "ıƄƍƖƦƽǀɑɡɢɣɩɪɯɴʀʋʏʙʜʟͿΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγινορσυϜϳϺЅІЈАВЕКМНОРСТУХЬагеорсухѕіјѡѴ"
    "ѵҮүһҽӀӏԁԌԛԜԝՍՏՕագզհոռսցքօᎠᎡᎢᎥᎩᎪᎫᎬᎳᎷᎻᎽᏀᏂᏃᏏᏒᏔᏕᏙᏚᏞᏟᏢᏦᏧᏳᏴᴀᴄᴅᴇᴊᴋᴍᴏᴑᴘᴛᴜᴠᴡᴢᴦᶃᶌẝỿꙇꜰꜱ"
    "ꞘꞙꞟꞲꞳꞴꬲꬵꬽꭇꭈꭎꭒꭚꭵꮁꮃꮓꮩꮪꮯ"
)
_LATIN = (
    "ibglRslaggyiiwnruybhlJABEZHIKMNOPTYXayivopouFjMSIJABEKMHOPCTYXbareopcyxsijwV"
    "vYyheIldGqWwUSOwqqhnnugfoDRTiYAJEWMHYGhZbRWSVSLCPKdGBacdejkmooptuvwzrgyfyifs"
    "FfuJXBeforruuyirwzvsc"
)
_LIKE = str.maketrans(_LOOK_ALIKE, _LATIN)
_TAGS = {place: chr(place - 0xE0000) for place in range(0xE0020, 0xE007F)}  # hidden ASCII
# Format characters, without the joiners that Arabic, Indic scripts and emojis need.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_JOINERS = re.compile("(?<=[ -\u024f])[\u200c\u200d]+(?=[ -\u024f])")  # between Latin letters
_SPACED = re.compile(r"(?<!\S)\S(?:([ ._*\-|])\S(?!\w)){3,}(?:\s{2,}\S(?:\1\S(?!\w))*)*")
_CELLS = re.compile(
    r"(?:(?<![<\s])\s++)?+(?<!<)\|(?!>)\s*+"
)  # of a table; not the bars of "<|user|>"
_BASE64 = re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{20,}={0,2}(?![\w+/])")
_DIGIT_LETTERS = str.maketrans("013457@$", "oieastas")
_DIGITS = re.compile(
    r"(?<=[a-z])[013457@$]{1,3}(?=[a-z])|(?<![\w.,])[013457@$](?=[a-z]{3})", re.IGNORECASE
)


def visible(text: str) -> str:
    """The text without signs that nobody sees, as a model may read it."""
    return _JOINERS.sub("", _UNSEEN.sub("", text))


def fold(text: str) -> str:
    """The text as a person would read it aloud, for looking at: Latin letters without accents and
    disguise, on one line. Hidden tag characters follow it, and Base64 is decoded."""
    shown = _BASE64.sub(_decoded, html.unescape(text))
    if not shown.isascii():
        hidden = "".join(_TAGS.get(ord(sign), "") for sign in text if ord(sign) >= 0xE0000)
        shown = f"{_unaccented(visible(shown))} {hidden}"
    shown = _DIGITS.sub(lambda word: word[0].translate(_DIGIT_LETTERS), shown)
    return " ".join(_CELLS.sub(" ", _SPACED.sub(_joined, shown)).split())


def _unaccented(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.translate(_LIKE))
    return "".join(sign for sign in parts if not unicodedata.combining(sign)).translate(_LIKE)


def _joined(spaced: re.Match[str]) -> str:
    """Letters that stand alone, as words; two spaces or more are between words."""
    if sum(map(str.isalpha, spaced[0])) < len(spaced[0]) / 4:
        return spaced[0]
    return " ".join(word.replace(spaced[1], "") for word in re.split(r"\s{2,}", spaced[0]))


def _decoded(code: re.Match[str]) -> str:
    """What Base64 says, where that is text of several words."""
    try:
        said = base64.b64decode(code[0] + "=" * (-len(code[0]) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return code[0]
    return said if said.isprintable() and " " in said else code[0]


# -- Keeps text of a document from looking like a part of the conversation that it stands in
# A line that begins like a turn, a question or the name of a source is quoted with "> ", and names
# of template tokens are broken up, also those that the vocabulary of the loaded model does not
# have.

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
