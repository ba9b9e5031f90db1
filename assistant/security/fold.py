"""Undoes how text is disguised: invisible signs, look-alike letters, spaced letters, Base64.

What is folded is only looked at, by the detector of instructions. Documents and citations keep
their own letters, and so does the prompt, which loses the signs that nobody sees.
"""

# ruff: noqa: RUF001

import base64
import binascii
import html
import re
import unicodedata

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
