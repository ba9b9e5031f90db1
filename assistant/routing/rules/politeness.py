"""The core of a message: without greeting, politeness, and where the thing to work on is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SOFTLY = (
    r"(?:(?:please|pls|plz|possibly|maybe|perhaps|kindly|just|quickly|also|then|now|really"
    r"|very much|so|most"
    r"|always|gladly|simply|quite)\s+)*"
)
_GLAD = r"(?:grateful|glad|happy|delighted|thankful|pleased|obliged|thrilled|over the moon|keen)"
_GREETING = (
    r"(?:hey|hi|hiya|hello|yo|dude|mate|bro|sir|madam|dear(?:est)?(?:\s+\w+)?|good (?:morning"
    r"|evening|day|afternoon)"
    r"|greetings|ok|okay|k|well|so|now|then|next|also|and|but|oh|great|nice|lovely|charming"
    r"|thanks|thank you|cool|good"
    r"|super|perfect|alright|yes|yeah|right|first|finally|actually|just|quickly|again|assistant"
    r"|pincite|listen|kindly"
    r"|pray|quick one|one more thing|fun one|btw|by the way)\b(?!-)(?!\s*(?:is|was|are|of"
    r"|the second|the first|but)\b)"
)
_ASKING = (
    r"(?:please|pls|plz)\b(?:\s+to\b)?"
    r"|(?:would|do) (?:you|u) mind\b"
    rf"|(?:can|could|would|will) (?:you|u) {_SOFTLY}be (?:so |very )?(?:kind|good|able|willing"
    rf"|a dear|lovely)(?: enough)?(?:,? and| as to| to)?\b"
    r"|(?:may|might|could|can) i (?:please )?(?:trouble|ask|bother|beg|request|persuade"
    r"|invite)(?: you)?(?: for| to)?\b"
    rf"|(?:can|could|would|will|may|might|shall|wanna|wouldja|couldja|canya) (?:you|u|ya|we|i"
    rf"|somebody|someone|one|thou) {_SOFTLY}(?!(?:be|not)\b)"
    r"|(?:would|will) it be (?:possible|ok|okay|all right)(?: for you)? to\b|(?:are you able"
    r"|is it possible) to\b"
    r"|(?:it would|it['’]d|would) be (?:so |very |really )?(?:nice|great|lovely|kind|cool|good"
    r"|wonderful|helpful|fun)(?: of you)? (?:if you (?:could|would|can)|if (?:we|i) (?:had"
    r"|could have|could see)|to (?:have|see|get)|if|to)\b"
    rf"|(?:i|we)(?:\s+(?:would|should|might|could)|['’]d|['’]ll"
    rf"|\s+d)? {_SOFTLY}(?:be {_SOFTLY}{_GLAD}|appreciate it|love it|like it)"
    r" (?:for|(?:if|when) (?:you|somebody) (?:could|would|can)|(?:if|when) you|to (?:see|have"
    r"|get|receive))\b"
    rf"|(?:i|we)(?:\s+(?:would|should|might)|['’]d|\s+d)? {_SOFTLY}(?:like|love|want|need"
    rf"|prefer|wish|expect) (?:for )?(?:you|u) to\b"
    rf"|(?:i|we)(?:\s+(?:would|should|might)|['’]d|\s+d)? {_SOFTLY}(?:like|love|want|need"
    rf"|prefer|wish) to\b(?!\s+(?:know|see|have|get|hear|understand|learn|find))"
    r"|(?:i|we)(?:\s+(?:would|should)|['’]d) (?:really |very much |quite )?(?:like|love|fancy"
    r"|appreciate|prefer)\b(?=\s+(?:an?|some|the|another|two|three)\b)"
    r"|i want u to\b|let['’]?s\b|let us\b|go ahead and\b|try (?:and|to)\b|help me (?:to )?"
    r"|(?:your task|the task|task)\s*(?:is to|:)"
    r"|be so kind (?:as to|and)\b|feel free to\b|do me a favou?r\b|i['’]?m (?:looking for"
    r"|after|in need of)\b(?=\s+an?\b)"
    r"|(?:how|what) about\b(?=\s+an?\s)|(?:i )?(?:wonder|was wondering) if (?:you|u) (?:could"
    r"|would|can)\b|any chance (?:of|you could|for)\b"
    r"|you (?:should|could|must|can) now\b"
)
_PLACE = (
    r"(?:for|in|on|from|with|of|use|take|using|look at) (?:the|this|that|my|these"
    r"|our) (?:\w+ ){0,2}?(?:picture|image|photo|photograph"
    r"|drawing|pic|screenshot|scan|file|snapshot)s?(?: (?:of|from|with) [^,:?]{1,40}?| attached"
    r"| above| i (?:sent|attached|uploaded)| here)?"
    r"\s*(?:,|:|and\b)"
)
_OPENINGS = re.compile(
    rf"^[\s,.;:!–-]*(?:{_GREETING}|{_ASKING}|{_PLACE})[\s,.:;!–-]*", re.IGNORECASE
)
_POLITE = re.compile(
    rf"^[\s,.;:!–-]*(?:(?:{_GREETING}|{_PLACE})[\s,.:;!–-]*)*(?:{_ASKING}|kindly)", re.IGNORECASE
)
_ENDINGS = re.compile(
    r"[\s,.;!?–-]*\b(?:please|pls|plz|thanks(?: a lot| so much| in advance| a bunch)?"
    r"|thank you(?: very much| so much)?|thx|ty"
    r"|cheers|if you can|if you could|if possible|if i may|if you (?:don['’]t|do not) mind"
    r"|for me|will you|would you|can you"
    r"|could you|ok|okay|asap|quickly|right now|now|dear|mate|my friend|would you be so kind"
    r"|if you would)\b[\s,.;:!?)–-]*$",
    re.IGNORECASE,
)
_PLEASE = re.compile(
    r",?\s*\b(?:please|pls|plz)\b(?=\s*[:,])", re.IGNORECASE
)  # "a pie, please: ..."
_CLAUSES = re.compile(
    r"(?<=[.;!?])\s+|,\s+(?=(?:so|but|and|then|please|pls|just|can you|could you|go on)\s"
    r"|[a-z]+ (?:it|this|that|them)\b)|\s+[–-]\s+"
)
_MOST_CLAUSES = 5


@dataclass(frozen=True)
class Reading:
    """What a message, or a clause of it, comes down to; `polite`: it was asked for."""

    text: str
    polite: bool
    whole: bool = True  # the message, not a clause of it


def readings(text: str) -> Iterator[Reading]:
    """The whole of a message, then each of its clauses, the last first: "My class is learning
    about volcanoes; would you make us a picture of one?"."""
    text = " ".join(text.split())
    yield Reading(core(text), bool(_POLITE.match(text)))
    clauses = _CLAUSES.split(text)
    if 1 < len(clauses) <= _MOST_CLAUSES:
        for clause in reversed(clauses):
            if clause.strip():
                yield Reading(core(clause), bool(_POLITE.match(clause)), whole=False)


