"""What is wished for a picture that was attached, or that the last turn showed: to be changed,
varied, enhanced, translated, or asked about."""

import re

from assistant.contract.intents import Answer, Describe, Edit, Enhance, Translate, Vary
from assistant.routing.decision import Choice, Said
from assistant.routing.rules.draw_lexicon import OF_DOCUMENTS
from assistant.routing.rules.image_lexicon import (
    BETTER,
    COULD_BE,
    DESCRIBING,
    EDITING,
    ENHANCING,
    FIRM,
    FRAGMENT,
    IN_LANGUAGE,
    LARGER,
    LIBRARY,
    MEND,
    NO_MORE,
    PICTURE,
    POINTING,
    POOR,
    THE_LAST,
    TOGETHER,
    TRANSLATING,
    VARYING,
    VISUAL,
    WORDS,
)
from assistant.routing.rules.politeness import is_asked, is_question, readings
from assistant.routing.slots import language, numbers, scale

ATTACHED = "the attached picture"  # the reason when no word tells what is wished for it


def of_picture(said: Said) -> Choice | None:
    """None when there is no picture, or nothing is wished of it."""
    if said.picture is None:
        return None
    texts = [reading.text for reading in readings(said.text)]
    for choose in (_translated, _enhanced, _varied, _edited):
        for text in texts:
            if found := choose(said, text):
                return found
    return _described(said, texts[0])


def _translated(said: Said, text: str) -> Choice | None:
    assert said.picture is not None
    found = TRANSLATING.search(text)
    other = (
        None if said.pictures == () else (IN_LANGUAGE.search(said.text) or IN_LANGUAGE.search(text))
    )
    if not found and not other:
        return None
    if not said.pictures and (WORDS.search(text) or not POINTING.search(text)):
        return None
    if found and is_question(text) and re.search(r"\b(?:who|how much|cost|when)\b", text, re.I):
        return None
    phrase = (found or other)[0]  # type: ignore[index]
    return Choice(Translate(said.picture, language(said.text)), f"“{phrase}” and the picture")


def _enhanced(said: Said, text: str) -> Choice | None:
    assert said.picture is not None
    if not said.pictures and WORDS.search(text):
        return None
    if not said.pictures and not (
        re.search(rf"\b(?:it|this|that|{PICTURE}|you (?:made|drew|painted|created))\b", text, re.I)
        or len(text.split()) < 4
    ):
        return None
    asks = is_question(text) and not text.lower().startswith(("can", "could", "may", "is there"))
    found = (
        ENHANCING.search(text)
        or LARGER.search(text)
        or re.match(r"(?:bigger|larger)\W*$", text, re.I)
        or (None if asks else BETTER.search(text))
    )
    if found is None and POOR.search(said.text) and MEND.search(said.text):
        found = POOR.search(said.text)
    if found is None:
        return None
    return Choice(Enhance(said.picture, scale(said.text)), f"“{found[0].strip()}” and the picture")


def _varied(said: Said, text: str) -> Choice | None:
    assert said.picture is not None
    found = VARYING.search(text) or (re.search(r"\btry again\b.*\bdifferent", text, re.I))
    if found is None or (WORDS.search(text) and not said.pictures):
        return None
    if (
        is_question(text)
        and not re.match(r"(?:can|could|may) (?:i|we|you)\b", text, re.I)
        and not said.pictures
    ):
        return None
    told = numbers(said.text)
    return Choice(
        Vary(said.picture, None, told.steps, told.seed), f"“{found[0].strip()}” and the picture"
    )


def _edited(said: Said, text: str) -> Choice | None:
    """The whole of the words tell what is to be changed."""
    assert said.picture is not None
    could = COULD_BE.search(text) if VISUAL.search(text) else None
    if is_question(text) and not could:
        return None
    if not said.pictures and (
        (is_asked(said.text) and not could) or LIBRARY.search(text) or not _sure(text)
    ):
        return None
    found = could or EDITING.search(text) or FRAGMENT.search(text)
    if found is None or WORDS.search(text) or _says(text):
        return None
    told = numbers(text)
    wish = Edit(
        said.picture,
        told.rest,
        steps=told.steps,
        seed=told.seed,
        guidance=told.guidance,
        negative=told.negative,
    )
    return Choice(wish, f"“{' '.join(found[0].split()[:3])}” and the picture")


def _sure(text: str) -> bool:
    """Enough for a picture that was not attached to this very message."""
    few = len(text.split()) <= 4
    if EDITING.search(text):
        return few or bool(FIRM.match(text))
    return few or bool(VISUAL.search(text)) or len(text.split()) <= 8


def _says(text: str) -> bool:
    """It asks for words on the picture, though it begins as if something were to be changed."""
    return bool(
        re.match(
            r"(?:give|make|have|show|bring|let)\s+(?:me|us)\s+(?:a|an|the|know|all|some)\b",
            text,
            re.I,
        )
        and not re.search(r"\b(?:version|look)\b", text, re.I)
    )


def _described(said: Said, text: str) -> Choice | None:
    question = _question(said.text)
    if not said.pictures:
        if (
            not THE_LAST.search(text)
            or OF_DOCUMENTS.search(text)
            or not (is_question(text) or DESCRIBING.search(text))
        ):
            return None
        return Choice(Describe(said.meant_pictures, question), "a question about the last picture")
    if TOGETHER.search(text) and (is_question(text) or said.text.rstrip().endswith("?")):
        return Choice(Answer(), "the picture and the documents")
    if POINTING.search(text) or not (LIBRARY.search(text) or WORDS.search(text)):
        return Choice(Describe(said.meant_pictures, question), ATTACHED)
    return None


def _question(text: str) -> str:
    """What is asked of the picture; empty when it is only to be described."""
    return "" if NO_MORE.match(text) else text.strip()
