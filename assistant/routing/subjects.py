"""What a request is about, in its own words: what to draw, to chart, to speak, to ask of a picture.

The tool is known already. Only the words around the subject are matched, never what it says: a
request that is worded unlike these grammars keeps all of its words.
"""

import difflib
import re

from assistant.contract.intents import Chart
from assistant.routing.slots import tidy

_COURTESY = re.compile(  # before a request; one after another is taken away
    r"^[\s,.;:!–-]*(?:(?:hey|hi|hello|yo|dear \w+|good (?:morning|day|evening)|ok(?:ay)?|well|so"
    r"|now|then|next|and|but|also|just|thanks|please|pls|plz|kindly|maybe|quickly|again)\b"
    r"|(?:can|could|would|will|may|might|shall) (?:you|u|ya|we|i|someone|the \w+)\b"
    r"(?: be so (?:kind|good) (?:as to|and))?"
    r"|would you mind\b|(?:i|we)(?:['’]d| would| should)? (?:like|love|want|need|prefer) you to\b"
    r"|let['’]?s\b|let us\b|go (?:ahead|on)(?: and)?\b|feel free to\b|do me a favou?r\b|be so kind"
    r"(?: as to| and)?\b|help me(?: to)?\b|try to\b)[\s,.:;!–-]*",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?<![\s,.;!?–-])[\s,.;!?–-]++(?:please|pls|plz|thanks|thank you|thx|cheers|for (?:me|us)"
    r"|if you can|now|(?:could|would|can|will) you)[\s,.;:!?)–-]*$",
    re.IGNORECASE,
)
_MAKE = (
    r"(?:make|create|generate|produce|design|prepare|give|gimme|show|send|get|have|see|need|want"
    r"|like|love|fancy|appreciate|come up with|put together|looking for)(?:ing)?(?: (?:me|us))?"
)
_DRAW = r"(?:draw|paint|sketch|doodle|illustrate|depict|render|visuali[sz]e)(?:ing)?"
_DRAWN = r"(?:pictures?|images?|pics?|drawings?)"  # of any style: not part of the prompt
_STYLED = (
    r"(?:paintings?|sketch(?:es)?|photos?|illustrations?|artworks?|cartoons?|comics?|doodles?)"
)
_SHOWING = (
    r"(?:\s++(?:of|showing|depicting|with|where|about|in which|(?:that|which) (?:shows|depicts))\b"
    r"|\s*+:)\s*+"
)
_VERB = re.compile(rf"^{_DRAW}\b(?! request)(?:\s+(?:me|us))?\s*:?\s*", re.IGNORECASE)
_LATE_VERB = re.compile(  # not "a sketch of", "a drawing for"
    rf"\b{_DRAW}(?<!ing)(?:\s+(?:me|us))?\s+(?!(?:it|this|that|them|one|of|for|with)\b)(?=\w)",
    re.IGNORECASE,
)
_MAKING = re.compile(rf"^(?:.{{0,40}}?\b)?{_MAKE}\s+(?=(?:an?|some|another|the)\b)", re.IGNORECASE)
_PICTURE = re.compile(
    rf"^(?:(?:an?|some|another|one|the|new)\s+)*(?:[\w-]+\s+){{0,2}}?{_DRAWN}(?: request)?"
    rf"(?:\s+for [^:,]{{2,40}}?)?(?:{_SHOWING}|\s++(?=an?\s))",
    re.IGNORECASE,
)
_PURPOSE = re.compile(
    rf"^(?:an?\s+)?(?:\w+\s+)?(?:{_DRAWN}|{_STYLED})\s+(?:for\s+[^:]{{2,40}})?:\s*", re.IGNORECASE
)
_AS_PICTURE = re.compile(
    rf"(?:,?(?<!\s)\s++as\s+an?\s+(?:\w+\s+)?(?:{_DRAWN}|{_STYLED})"
    rf"|[,.;!]?(?<!\s)\s++(?:(?:and|then|now|please)\s+)*{_DRAW}\s+(?:it|this|that|them|one))\W*$",
    re.IGNORECASE,
)


def core(text: str) -> str:
    """ "Hey, could you please draw me a fox? Thanks" is "draw me a fox"."""
    text = " ".join(text.split())
    while (found := _COURTESY.match(text)) and found.end() < len(text):
        text = text[found.end() :]
    while (found := _THANKS.search(text)) and found.start() > 0:
        text = text[: found.start()]
    return text.strip()


def prompt_of(text: str) -> str:
    """The content of a picture: "draw a picture of a cat" is "a cat"; "a watercolour of a cat"
    stays."""
    rest = _spelled(core(text))
    if found := _VERB.match(rest) or _LATE_VERB.search(rest) or _MAKING.match(rest):
        rest = rest[found.end() :]
    for pattern in (_PICTURE, _PURPOSE):
        rest = pattern.sub("", rest, count=1)
    return tidy(_AS_PICTURE.sub("", rest)) or tidy(text)


def _spelled(text: str) -> str:
    """A first word that is nearly a verb of drawing becomes that verb: "drwa a fox"."""
    first, _, rest = text.partition(" ")
    near = difflib.get_close_matches(first.lower(), ("draw", "paint", "sketch"), n=1, cutoff=0.75)
    return f"{near[0]} {rest}" if near and rest else text