def asks(text: str) -> bool:
    """One of several clauses is a question: "I want a new logo. What does the guide say?"."""
    clauses = _CLAUSES.split(" ".join(text.split()))
    return len(clauses) > 1 and any(c.endswith("?") and is_question(core(c)) for c in clauses)


def core(text: str) -> str:
    """ "Hey, could you please draw me a fox? Thanks" is "draw me a fox?"."""
    text = _PLEASE.sub("", " ".join(text.split()))
    while (found := _OPENINGS.match(text)) and found.end() < len(text):
        text = text[found.end() :]
    while (end := _ENDINGS.search(text)) and end.start() > 0:
        text = text[: end.start()]
    return text.strip()


_QUESTION = re.compile(
    r"^\W*(?:(?:under|in|at|on|by|for|to|from|with|of|about|until|since|after|before) (?=what"
    r"|which|whom|whose|how))?(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were"
    r"|am|does|did|has|had"
    r"|(?:do|have)\b(?!\s+(?:an?|some|one|another|it|this|that|them)\b)"
    r"|can|could|may|might|must|shall|should|would|will|isn['’]t|aren['’]t|doesn['’]t|don['’]t"
    r"|what['’]?s"
    r"|who['’]?s|where['’]?s|how['’]?s|whats|wheres)\b",
    re.IGNORECASE,
)


def is_asked(text: str) -> bool:
    """An imperative with a question mark and no "could you": "Draw the raffle on what date?"."""
    return text.rstrip().endswith("?") and core(text) == " ".join(text.split())


def is_question(text: str) -> bool:
    """By its first word; "can you draw" is none once its politeness is gone."""
    return bool(_QUESTION.match(text))
