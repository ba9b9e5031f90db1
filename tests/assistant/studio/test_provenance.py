"""What is made says how it was made, and is known again: also what other programs made."""

import json
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from assistant.studio.canvas import DrawingJob, Painted, marks, provenance
from ingest.document.source import Engines
from ingest.images.image_file import Provenance, generated
from ingest.loaders import load
from tests.scans import LETTER, drawn

JOB = DrawingJob("a red circle, größer", "blue", (64, 48), 20, 7.0, 5)
MADE = provenance(JOB, "draw", "shapes", "ab" * 32)
PICTURE = Image.new("RGB", (64, 48), "red")


def saved(folder: Path, done: Painted, made: Provenance = MADE) -> Path:
    path = folder / "made.png"
    done.picture.save(path, pnginfo=marks(made))
    return path


def test_a_picture_tells_how_it_was_made(tmp_path: Path) -> None:
    path = saved(tmp_path, Painted(JOB, PICTURE))
    assert generated(path) == MADE
    with Image.open(path) as picture:
        texts = picture.text  # type: ignore[attr-defined]
    assert json.loads(texts["pincite"])["model_sha256"] == "ab" * 32
    assert texts["parameters"].startswith("a red circle, größer\nNegative prompt: blue\nSteps: 20,")
    assert "Seed: 5, Size: 64x48, Model hash: ababababab, Model: shapes" in texts["parameters"]


def test_other_programs_know_it_by_its_source_type(tmp_path: Path) -> None:
    drawn = saved(tmp_path, Painted(JOB, PICTURE)).read_bytes()
    assert b"digitalsourcetype/trainedAlgorithmicMedia" in drawn
    edited = provenance(JOB, "edit", "shapes", "")
    assert b"/compositeWithTrained" in saved(tmp_path, Painted(JOB, PICTURE), edited).read_bytes()


def test_pictures_of_other_programs_are_known(tmp_path: Path) -> None:
    texts = PngInfo()
    texts.add_text(
        "parameters", "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, Seed: 1"
    )
    PICTURE.save(tmp_path / "a1111.png", pnginfo=texts)
    assert generated(tmp_path / "a1111.png") == Provenance()
    texts = PngInfo()
    texts.add_text("prompt", '{"3": {"class_type": "KSampler", "inputs": {"seed": 1}}}')
    PICTURE.save(tmp_path / "comfy.png", pnginfo=texts)
    assert generated(tmp_path / "comfy.png") == Provenance()


def test_a_jpeg_of_other_programs_is_known(tmp_path: Path) -> None:
    exif = Image.Exif()
    text = b"UNICODE\0" + "a cat\nSteps: 20, Sampler: Euler a, Seed: 1".encode("utf-16-be")
    exif.get_ifd(0x8769)[0x9286] = text
    PICTURE.save(tmp_path / "a.jpg", exif=exif)
    assert generated(tmp_path / "a.jpg") == Provenance()
    source = b"<x>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia</x>"
    PICTURE.save(tmp_path / "b.jpg", xmp=source)
    assert generated(tmp_path / "b.jpg") == Provenance()


def test_a_source_type_that_is_packed_in_the_file_is_known(tmp_path: Path) -> None:
    texts, path = PngInfo(), tmp_path / "packed.png"
    texts.add_itxt("XML:com.adobe.xmp", "<x>trainedAlgorithmicMedia</x>" * 9, zip=True)
    PICTURE.save(path, pnginfo=texts)
    assert b"trainedAlgorithmicMedia" not in path.read_bytes()
    assert generated(path) == Provenance()


def test_brackets_without_end_do_not_hide_a_mark(tmp_path: Path) -> None:
    texts, path = PngInfo(), tmp_path / "a.png"
    texts.add_text("Comment", "[" * 200_000)
    texts.add_text("pincite", MADE.to_json())
    PICTURE.save(path, pnginfo=texts)
    assert generated(path) == MADE


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif"])
def test_an_ordinary_picture_is_not(suffix: str, tmp_path: Path) -> None:
    texts = PngInfo()
    texts.add_text("Comment", "Steps to the cellar: 20, mind your head")
    texts.add_text("pincite", '{"prompt": "x"}')
    path = tmp_path / f"photo{suffix}"
    PICTURE.save(path, **({"pnginfo": texts} if suffix == ".png" else {}))
    assert generated(path) is None


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\xff\xff\xffWAVE"])
def test_a_damaged_file_is_not_either(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    assert generated(tmp_path / "a.png") is None


def test_a_document_of_it_knows(tmp_path: Path) -> None:
    path = saved(tmp_path, Painted(JOB, PICTURE))
    document = load(path, Engines(ocr="off"))
    assert json.loads(document.metadata["generated"])["seed"] == 5
    assert "never cited" in document.pages[0].note
    assert document.reader == "image/3"


@pytest.mark.slow
def test_a_document_that_holds_one_does_not_say_what_it_says(tmp_path: Path) -> None:
    import docx

    picture = drawn()
    picture.save(tmp_path / "scan.png")
    saved(tmp_path, Painted(JOB, picture))
    file = docx.Document()
    file.add_paragraph("Before the pictures.")
    for name, text in (("scan.png", "A scan."), ("made.png", "A generated picture.")):
        file.add_picture(str(tmp_path / name))
        file.add_paragraph(text)
    file.save(tmp_path / "both.docx")
    page = load(tmp_path / "both.docx").pages[0]
    written = [line for line in page.lines if line.text == LETTER[0]]
    assert [bool(line.hidden) for line in written] == [False, True]
    assert not any(line.hidden for line in page.lines if line.text.startswith(("A ", "Before")))