_CHART_NOUN = r"(?:charts?|graphs?|plots?|histograms?|diagrams?|pie)"
_CHART = (
    r"(?:(?:bar|column|line|pie|area|stacked|doughnut|trend)[- ]?\s*)*"
    rf"(?:{_CHART_NOUN}|curves?|bars|columns|lines?)"
)
_CHARTED = (
    rf"(?:{_MAKE}|(?:{_DRAW}|(?:re)?plot|chart|graph|display|present|turn|put|convert|represent"
    r"|transform|compare|build|do)(?: me| us)?)"
)
_CHART_OF = re.compile(
    rf"^(?:(?:{_CHARTED}\s+)?(?:(?:an?|the|some)\s+)?(?:\w+\s+)?{_CHART}|.{{0,60}}?\b{_CHART_NOUN})"
    r"(?:\s+(?:of|for|showing|with|about|on|comparing|from|(?:that|which|to) (?:show|compare)s?)\b"
    r"|\s*[:,-])\s*",
    re.IGNORECASE,
)
_CHART_VERB = re.compile(rf"^{_CHARTED}\b(?: out)?\s*:?\s*(?:for\s+)?", re.IGNORECASE)
_AS_CHART = re.compile(
    rf"[,]?\s+(?:(?:as|in|into|with|using|on)\s+(?:an?\s+|the\s+)?(?:\w+\s+)??)?{_CHART}\W*$"
    r"|\s+(?:graphically|plotted|charted)\W*$",
    re.IGNORECASE,
)
_CHART_IT = re.compile(
    rf"[,;.?!]*\s*\b(?:and\s+|then\s+|please\s+)*{_CHARTED}\s+(?:it|them|that)\W*$", re.IGNORECASE
)
_THAT = re.compile(
    r"(?:it|that|this|them|these|those|the same|everything|all|the (?:numbers|figures|values)"
    r"|(?:the|your) (?:\w+ )?(?:answer|reply|text|result)|(?:what|which) you (?:just )?\w+)\b",
    re.IGNORECASE,
)
_KINDS = (
    ("pie", r"\b(?:pie|doughnut|donut)s?\b"),
    ("line", r"\b(?:lines?|curves?)\b"),
    ("bar", r"\b(?:bars?|columns?|histogram)\b"),
)


def chart_of(text: str, previous: str = "") -> Chart:
    """The numbers in words, without the words for the chart itself, and its kind.

    `previous` is the message before, which "plot it" refers to.
    """
    request = core(text)
    what = _CHART_IT.sub("", _AS_CHART.sub("", f" {_CHART_OF.sub('', request)}"))
    what = tidy(_CHART_VERB.sub("", what.strip()))
    kinds = " ".join(re.findall(rf"\b{_CHART}\b", request, re.IGNORECASE))
    kind = next((kind for kind, words in _KINDS if re.search(words, kinds, re.IGNORECASE)), "")
    return Chart(previous if not what or _THAT.fullmatch(what) else what, kind)


_QUOTED = re.compile(r"[\"“”„«]([^\"“”„»]{1,4000})[\"“”»]|(?<!\w)['‘]([^'‘’]{2,4000})['’](?!\w)")
_ALOUD = r"(?:aloud|out loud|in an? \w+ voice)"
_SPOKEN = re.compile(
    r"^(?:say|speak|read|announce|recite|pronounce)(?: out)?\s+"
    r"(?:the (?:words?|name|sentence|phrase)\s+)?(?P<text>.+)$",
    re.IGNORECASE | re.DOTALL,
)


def spoken_text(text: str) -> str:
    """The words to speak: quoted, behind a colon, or between the verb and "aloud"; empty when the
    message names none and so refers to the answer before."""
    request = core(text)
    if quoted := _QUOTED.search(text):
        return (quoted[1] or quoted[2]).strip()
    _, colon, behind = text.partition(":")
    if colon and behind.strip():
        return behind.strip()
    found = _SPOKEN.match(
        re.sub(rf"(?<![\s,])[\s,]++{_ALOUD}\W*$", "", request, flags=re.IGNORECASE)
    )
    words = found["text"] if found and found["text"] != request else ""
    pronounced = re.search(rf"\b{_ALOUD}\W*$|^pronounce\b", request, re.IGNORECASE)
    return "" if not pronounced or _THAT.match(words) or _ALOUD_ONLY.match(words) else words


_ALOUD_ONLY = re.compile(rf"{_ALOUD}|out\b|back\b|to\b", re.IGNORECASE)
_ONLY_DESCRIBE = re.compile(
    r"^\W*(?:describe|caption|alt[- ]text|explain)\b(?:\s+(?:for|of|this|that|it|the|my|attached"
    r"|first|second|third|last|picture|image|photo|drawing|please|here|file|what you (?:just )?drew"
    r"|one))*\W*$",
    re.IGNORECASE,
)


def image_question(text: str) -> str:
    """The question about a picture; empty when it should only be described."""
    return "" if _ONLY_DESCRIBE.match(core(text)) else text.strip()
