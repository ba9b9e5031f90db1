"""Extracts numbers and languages of a message as arguments."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from assistant.attachments import AttachmentKind, attachment_kind
from assistant.contract.intents import (
    Answer,
    Chart,
    Clip,
    Describe,
    Draw,
    Edit,
    Enhance,
    Intent,
    Speak,
    Transcribe,
    Translate,
    Vary,
)

# -- What a router receives, a message with its files, and what it returns, a decision

_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "last": -1}


@dataclass(frozen=True)
class Decision:
    """An intent, and the short phrase that explains it.

    `notice` is shown instead of doing anything: what a command lacks. `question` is asked of the
    documents where it is not the message as it stands ("/ask how long is my leave?"). `guess` is
    the likeliest tool with its probability, where words were classified.
    """

    intent: Intent
    why: str = ""
    question: str = ""
    notice: str = ""
    guess: tuple[str, float] | None = field(default=None, compare=False)  # what it seemed to be


ANSWER = Decision(Answer())


@dataclass(frozen=True)
class Message:
    """The person's words and attachments, and what the turn before showed.

    It has no place for documents, so that no document can call a tool.
    """

    text: str
    files: tuple[Path, ...] = ()  # attached to this message
    shown: tuple[Path, ...] = ()  # attached to or made in the turn before, the latest at the end
    answer: str = ""  # the answer before, which "read it aloud" refers to; it decides nothing
    previous: str = ""  # the person's message before, which "plot it" refers to

    @cached_property
    def pictures(self) -> tuple[Path, ...]:
        """The attached pictures."""
        return _of(self.files, "picture")

    @cached_property
    def last_pictures(self) -> tuple[Path, ...]:
        return _of(self.shown, "picture")

    @cached_property
    def picture(self) -> Path | None:
        """The one that is referred to: attached, else the latest of the turn before."""
        return _referred(self.text, self.pictures) or next(reversed(self.last_pictures), None)

    @cached_property
    def recordings(self) -> tuple[Path, ...]:
        """The attached sound recordings."""
        return _of(self.files, "recording")

    @cached_property
    def videos(self) -> tuple[Path, ...]:
        """The attached videos."""
        return _of(self.files, "video")

    @cached_property
    def recording(self) -> Path | None:
        """What has sound: attached, else of the turn before."""
        with_sound = self.recordings or self.videos
        shown = _of(self.shown, "recording", "video")
        return _referred(self.text, with_sound) or next(reversed(shown), None)

    @cached_property
    def video(self) -> Path | None:
        return _referred(self.text, self.videos) or next(reversed(_of(self.shown, "video")), None)

    @cached_property
    def referred_pictures(self) -> tuple[Path, ...]:
        """All that are attached, unless one of them is named; else the latest."""
        named = _named(self.text, self.pictures)
        if named is not None:
            return (named,)
        return self.pictures or self.last_pictures[-1:]


def _of(files: Sequence[Path], *kinds: AttachmentKind) -> tuple[Path, ...]:
    return tuple(path for path in files if attachment_kind(path) in kinds)


def _referred(text: str, files: Sequence[Path]) -> Path | None:
    return _named(text, files) or (files[0] if files else None)


def _named(text: str, files: Sequence[Path]) -> Path | None:
    """The one whose name or number the text has: "b.png", "the second picture"."""
    if len(files) < 2:
        return None
    low = text.lower()
    for path in files:
        if re.search(rf"(?<!\w){re.escape(path.name.lower())}(?!\w)", low):
            return path
    for word, at in _ORDINALS.items():
        if at < len(files) and re.search(rf"\bthe {word}\b|^{word}\b", low):
            return files[at]
    stems = [path for path in files if re.search(rf"\b{re.escape(path.stem.lower())}\b", low)]
    return stems[0] if len(stems) == 1 else None


# Pixels: a picture of 16 is none, and of more than 4096 no model draws any.
_SIDE = r"(\d{2,4})"
# A sign or white space before it, tried where the white space begins and not at each of its places.
_LEAD = r"(?:[,;]\s*+|(?<!\s)\s++)?+"
_SIZE = re.compile(
    rf"(?:[,;:]\s*+|(?<!\s)\s++)?+(?:\b(?:at|in|with|of|as|size:?|sized|resolution:?)\s+)?(?:an?\s+)?"
    rf"\b{_SIDE}\s?(?:x|×|\*|by)\s?{_SIDE}(?:\s?(?:px|pixels?))?\b",
    re.IGNORECASE,
)
_SEED = re.compile(
    _LEAD + r"\(?(?:\b(?:and|with|using|use)\s+)?(?:\b(?:a|the)\s+)?\bseed\s*+"
    r"(?:is|=|:|of|number)?+\s*+(\d{1,10})\b\)?",
    re.IGNORECASE,
)
_STEPS = re.compile(
    _LEAD + r"\(?(?:\b(?:and|with|in|using|use)\s+)?\b(?:(\d{1,3})\s*+steps|steps\s*+(?:="
    r"|:)?+\s*+(\d{1,3}))"
    r"\b\)?",
    re.IGNORECASE,
)
_GUIDANCE = re.compile(
    _LEAD + r"\(?(?:\b(?:and|with|at)\s+)?\b(?:guidance|cfg)(?: scale)?\s*+(?:is|=|:|of)?+\s*+"
    r"(\d{1,2}(?:\.\d+)?)\b\)?",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    _LEAD + r"\b(?:negative(?: prompt)?|avoid)\s*+:\s*+((?s:.+))\Z", re.IGNORECASE
)
LANGUAGES = tuple(
    """
