"""Extracts numbers and languages of a message as arguments."""

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
_LEAD = r"(?:[,;:]\s*+|(?<!\s)\s++)?+\(?(?:\b(?:and|at|in|of|with|using|an?|the|size:?)\s+){0,2}"
_SIZE = re.compile(
    rf"{_LEAD}\b{_SIDE}\s?(?:x|×|\*|by)\s?{_SIDE}(?:\s?(?:px|pixels?))?\b", re.IGNORECASE
)
_IS = r"\s*+(?:is|=|:|of|number)?+\s*+"
_SEED = re.compile(rf"{_LEAD}\bseed{_IS}(\d{{1,10}})\b\)?", re.IGNORECASE)
_STEPS = re.compile(rf"{_LEAD}\b(?:(\d{{1,3}})\s*+steps|steps{_IS}(\d{{1,3}}))\b\)?", re.IGNORECASE)
_GUIDANCE = re.compile(
    rf"{_LEAD}\b(?:guidance|cfg)(?: scale)?{_IS}(\d{{1,2}}(?:\.\d+)?)\b\)?", re.IGNORECASE
)
_NEGATIVE = re.compile(
    rf"{_LEAD}\b(?:negative(?: prompt)?|avoid)\s*+:\s*+((?s:.+))\Z", re.IGNORECASE
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
_TIMES = re.compile(r"\b(?:by|to|factor)\s+(\d)\b|\b(\d)\s?(?:x|×|times|fold)\b|\bx\s?(\d)\b", re.I)
_TWICE = re.compile(r"\b(?:twice|double|doubling|two times|2k)\b", re.IGNORECASE)
_MENDING = re.compile(
    r"\b(?:restor\w+|mend|repair\w*|de-?nois\w+|noisy?|grainy?|faded|scratch\w*|damaged)\b",
    re.IGNORECASE,
)
_SAME_SIZE = re.compile(r"\b(?:same size|keep the size|without \w+ing)\b", re.IGNORECASE)
_LARGER = re.compile(r"\b(?:larger|bigger|enlarge\w*|upscal\w*|resolution|print)\b", re.IGNORECASE)
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


def scale(text: str) -> int:
    """How many times as large; the nearest that can be done. A damaged picture keeps its size."""
    if _SAME_SIZE.search(text) or (_MENDING.search(text) and not _LARGER.search(text)):
        return 1
    if _TWICE.search(text):
        return 2
    wanted = next((int(number) for found in _TIMES.findall(text) for number in found if number), 4)
    return min(SCALES, key=lambda known: abs(known - wanted))


# -- What a request is about, in its own words: what to draw, to chart, to speak, to ask of a
# picture
# The tool is known already. Only the most usual English words around the subject are taken away: a
# request that is worded in another way, or in another language, keeps all of its words.

_COURTESY = re.compile(
    r"^(?:(?:hey|hi|hello|yo|please|kindly|now|ok(?:ay)?|(?:can|could|would|will) (?:you|u|we)"
    r"|i(?:['’]d| would)? (?:like|want|need) you to|let['’]?s)\b[\s,.:!]*+)+",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:(?<![\s,.;!?])[\s,.;!?]++(?:please|pls|plz|thanks|thank you|for me)){1,4}[\s.!?]*+$",
    re.IGNORECASE,
)
_TO_DRAW = re.compile(  # not "a sketch of", "draw it"
    r"^.{0,60}?\b(?:(?:draw|paint|sketch|doodle|illustrate|depict|render|visuali[sz]e)(?:ing)?"
    r"(?: request)?(?: me| us)?(?:\s*+:\s*+|\s++)(?!(?:it|this|that|them|one|of|for|with)\b)"
    r"|(?:make|create|generate|produce|design|give|show|get|have|see|need|want|like|come up with)"
    r"(?: me| us)?\s++(?=(?:an?|some|another|the)\b))",
    re.IGNORECASE,
)
_PICTURE = re.compile(  # of a style, as a watercolour, it stays a part of the prompt
    r"^(?:.{0,20}\b)?(?:pictures?|images?|pics?|drawings?|illustrations?(?= for\b))\b"
    r"(?: for [^:]{2,40})?(?:\s*+:|\s++(?:of|showing|with|where)\b)\s*+",
    re.IGNORECASE,
)
_CHART = (
    r"(?:(?:bar|column|line|pie|area)[- ])?"
    r"(?:charts?|graphs?|plots?|diagrams?|histograms?|pie|bars|columns|lines?|curves?)"
)
_TO_CHART = re.compile(
    rf"^.{{0,40}}?\b(?:{_CHART}(?:\s*+:|\s++(?:of|for|showing|with)\b)\s*+"
    r"|(?:plot|chart|graph|draw|show|visuali[sz]e|display|put|turn|compare"
    r"|(?:like|want|need) to see)(?: me| us)?+(?:\s*+:\s*+|\s++)(?!an? ))",
    re.IGNORECASE,
)
_AS_CHART = re.compile(
    rf"(?:(?:,|(?<!\s))\s++(?:as|in|into|with)\s++(?:an?\s++)?{_CHART}"
    r"|(?<![\s,;.?!])[,;.?!]*+\s++(?:and |then ){0,3}(?:plot|chart|graph|draw) (?:it|them|that))"
    r"\W*$",
    re.IGNORECASE,
)
_KINDS = {
    "pie": re.compile(r"\b(?:pie|doughnut)\b", re.IGNORECASE),
    "line": re.compile(r"\b(?:line|curve)s?\b", re.IGNORECASE),
    "bar": re.compile(r"\b(?:bar|column|histogram)s?\b", re.IGNORECASE),
}
_THAT = re.compile(
    r"(?:(?:plot|chart|graph|draw|show) )?(?:it|that|this|them|these|those|the same"
    r"|(?:the|your) (?:\w+ )?(?:answer|reply|text|result)|the (?:numbers|figures|values))\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“”„«]([^\"“”„»]{1,4000})[\"“”»]|(?<!\w)['‘]([^'‘’]{2,4000})['’](?!\w)")
