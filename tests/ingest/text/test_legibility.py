import random

import numpy as np
import pytest
from PIL import Image

from ingest.document.model import Line, count
from ingest.text.legibility import SMALL, doubt, like_paper, written
from tests.scans import LETTER, drawn

ENGLISH = (
    "The committee shall meet four times a year and report to the board. Members are elected for "
    "three years; their travel expenses are paid within thirty days. Minutes of each meeting are "
    "kept by the secretary and sent to all members, who may ask for corrections in writing. "
)
GERMAN = (
    "Der Vertrag wird auf unbestimmte Zeit geschlossen und kann von beiden Seiten mit einer Frist "
    "von drei Monaten zum Ende des Jahres gekündigt werden. Die Kündigung bedarf der Schriftform. "
    "Das Recht zur fristlosen Kündigung aus wichtigem Grund bleibt davon unberührt. "
)
POLISH = (
    "Umowa jest zawarta na czas nieokreślony i może być rozwiązana przez każdą ze stron z "
    "zachowaniem trzymiesięcznego okresu wypowiedzenia. Wszelkie zmiany wymagają formy pisemnej "
    "pod rygorem nieważności. W sprawach nieuregulowanych stosuje się przepisy kodeksu. "
)
VIETNAMESE = (
    "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. Mọi con người "
    "đều được tạo hoá ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình bằng hữu. "
)
CHINESE = "本合同自双方签字之日起生效有效期为三年" * 20
FIGURES = "12.4 17.9 (3.1) 1,204.50 98% 7/8 2024-03-01 " * 20
CODE = "for (i = 0; i < n; ++i) { total += values[i] * weight; } return total / n;\n" * 4
ACRONYMS = "NATO UNESCO FBI HTTPS IEEE VGA DDR SSD NVME PCIE BGP TCP UDP SMTP " * 6


def shifted(text: str) -> str:
    """As a font without its table of characters comes out: each letter is another."""
    return "".join(
        chr((ord(c) - 97 + 7) % 26 + 97) if c.isascii() and c.islower() else c for c in text
    )


@pytest.mark.parametrize(
    "text",
    ["", "Total 14.20", ENGLISH, GERMAN, POLISH, VIETNAMESE * 2, CHINESE, FIGURES, CODE, ACRONYMS],
)
def test_text_of_many_kinds_is_trusted(text: str) -> None:
    assert doubt(text) == ""


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("\ue012\ue034\uf021 abc " * 20, "characters without a meaning"),
        ("\ufffd" * 100, "characters without a meaning"),
        ("'&*%&*$ #)!( +-/&%$ " * 30, "signs instead of letters"),
        (" ".join("The committee shall meet four times a year" * 3), "words in single letters"),
        ((ENGLISH * 2).replace(" ", ""), "words without blanks between"),
        (shifted(ENGLISH * 2), "letters that make no words"),
        (shifted(GERMAN * 2), "letters that make no words"),
    ],
)
def test_a_text_layer_without_sense_is_named(text: str, flaw: str) -> None:
    assert doubt(text) == flaw


def test_too_few_words_are_not_judged() -> None:
    assert doubt("xkcd qwrtz bzzt hmpf") == ""


def at_half(lines: list[str]) -> Image.Image:
    picture = drawn(lines)
    return picture.resize((round(330 * SMALL), round(180 * SMALL)))


def test_ink_tells_about_how_much_is_written() -> None:
    whole, half = written(at_half(list(LETTER))), written(at_half(list(LETTER[:2])))
    assert 0.4 < whole / sum(map(count, LETTER)) < 2.5
    assert half == pytest.approx(whole / 2, rel=0.25)


def test_ink_under_known_lines_is_explained() -> None:
    picture = at_half(list(LETTER))
    assert written(picture, [Line("all of it", (0, 0, 330, 180))], SMALL) == 0  # type: ignore[arg-type]


def test_black_areas_are_no_writing() -> None:
    picture = Image.new("L", (200, 200), 255)
    picture.paste(0, (50, 50, 150, 150))
    assert written(picture) <= 3  # the corners that rounding leaves


def test_white_on_black_counts_as_much_as_black_on_white() -> None:
    picture = at_half(list(LETTER)).convert("L")
    reverse = picture.point(lambda value: 255 - value)
    assert written(reverse) == pytest.approx(written(picture), rel=0.1)


def test_paper_is_mostly_of_one_shade_and_a_photograph_is_not() -> None:
    assert like_paper(drawn())
    assert like_paper(Image.new("L", (50, 50), 90))
    noise = np.random.default_rng(1).integers(0, 256, (100, 100)).astype(np.uint8)
    assert not like_paper(Image.fromarray(noise))


def test_the_order_of_words_does_not_matter() -> None:
    words = (ENGLISH * 2).split()
    random.Random(1).shuffle(words)
    assert doubt(" ".join(words)) == ""
