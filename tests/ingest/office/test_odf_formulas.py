"""Formulas in files that odfpy writes, as parts of the package and in the text itself."""

import zipfile
from pathlib import Path

import pytest
from odf import draw, text
from odf.element import Element
from odf.namespaces import MATHNS
from odf.opendocument import OpenDocumentText

from tests.ingest.made import dropped, lines, read

ROOTS = (
    "<mrow><mi>x</mi><mo>=</mo><mfrac><mrow><mo>-</mo><mi>b</mi><mo>±</mo><msqrt><msup><mi>b</mi>"
    "<mn>2</mn></msup><mo>-</mo><mn>4</mn><mi>a</mi><mi>c</mi></msqrt></mrow>"
    "<mrow><mn>2</mn><mi>a</mi></mrow></mfrac></mrow>"
)


def saved(path: Path, inner: str) -> Path:
    """A sentence with a formula in its middle, which is a part of the package."""
    written = OpenDocumentText()
    sentence = text.P(text="The roots are ")
    frame = draw.Frame(name="Object1", anchortype="as-char")
    frame.addElement(draw.Object(href="./Object 1"))
    sentence.addElement(frame)
    sentence.addText(", as is known.")
    written.text.addElement(sentence)
    written.save(str(path))
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("Object 1/content.xml", f'<math xmlns="{MATHNS}">{inner}</math>')
    return path


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (ROOTS, "x=(-b±√(b^2-4ac))/2a"),
        (
            f'<semantics>{ROOTS}<annotation encoding="StarMath 5.0">x = ...</annotation>'
            "</semantics>",
            "x=(-b±√(b^2-4ac))/2a",
        ),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi>"
            "</munderover><msub><mi>a</mi><mi>i</mi></msub>",
            "∑_(i=1)^na_i",
        ),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "3√(x)"),
        (
            "<mfenced><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr>"
            "<mtr><mtd><mn>3</mn></mtd><mtd><mn>4</mn></mtd></mtr></mtable></mfenced>",
            "([1, 2; 3, 4])",
        ),
        ("<semantics><annotation>E = m c^2</annotation></semantics>", "E = m c^2"),
        ("<mfrac><mi>a</mi></mfrac>", "a/"),
    ],
)
def test_a_formula_stands_in_its_sentence(tmp_path: Path, inner: str, expected: str) -> None:
    document = read(saved(tmp_path / "a.odt", inner))
    assert lines(document) == [f"The roots are {expected}, as is known."]
    assert not dropped(document)


def test_a_formula_in_the_text_itself_is_counted_once(tmp_path: Path) -> None:
    written = OpenDocumentText()
    sentence = text.P(text="Energy is ")
    frame, held = draw.Frame(name="Object1", anchortype="as-char"), draw.Object()
    root = Element(qname=(MATHNS, "math"), check_grammar=False)
    power = Element(qname=(MATHNS, "msup"), check_grammar=False)
    for name, letter in (("mi", "c"), ("mn", "2")):
        leaf = Element(qname=(MATHNS, name), check_grammar=False)
        leaf.addText(letter, check_grammar=False)
        power.addElement(leaf, check_grammar=False)
    root.addElement(power, check_grammar=False)
    held.addElement(root)
    frame.addElement(held)
    sentence.addElement(frame)
    written.text.addElement(sentence)
    written.save(str(tmp_path / "a.odt"))
    document = read(tmp_path / "a.odt")
    assert lines(document) == ["Energy is c^2"]
    assert not dropped(document)