_SAY = re.compile(r"^(?:say|pronounce)\s+(?P<text>.+?)(?: aloud| out loud)?\W*$", re.IGNORECASE)
_ONLY_DESCRIBE = re.compile(
    r"^(?:describe|caption|explain)(?: (?:this|that|it|the|my|attached|first|second|third|last"
    r"|picture|image|photo|drawing|here))*\W*$",
    re.IGNORECASE,
)


def core(text: str) -> str:
    """ "Hey, could you please draw me a fox? Thanks" is "draw me a fox"."""
    plain = " ".join(text.split())
    return _THANKS.sub("", _COURTESY.sub("", plain)).rstrip("?! ") or plain


def prompt_of(text: str) -> str:
    """The content of a picture: "draw a picture of a cat" is "a cat"; "a watercolour of a cat"
    stays."""
    return tidy(_PICTURE.sub("", _TO_DRAW.sub("", core(text)))) or tidy(text)


def chart_of(text: str, previous: str = "") -> Chart:
    """The numbers in words, without the words for the chart itself, and its kind.

    `previous` is the message before, which "plot it" refers to.
    """
    request = core(text)
    what = tidy(_AS_CHART.sub("", _TO_CHART.sub("", request)))
    around = request.replace(what, " ") if what else request  # not the line of "product line"
    told = [kind for part in (around, request) for kind in _KINDS if _KINDS[kind].search(part)]
    kind = next(iter(told), "")
    return Chart(previous if not what or _THAT.fullmatch(what) else what, kind)


def spoken_text(text: str) -> str:
    """The words to speak: quoted, behind a colon, or behind "say"; empty when the message names
    none and so refers to the answer before."""
    if quoted := _QUOTED.search(text):
        return (quoted[1] or quoted[2]).strip()
    if behind := text.partition(":")[2].strip():
        return behind
    said = _SAY.match(core(text))
    return said["text"] if said and not _THAT.match(said["text"]) else ""


def image_question(text: str) -> str:
    """The question about a picture; empty when it should only be described."""
    return "" if _ONLY_DESCRIBE.match(core(text)) else text.strip()


# -- Fills the arguments and files of an intent from a message


def fill(tool: str, message: Message, plain: bool = False) -> Intent | None:
    """The intent; None when the message lacks a file, words, or the answer before. `plain`: its
    words are the argument alone, as after a command."""
    text, picture = message.text, message.picture
    found = numbers(text)
    match tool:
        case "draw":
            prompt = found.rest if plain else prompt_of(found.rest)
            return _draw(prompt, found) if prompt else None
        case "edit":
            prompt = found.rest if plain else core(found.rest)
            return _edit(picture, prompt, found) if picture and prompt else None
        case "vary":
            return Vary(picture, None, found.steps, found.seed) if picture else None
        case "enhance":
            return Enhance(picture, scale(text)) if picture else None
        case "describe":
            asked = text if plain else image_question(text)
            pictures = message.referred_pictures
            return Describe(pictures, asked) if pictures else None
        case "translate":
            return Translate(picture, language(text)) if picture else None
        case "transcribe":
            return Transcribe(message.recording) if message.recording else None
        case "clip":
            return Clip(message.video, text.strip()) if message.video else None
        case "speak":
            words = (text if plain else spoken_text(text)) or message.answer
            return Speak(words) if words else None
        case "chart":
            chart = chart_of(text, message.previous)
            return chart if chart.what else None
    return Answer()


def _draw(prompt: str, found: SlotNumbers) -> Draw:
    return Draw(prompt, found.size, found.steps, found.seed, found.guidance, found.negative)


def _edit(picture: Path, prompt: str, found: SlotNumbers) -> Edit:
    return Edit(
        picture, prompt, steps=found.steps, seed=found.seed, guidance=found.guidance,
        negative=found.negative,
    )  # fmt: skip
