"""The core of a message: without greeting, politeness, and where the thing to work on is."""

import re

_MODAL = (
    r"(?:can|could|would|will|may)\s+(?:you|u|ya|we|i|somebody|someone)\s+"
    r"(?!(?:be|not)\b)(?:please\s+|pls\s+|maybe\s+|perhaps\s+|kindly\s+|just\s+|quickly\s+"
    r"|possibly\s+)*"
)
_OPENINGS = re.compile(
    r"^[\s,.;:!–-]*(?:"
    r"(?:hey|hi|hello|ok|okay|well|so|now|then|next|also|and|oh|great|nice|thanks|thank you"
    r"|cool|good|super"
    r"|perfect|alright|yes|right|first|finally|actually|just|quickly|again|assistant"
    r"|pincite)\b(?!-)"
    r"(?!\s*(?:is|was|are|of|the second|the first))"
    r"|(?:please|pls|plz|kindly|could be nice to|it would be (?:nice|great|lovely) (?:if|to))\b"
    r"|(?:would|do) (?:you|u) mind\b|" + _MODAL + r"|would it be possible (?:for you )?to\b"
    r"|(?:are you able|is it possible) to\b"
    r"|i(?:\s+would|['’]d|\s+d)?\s+(?:like|love|want|need|prefer)\s+(?:you\s+)?to\b"
    r"|i(?:\s+would|['’]d)?"
    r"\s+(?:like|love|want|need)\s+(?=you\b)you\s+to\b"
    r"|i\s+want\s+u\s+to\b|let['’]?s\b|let us\b|go ahead and\b|try (?:and|to)\b|help me (?:to )?"
    r"|(?:your task|the task|task)\s*(?:is to|:)|be so kind (?:as to|and)\b|feel free to\b"
    r"|i['’]?m looking for\b(?=\s+an?\b)|how about\b(?=\s+an?\s)"
    r"|do me a favou?r and\b"
    r"|(?:for|in|on|from|with|of|use|take|using|look at)\s+(?:the|this|that"
    r"|my)\s+(?:attached\s+|first\s+|second\s+"
    r"|third\s+|last\s+|uploaded\s+|above\s+)*(?:picture|image|photo|photograph|drawing|pic"
    r"|screenshot|scan|file)"
    r"(?:\s+(?:attached|above|i (?:sent|attached|uploaded)))?\s*(?:,|:|and\b)"
    r")[\s,.:;!–-]*",
    re.IGNORECASE,
)
_ENDINGS = re.compile(
    r"[\s,.;!?–-]*\b(?:please|pls|plz|thanks(?: a lot| so much| in advance)?"
    r"|thank you(?: very much)?|thx"
    r"|cheers|if you can|if possible|if you (?:don['’]t|do not) mind|for me|will you|would you"
    r"|can you"
    r"|could you|ok|okay|asap|quickly|right now|now)\b[\s,.;:!?)–-]*$",
    re.IGNORECASE,
)


_PLEASE = re.compile(
    r",?\s*\b(?:please|pls|plz)\b(?=\s*[:,])", re.IGNORECASE
)  # "a pie, please: ..."


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
    r"|(?:do|have)\b(?!\s+(?:an?|some|one|another)\b)"
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
