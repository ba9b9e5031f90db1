"""A checker of sentences takes support away, and gives none."""

import pytest

from assistant.answering.attributor import Attributor
from assistant.answering.groundedness import Finding, Groundedness
from tests.assistant.answering.test_attributor import LEAVE
from tests.assistant.fakes import attributor


class Doubting(Groundedness):
    """Finds a word unsupported wherever it stands, and else what it is told."""

    def __init__(self, word: str = "", supported: bool = True) -> None:
        self._word, self._supported = word, supported
        self.read: list[str] = []

    def check(self, question: str, read: str, sentence: str) -> Finding:
        self.read.append(read)
        start = sentence.find(self._word)
        if not self._word or start < 0:
            return Finding(self._supported)
        return Finding(False, ((start, start + len(self._word)),))


def checked_by(checker: Doubting) -> Attributor:
    return attributor("Who?", [LEAVE], checker=checker)


@pytest.mark.parametrize(
    ("checker", "unstated"),
    [
        (Doubting(), ()),
        (Doubting(supported=False), ("Requests go to the team lead.",)),
        (Doubting("team"), ("team",)),
    ],
)
def test_a_checker_takes_support_away(checker: Doubting, unstated: tuple[str, ...]) -> None:
    found = checked_by(checker)
    [sentence], [citation] = found.attribute("Requests go to the team lead.")
    assert (sentence.supported, sentence.unstated) == (not unstated, unstated)
    assert sentence.marks == (1,)  # the line that is close stays to be looked at
    assert checker.read[0].startswith("Handbook\n")
    assert citation.quote in checker.read[0]


def test_a_checker_gives_no_support_and_its_words_join_the_others() -> None:
    text = "Requests go to the team manager."
    alone = attributor("Who?", [LEAVE]).attribute(text)[0]
    agreed = checked_by(Doubting()).attribute(text)[0]
    assert alone == agreed
    assert alone[0].unstated == ("manager",)
    doubted = checked_by(Doubting("team")).attribute(text)[0]
    assert doubted[0].unstated == ("team manager",)


def test_a_checker_is_not_asked_about_what_no_line_is_close_to() -> None:
    checker = Doubting()
    checked_by(checker).attribute("Bananas ripen in paper bags.")
    assert checker.read == []