Afrikaans Albanian Arabic Armenian Azerbaijani Basque Belarusian Bengali Bosnian Bulgarian Catalan
Chinese Croatian Czech Danish Dutch English Estonian Farsi Finnish French Galician Georgian German
Greek Gujarati Hebrew Hindi Hungarian Icelandic Indonesian Irish Italian Japanese Kannada Kazakh
Khmer Korean Kurdish Lao Latin Latvian Lithuanian Luxembourgish Macedonian Malay Malayalam Maltese
Mandarin Marathi Mongolian Nepali Norwegian Pashto Persian Polish Portuguese Punjabi Romanian
Russian Serbian Sinhala Slovak Slovene Slovenian Somali Spanish Swahili Swedish Tagalog Tamil Telugu
Thai Tibetan Turkish Ukrainian Urdu Uzbek Vietnamese Welsh Yiddish Zulu
""".split()  # noqa: SIM905
)
LANGUAGE = rf"(?:{'|'.join(LANGUAGES)})"
_INTO = re.compile(rf"\b(?:in|into|to|for)\s+(?:plain\s+|simple\s+)?({LANGUAGE})\b", re.IGNORECASE)
_ANY = re.compile(rf"\b({LANGUAGE})\b", re.IGNORECASE)
_TIMES = re.compile(
    r"\b(?:(?:by|to|factor)\s+(?:a factor of\s+|factor\s+)?(\d)\b|(\d)\s?(?:x|×|times|fold)\b"
    r"|x\s?(\d)\b)",
    re.IGNORECASE,
)
_TWICE = re.compile(r"\b(?:twice|double|doubling|two times|2k)\b", re.IGNORECASE)
_FOUR = re.compile(r"\b(?:four times|quadruple|fourfold)\b", re.IGNORECASE)
_SAME_SIZE = re.compile(
    r"\b(?:same size|without (?:enlarging|upscaling|making it (?:bigger|larger))|keep the size)\b",
    re.IGNORECASE,
)
_MENDING = re.compile(
    r"\b(?:restor\w+|mend|repair\w*|de-?nois\w+|noisy?|grainy?|jpeg|artefacts|artifacts|faded"
    r"|scratch\w*|damaged)\b",
    re.IGNORECASE,
)
_LARGER = re.compile(
    r"\b(?:larger|bigger|enlarge\w*|upscal\w*|up-?res|resolution|size|print|blow)\b", re.IGNORECASE
)
SCALES = (1, 2, 4)


@dataclass(frozen=True)
class SlotNumbers:
    """The settings of a picture in a message; `rest` has its other words."""

    rest: str
    size: tuple[int, int] | None = None
    steps: int | None = None
    seed: int | None = None
    guidance: float | None = None
    negative: str = ""


def numbers(text: str) -> SlotNumbers:
    """The parts of "a fox, 512x512, seed 7": the size, the seed, and "a fox"."""
    rest, negative = _take(_NEGATIVE, text)
    rest, size = _take(_SIZE, rest)
    rest, seed = _take(_SEED, rest)
    rest, steps = _take(_STEPS, rest)
    rest, guidance = _take(_GUIDANCE, rest)
    return SlotNumbers(
        rest=tidy(rest),
        size=(int(size[0]), int(size[1])) if size else None,
        steps=next((int(found) for found in steps if found), None),
        seed=int(seed[0]) if seed else None,
        guidance=float(guidance[0]) if guidance else None,
        negative=tidy(negative[0]) if negative else "",
    )


def _take(pattern: re.Pattern[str], text: str) -> tuple[str, tuple[str, ...]]:
    """The text without the first match, and its groups; an empty tuple when there is none."""
    found = pattern.search(text)
    if found is None:
        return text, ()
    return f"{text[: found.start()]} {text[found.end() :]}", tuple(g or "" for g in found.groups())


def tidy(text: str) -> str:
    """One line without signs and space at its ends."""
    text = re.sub(r" ([,.;:!?])", r"\1", " ".join(text.split()))
    return text.strip(" ,;:.!?-–")


def language(text: str) -> str:
    """The target language of a translation; empty when none is named."""
    found = _INTO.findall(text) or _ANY.findall(text)
    return found[-1].capitalize() if found else ""


def scale(text: str, usual: int = 4) -> int:
    """How many times as large; the nearest that can be done. A damaged picture keeps its size."""
    if _SAME_SIZE.search(text) or (_MENDING.search(text) and not _LARGER.search(text)):
        return 1
    if _TWICE.search(text):
        return 2
    if _FOUR.search(text):
        return 4
    wanted = next((int(number) for found in _TIMES.findall(text) for number in found if number), 0)
    return min(SCALES, key=lambda known: abs(known - wanted)) if wanted else usual


# -- What a request is about, in its own words: what to draw, to chart, to speak, to ask of a
# picture
# The tool is known already. Only the words around the subject are matched, never what it says: a
# request that is worded unlike these grammars keeps all of its words.

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
_VERB = re.compile(  # not "a sketch of", "a drawing for"
    rf"\b{_DRAW}(?<!ing)(?:\s+(?:me|us))?(?:\s*:)?\s+"
    r"(?!(?:it|this|that|them|one|of|for|with|request)\b)(?=\w)",
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
    if found := _VERB.search(rest) or _MAKING.match(rest):
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
_SPOKEN = re.compile(  # "pronounce the word rhythm", "say good morning aloud"
    rf"^(?:pronounce|(?:say|speak|read|announce|recite)\b(?=.*\b{_ALOUD}\W*$))\s+"
    r"(?:the (?:words?|name|sentence|phrase)\s+)?"
    rf"(?!(?:{_ALOUD}|out|back|to)\b)(?P<text>.+?)(?:[\s,]+{_ALOUD}\W*)?$",
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
    found = _SPOKEN.match(request)
    return "" if found is None or _THAT.match(found["text"]) else found["text"]


_ONLY_DESCRIBE = re.compile(
    r"^\W*(?:describe|caption|alt[- ]text|explain)\b(?:\s+(?:for|of|this|that|it|the|my|attached"
    r"|first|second|third|last|picture|image|photo|drawing|please|here|file|what you (?:just )?drew"
    r"|one))*\W*$",
    re.IGNORECASE,
)


def image_question(text: str) -> str:
    """The question about a picture; empty when it should only be described."""
    return "" if _ONLY_DESCRIBE.match(core(text)) else text.strip()


# -- Fills the arguments and files of an intent from a message


def fill(tool: str, message: Message) -> Intent | None:
    """The intent; None when the message lacks a file, words, or the answer before."""
    text, picture = message.text, message.picture
    match tool:
        case "answer":
            return Answer()
        case "draw":
            return _draw_as(text, prompt_of(numbers(text).rest))
        case "edit":
            return _edit_as(message, core(text))
        case "vary" if picture:
            found = numbers(text)
            return Vary(picture, None, found.steps, found.seed)
        case "enhance" if picture:
            return Enhance(picture, scale(text))
        case "translate" if picture:
            return Translate(picture, language(text))
        case "describe" if pictures := message.referred_pictures:
            return Describe(pictures, image_question(text))
        case "transcribe" if message.recording:
            return Transcribe(message.recording)
        case "clip" if message.video:
            return Clip(message.video, text.strip())
        case "speak" if words := spoken_text(text) or message.answer:
            return Speak(words)
        case "chart" if (chart := chart_of(text, message.previous)).what:
            return chart
    return None


def fill_plain(tool: str, message: Message) -> Intent | None:
    """The same for words that are the argument alone, as after a command."""
    if tool == "draw":
        return _draw_as(message.text, message.text)
    if tool == "edit":
        return _edit_as(message, message.text)
    if tool == "speak" and message.text:
        return Speak(message.text)
    if tool == "describe" and (pictures := message.referred_pictures):
        return Describe(pictures, message.text)
    return fill(tool, message)


def _draw_as(text: str, prompt: str) -> Intent | None:
    found = numbers(text)
    prompt = numbers(prompt).rest
    if not prompt:
        return None
    return Draw(prompt, found.size, found.steps, found.seed, found.guidance, found.negative)


def _edit_as(message: Message, text: str) -> Intent | None:
    found = numbers(text)
    if message.picture is None or not found.rest:
        return None
    return Edit(
        message.picture, found.rest, steps=found.steps, seed=found.seed, guidance=found.guidance,
        negative=found.negative,
    )  # fmt: skip
