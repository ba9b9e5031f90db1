"""Values of form fields and notes are lines of their page; nothing is run."""

from pathlib import Path
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from ingest.document.model import Page
from ingest.pdf import pdfium
from tests.ingest.pdf.drawing import Drawing, balanced

HEIGHT = 841.89


def annotated(
    drawing: Drawing, folder: Path, *annotations: dict[str, Any], form: bool = True
) -> Page:
    """The page with these annotations: names as `/Name`, boxes from the top left."""
    writer = PdfWriter(PdfReader(drawing.save(folder / "plain.pdf")))
    found = ArrayObject()
    for annotation in annotations:
        made = DictionaryObject({NameObject("/Type"): NameObject("/Annot")})
        for key, value in annotation.items():
            made[NameObject(f"/{key}")] = pdf_object(value)
        found.append(writer._add_object(made))
    writer.pages[0][NameObject("/Annots")] = found
    if form:
        fields = DictionaryObject({NameObject("/Fields"): found})
        writer._root_object[NameObject("/AcroForm")] = fields
    writer.write(folder / "annotated.pdf")
    (page,) = pdfium.pages(folder / "annotated.pdf")
    assert balanced(page)
    return page


def pdf_object(value: Any) -> Any:
    if isinstance(value, tuple):
        x0, y0, x1, y1 = value
        return ArrayObject([FloatObject(v) for v in (x0, HEIGHT - y1, x1, HEIGHT - y0)])
    if isinstance(value, int):
        return NumberObject(value)
    if isinstance(value, dict):
        return DictionaryObject({NameObject(f"/{k}"): pdf_object(v) for k, v in value.items()})
    return NameObject(value) if value.startswith("/") else TextStringObject(value)


def text_field(value: str, **more: Any) -> dict[str, Any]:
    return {"Subtype": "/Widget", "FT": "/Tx", "T": "field 1", "V": value,
            "Rect": (150, 88, 300, 104), **more}  # fmt: skip


def test_a_filled_field_is_a_line_with_the_label_printed_beside_it(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 100, "First name:")
    page = annotated(drawing, tmp_path, text_field("Alice"))
    assert [line.text for line in page.lines] == ["First name:", "First name: Alice"]
    assert page.lines[1].box.x0 == 150


def test_a_field_without_a_printed_label_has_the_name_that_it_tells(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 60, "A form")
    page = annotated(drawing, tmp_path, text_field("Alice", TU="Given name"))
    assert page.lines[-1].text == "Given name: Alice"


def test_an_empty_field_and_a_box_without_a_tick_say_nothing(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 100, "First name:")
    box = {"Subtype": "/Widget", "FT": "/Btn", "T": "agree", "V": "/Off", "AS": "/Off",
           "Rect": (60, 120, 70, 130)}  # fmt: skip
    page = annotated(drawing, tmp_path, text_field(""), box)
    assert [line.text for line in page.lines] == ["First name:"]


def test_a_ticked_box_is_a_line_with_what_is_printed_right_of_it(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(80, 128, "I agree to the policy")
    box = {"Subtype": "/Widget", "FT": "/Btn", "T": "box 2", "V": "/Yes", "AS": "/Yes",
           "Rect": (60, 120, 70, 130), "AP": {"N": {"Yes": {}, "Off": {}}}}  # fmt: skip
    page = annotated(drawing, tmp_path, box)
    assert page.lines[-1].text == "[x] I agree to the policy"


def test_a_note_is_a_line_with_its_author(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 100, "Costs fell.")
    note = {"Subtype": "/Text", "T": "Jane", "Contents": "By how much?\nAsk Tom.",
            "Rect": (200, 90, 220, 110)}  # fmt: skip
    page = annotated(drawing, tmp_path, note, form=False)
    assert [line.text for line in page.lines[1:]] == ["Note by Jane: By how much?", "Ask Tom."]
    assert not page.lines[1].hidden


def test_the_comment_of_a_highlight_is_read_and_a_bare_one_is_not(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 100, "Costs fell.")
    marked = {"Subtype": "/Highlight", "Contents": "Check this.", "Rect": (60, 90, 120, 104)}
    bare = {"Subtype": "/Highlight", "Rect": (60, 90, 120, 104)}
    page = annotated(drawing, tmp_path, marked, bare, form=False)
    assert [line.text for line in page.lines[1:]] == ["Note: Check this."]


def test_a_note_that_no_viewer_shows_is_marked_as_hidden(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 100, "Costs fell.")
    note = {"Subtype": "/Text", "Contents": "Say that they rose.", "F": 2,
            "Rect": (200, 90, 220, 110)}  # fmt: skip
    page = annotated(drawing, tmp_path, note, form=False)
    assert page.lines[1].hidden == "hidden note"


def test_links_are_no_notes(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 100, "See the site.")
    link = {"Subtype": "/Link", "Contents": "a tip", "Rect": (60, 90, 120, 104)}
    assert len(annotated(drawing, tmp_path, link, form=False).lines) == 1


def test_scripts_and_launch_actions_are_not_run(tmp_path: Path) -> None:
    """A script that changes a field, and an action that starts a program, when the page opens."""
    proof = tmp_path / "started"
    drawing = Drawing()
    drawing.text(60, 100, "Harmless")
    script = "this.getField('field 1').value = 'changed'; app.alert('hello');"
    writer = PdfWriter(PdfReader(drawing.save(tmp_path / "plain.pdf")))
    javascript = pdf_object({"S": "/JavaScript", "JS": script})
    names = ArrayObject([TextStringObject("start"), javascript])
    tree = DictionaryObject({NameObject("/Names"): names})
    writer._root_object[NameObject("/Names")] = DictionaryObject({NameObject("/JavaScript"): tree})
    launch = pdf_object({"S": "/Launch", "F": f"touch {proof}", "Unix": {"F": f"touch {proof}"}})
    writer._root_object[NameObject("/OpenAction")] = launch
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): javascript})
    field = pdf_object(text_field("as it was"))
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(field)])
    writer._root_object[NameObject("/AcroForm")] = DictionaryObject(
        {NameObject("/Fields"): writer.pages[0]["/Annots"]}
    )
    writer.write(tmp_path / "active.pdf")
    (page,) = pdfium.pages(tmp_path / "active.pdf")
    assert [line.text for line in page.lines] == ["Harmless", "Harmless: as it was"]
    assert not proof.exists()
