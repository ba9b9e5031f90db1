""""""

import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from ingest.document.model import Box
from ingest.errors import CannotRecognise
from ingest.images import ocr_engines
from ingest.images.ocr_engines import Tesseract
from ingest.platform import process
from tests.scans import DOTS, LEFT, LETTER, STEP, TOP, drawn, inked, same

HEAD = [
    *("level", "page_num", "block_num", "par_num", "line_num", "word_num"),
    *("left", "top", "width", "height", "conf", "text"),
]
WORDS = [
    [1, 1, 0, 0, 0, 0, 0, 0, 660, 360, -1, ""],
    [5, 1, 1, 1, 1, 1, 80, 80, 60, 20, 96.5, "Dear"],
    [5, 1, 1, 1, 1, 2, 150, 80, 50, 20, 90.5, '"all"'],
    [5, 1, 1, 1, 2, 1, 80, 120, 90, 20, 30, "scrawl"],
    [5, 1, 1, 1, 2, 2, 180, 120, 9, 20, 95, " "],
]
TABLE = "\n".join("\t".join(map(str, row)) for row in [HEAD, *WORDS])

posix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that answers as Tesseract does, and writes down how it was called."""
    (tmp_path / "table").write_text(TABLE)
    program = tmp_path / "tesseract"
    program.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/calls
if [ "$1" = --list-langs ]; then printf 'List of languages\\ndeu\\neng\\nosd\\n'; exit; fi
cat > {tmp_path}/given; cat {tmp_path}/table
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_where_it_is_not_installed_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotRecognise, match="apt install tesseract-ocr"):
        Tesseract(("en",))


@posix
def test_words_become_lines_in_points(stand_in: Path) -> None:
    first, second = Tesseract(("en",)).lines(drawn(), DOTS)
    # It is given twice as many pixels as the picture has: 4 in a point.
    assert (first.text, first.box) == ('Dear "all"', Box(20, 20, 50, 25))
    assert first.confidence == pytest.approx(0.932, abs=0.01)
    assert (second.text, second.confidence) == ("scrawl", 0.3)
    assert (stand_in / "given").read_bytes().startswith(b"\x89PNG")


@posix
def test_installed_languages_are_asked_for_by_its_own_codes(stand_in: Path) -> None:
    Tesseract(("en", "de", "fr")).lines(drawn(), DOTS)
    assert "-l eng+deu --psm 1" in (stand_in / "calls").read_text()


@posix
def test_a_language_without_data_is_named_with_its_package(stand_in: Path) -> None:
    with pytest.raises(CannotRecognise, match="apt install tesseract-ocr-fra"):
        Tesseract(("fr",))


@posix
@pytest.mark.slow
def test_a_program_that_hangs_is_ended_and_gives_signs_of_life_until_then(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Tesseract(("en",))
    (stand_in / "tesseract").write_text("#!/bin/sh\ncat > /dev/null\nexec sleep 60\n")
    monkeypatch.setattr(ocr_engines, "_SECONDS", 1)
    heard: list[int] = []
    process.set_progress_listener(lambda done, total: heard.append(done))
    try:
        assert engine.lines(drawn(), DOTS) == ()
    finally:
        process.set_progress_listener(None)
    assert len(heard) == 4 * 1  # it is turned in vain


@posix
def test_a_page_that_makes_sense_is_looked_at_once(stand_in: Path) -> None:
    Tesseract(("en",)).lines(drawn(), DOTS)
    assert (stand_in / "calls").read_text().count("stdin") == 1


# -- the real program


@pytest.fixture(scope="module")
def program() -> Tesseract:
    if not which("tesseract"):
        pytest.skip("Tesseract is not installed")
    languages = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True)
    if "eng" not in languages.stdout.split():
        pytest.skip("Tesseract has no data for English")
    return Tesseract(("en",))


def test_a_letter_is_read_with_its_places(program: Tesseract) -> None:
    lines = program.lines(drawn(), DOTS)
    assert same("".join(line.text for line in lines), "".join(LETTER)) > 0.95
    assert lines[1].box.x0 == pytest.approx(LEFT, abs=4)
    assert lines[1].box.y0 == pytest.approx(TOP + STEP, abs=5)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_few_words_that_lie_or_stand_on_their_heads_are_read_where_they_are(
    program: Tesseract, degrees: int
) -> None:
    """Tesseract itself tells the rotation of fuller pages only."""
    picture = drawn(LETTER[:2]).rotate(degrees, expand=True)
    lines = program.lines(picture, DOTS)
    assert same("".join(line.text for line in lines), "".join(LETTER[:2])) > 0.95
    assert all(inked(picture, line) > 0.4 for line in lines)
