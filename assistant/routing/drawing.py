"""Is a new picture wished for? Rules on the core of a message.

A question about drawings, and "draw" in its other senses (up a list, a conclusion, a pension), is
none: whoever is wrong here makes a person wait minutes for a picture that nobody wanted.
"""

import re
from dataclasses import dataclass

from assistant.routing.arguments import numbers, tidy
from assistant.routing.manners import core, is_question
from assistant.wishes import Chart, Draw

_WORD_OF = r"(?:pictures?|images?|pics?|drawings?)"  # said of any picture: not part of the prompt
_STYLE = (  # these say how it is to look
    r"(?:illustrations?|paintings?|sketch(?:es)?|photos?|photographs?|cartoons?|artworks?"
    r"|water-?colou?rs?"
    r"|portraits?|posters?|logos?|icons?|wallpapers?|avatars?|comics?|comic strips?|doodles?"
    r"|cliparts?|clip art"
    r"|murals?|engravings?|etchings?|woodcuts?|linocuts?|collages?|caricatures?|stickers?"
    r"|emojis?|mascots?"
    r"|renderings?|renders|line art|pixel art|concept art|landscapes?|still li(?:fe|ves)|art)"
)
_LOOKS = (
    r"(?:oil|acrylic|pencil|ink|charcoal|pastel|crayon|digital|photo-?realistic|realistic|abstract"
    r"|small|little|large|big|nice|pretty|beautiful|cute|funny|simple|detailed|colou?rful"
    r"|black[- ]and[- ]white"
    r"|minimalist|minimal|flat|vintage|retro|square|wide|tall|new|quick|rough|random|modern"
    r"|dark|bright|stylised"
    r"|stylized|high[- ]quality|hand[- ]drawn|cover|title|profile|header|background|desktop"
    r"|line|pixel|vector"
    r"|book|children['’]s|fantasy|surreal|cinematic|line|3d|hd|4k|ai|generated)"
)
ONE = r"(?:an?|one|some|another|a few|two|three|four|\d|any)"
_SHOWING = (
    r"(?:\s+(?:of|showing|depicting|with|where|that shows|which shows|that depicts|featuring"
    r"|in which|about"
    r"|containing)\b|\s*:)"
)
_NOUN = re.compile(
    rf"(?:(?P<one>{ONE})\s+)?(?:(?:{_LOOKS})\s+|,\s*)*(?:{_WORD_OF}|{_STYLE})\b", re.IGNORECASE
)
MAKE = (
    r"(?:make|create|generate|produce|design|compose|prepare|provide|craft|do|whip up"
    r"|come up with|put together"
    r"|give|show|send|get|have|see|let (?:me|us) (?:see|have)|i(?:\s+would|['’]d)?\s+(?:like"
    r"|love|want|need)(?:\s+to\s+(?:see|have|get))?"
    r"|i\s+wish\s+to\s+(?:see|have)|i\s+(?:want|need|wish for|could use)|i['’]?m looking for"
    r"|we(?:\s+would|['’]d)?\s+(?:like|need|want)|need|want|wanted"
    r"|new|request|requesting)"
)
_MAKING = re.compile(rf"^{MAKE}\s+(?:me\s+|us\s+)?(?:up\s+)?", re.IGNORECASE)
_VAGUE = re.compile(
    r"\b(?:pictures?|images?|sketch(?:es)?|illustrations?|portraits?)$", re.IGNORECASE
)
# A noun may go on: "design a logo policy" asks for no logo.
_ENDS = re.compile(
    r"\s*(?:$|[,.;!?(-]|(?:for|in|on|at|like|from|which|that|as|to|over|under|after|by|and"
    r"|please)\b)",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    rf"^(?:{_WORD_OF}|{_STYLE}|draw(?:ing)?)\s*(?:request|wish|wanted|task|please|prompt)?\s*:\s*",
    re.IGNORECASE,
)
_DRAWING = re.compile(
    r"^(?P<verb>draw(?:ing)?|drwa|darw|dra|paint(?:ing)?|sketch(?:ing)?|doodl(?:e|ing)"
    r"|illustrat(?:e|ing)"
    r"|render(?:ing)?|visuali[sz](?:e|ing)|depict(?:ing)?|picture|imagine)\b\s*(?::|(?:me|us"
    r"|for me|for us)\b)?\s*",
    re.IGNORECASE,
)
# "draw" and "paint" without a picture.
_NOT_DRAWN = re.compile(
    r"^(?:it|them|this|that|these|those)\b"
    r"|^(?:[\w'’-]+\s+){0,3}?(?:conclusions?|comparisons?|distinctions?|parallels?|inferences?"
    r"|lessons?|attention|inspiration"
    r"|analog(?:y|ies)|criticisms?|implications?|insights?|flow ?charts?"
    r"|org(?:ani[sz]ation(?:al)?)? ?charts?|gantt|mind ?maps?"
    r"|decision trees?|timelines?|(?:tables?|lists?|summar(?:y|ies)|overviews?|outlines?"
    r"|diagrams?|schemas?) (?:of|for)"
    r"|summar(?:y|ies)|overviews?)\b"
    r"|^(?:up|on|upon|from|down|out|back|in|near|off|away|level|lots|straws|blood|breath|close"
    r"|over|to)\b"
    r"|^(?:the |an? |any |some |your |all |more |own |main |broad |clear |useful |right "
    r"|following )*"
    r"(?:conclusions?|comparisons?|distinctions?|parallels?|inferences?|lessons?|inspiration"
    r"|attention|criticism"
    r"|analog(?:y|ies)|line between|line at|lines between|connections?|links?|benefits?"
    r"|pensions?|salary"
    r"|salaries|wages?|money|cash|funds?|loans?|winners?|raffle|lottery|lots|balance|breath"
    r"|consequences"
    r"|contrast|differences?|insights?|moral|support|strength|interest|distinction"
    r"|implications?)\b",
    re.IGNORECASE,
)
# What is written, not drawn: with weaker verbs than "draw" they ask for words.
_WRITTEN = re.compile(
    r"\b(?:arguments?|procedures?|process(?:es)?|concepts?|principles?|ideas?|polic(?:y|ies)"
    r"|rules?|regulations?|strateg(?:y|ies)"
    r"|situation|outlook|history|differences?|steps|proposals?|services|provisions?|clauses?"
    r"|meanings?|points?"
    r"|examples?|finances?|obligations?|requirements?|consequences|risks?|approach|methods?"
    r"|plans?|schedule|timeline"
    r"|decision|state of|problem|solution|causes?|reasons?|importance|advantages?|effects?"
    r"|impact|results?|findings"
    r"|how|why|what|whether|contract|agreement|law|responsibilities|workflow|structure"
    r"|relationship)\b",
    re.IGNORECASE,
)
_FIGURATIVE = re.compile(
    r"\b(?:clear|clearer|full|fuller|complete|overall|big|bigger|better|true|accurate|broad"
    r"|general|whole"
    r"|realistic|balanced|rough|gloomy|bleak|rosy|fair|detailed)\s+(?:picture|image|sketch)\b"
    r"|\bpicture (?:on|about)\b",
    re.IGNORECASE,
)
OF_DOCUMENTS = re.compile(
    r"\b(?:in|on|from|of|according to)\s+(?:the|this|that|our|my|your|page|section|chapter"
    r"|appendix|annex|figure)\s*"
    r"(?:\w+\s+){0,2}(?:document|documents|handbook|report|contract|policy|manual|brochure"
    r"|paper|page|section"
    r"|chapter|pdf|file|files|library|appendix|annex|survey|audit|lease|agreement|guide|book"
    r"|minutes|slides?"
    r"|presentation|article|study|\d+)\b",
    re.IGNORECASE,
)
_DEFINITE = re.compile(r"^(?:the|this|that|these|those|our|my|your|its|their)\b", re.IGNORECASE)
_DRAW_IT = re.compile(
    r"^(?:(?:imagine|picture|think of|take)\s+)?(?P<what>.+?)[,;.!]?\s+(?:(?:and|then|now"
    r"|please)\s+)*(?P<verb>draw|paint"
    r"|sketch|illustrate)(?:\s+me)?\s+(?:it|that|this|them)\W*$",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"^(?:another|a new|one more|a different)(?: one"
    r"| picture)?\s*[,:;]?\s*(?:this time\s*)?(?:with\s+|of\s+)?",
    re.IGNORECASE,
)
_LOOKS_LIKE = re.compile(
    r"^(?:what|how)\s+(?P<what>.+?)\s+(?:\w+\s+)?looks?(?:\s+like)?\b", re.IGNORECASE
)
_INSTEAD = re.compile(r"[\s,]+(?:instead|this time|next|for a change)\W*$", re.IGNORECASE)
_PURPOSE = re.compile(
    rf"^(?P<before>.*?(?:{_WORD_OF}|{_STYLE}))\s+for\s+(?:the|our|my|a|an)\s+[\w\s'’-]{{2,40}}?"
    r"\s*(?P<colon>:|\bof\b|\bshowing\b)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """A wish with the words that told it."""

    wish: Draw | Chart
    why: str


def drawn(text: str) -> Found | None:
    """The picture that is to be made of words; None when none is wished for."""
    said = core(text)
    if not said or is_question(said):
        return None
    if imagined := _DRAW_IT.match(said):
        return _draw(imagined["what"], f"“{imagined['verb']}” at the end")
    return _by_request(said) or _by_verb(said, said != " ".join(text.split())) or _by_noun(said)


def _by_verb(said: str, polite: bool) -> Found | None:
    """ "draw a fox", "paint the harbour"."""
    found = _DRAWING.match(said)
    if found is None:
        return None
    verb, what = found["verb"].lower(), said[found.end() :]
    if verb.endswith("ing") and not polite:
        return None  # "Drawing rights of shareholders", but "would you mind drawing ..."
    if not what or (_NOT_DRAWN.match(what) and not found.group().rstrip().endswith(":")):
        return None
    if verb in ("picture", "imagine"):  # "picture this: a customer ..." and "picture of a cat"
        return None
    strong = verb.startswith(("dr", "da", "doodl"))
    if OF_DOCUMENTS.search(what) or (not strong and _told_in_words(what)):
        return None
    return _draw(what, f"“{found['verb']}” at the start")


def _told_in_words(what: str) -> bool:
    """It is an explanation that is wanted."""
    return bool(_WRITTEN.search(_beginning(what))) and not _LOOKS_LIKE.search(what)


def _beginning(text: str) -> str:
    """Its first words, which name the thing; what it stands beside comes later."""
    return " ".join(text.split()[:5])


def _by_request(said: str) -> Found | None:
    """ "Drawing request: a fox"."""
    request = _REQUEST.match(said)
    return _draw(said[request.end() :], f"“{_first(said)}” at the start") if request else None


def _by_noun(said: str) -> Found | None:
    """ "make me a picture of a fox", "watercolour of a tulip", "I need an icon of a padlock"."""
    making = _MAKING.match(said)
    rest = numbers(said[making.end() :]).rest if making else said
    rest = re.sub(
        r"^(?:an?\s+)(?=an?\s)", "", rest
    )  # what a size has left: "a [512 x 512] picture"
    found = _NOUN.match(rest)
    if found is None or _FIGURATIVE.search(said) or OF_DOCUMENTS.search(said):
        return None
    behind = rest[found.end() :]
    shows = re.match(_SHOWING, behind, re.IGNORECASE) or _PURPOSE.match(rest)
    if not shows and not (
        making and _made(making.group()) and found["one"] and _ENDS.match(behind)
    ):
        return None
    sought = making is None or not _made(making.group())
    if sought and (behind.rstrip().endswith("?") and making is None):
        return None
    subject = re.sub(_SHOWING, "", behind, count=1, flags=re.IGNORECASE).strip()
    if (sought or not found["one"]) and _DEFINITE.match(subject):
        return None  # "show me a picture of the lobby": what the documents have
    if shows and _WRITTEN.search(_beginning(subject)) and _VAGUE.search(found.group()):
        return None
    if making and found["one"] is None and not shows:
        return None
    return _draw(rest, f"“{found.group().strip()}”", numbered=numbers(said))


def _made(verb: str) -> bool:
    """What is to be made, not found: "create", "I need"; "show me" may mean what there is."""
    return not re.match(r"(?:show|give|send|get|have|see|do|new)\b", verb, re.IGNORECASE)


def _first(said: str) -> str:
    return said.split(":")[0].split()[0]


def _draw(what: str, why: str, numbered: object = None) -> Found | None:
    found = numbers(what)
    other = numbered if numbered is not None else found
    prompt = prompt_of(found.rest)
    if not prompt:
        return None
    size = found.size or getattr(other, "size", None)
    wish = Draw(
        prompt, size, found.steps or getattr(other, "steps", None),
        found.seed if found.seed is not None else getattr(other, "seed", None),
        found.guidance or getattr(other, "guidance", None),
        found.negative or getattr(other, "negative", ""),
    )  # fmt: skip
    return Found(wish, why)


_PICTURE_OF = re.compile(
    rf"^(?:{ONE}\s+)?(?:(?:{_LOOKS})\s+|,\s*)*{_WORD_OF}(?:{_SHOWING}|\s+(?=an?\s))\s*",
    re.IGNORECASE,
)


def prompt_of(text: str) -> str:
    """What is to be seen: "a picture of a cat" is "a cat", "a watercolour of a cat" stays."""
    text = _ANOTHER.sub("", tidy(_INSTEAD.sub("", text)))
    if purpose := _PURPOSE.match(text):
        text = text[purpose.end() :]
    text = _LOOKS_LIKE.sub(
        lambda found: re.sub(r"\s+(?:might|would|could|may|will|can)$", "", found["what"]), text
    )
    return tidy(_PICTURE_OF.sub("", text))
