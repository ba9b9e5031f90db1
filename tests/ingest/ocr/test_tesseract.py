import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from ingest import heartbeat
from ingest.document import Box
from ingest.errors import CannotRecognise
from ingest.ocr import tesseract
from ingest.ocr.tesseract import Tesseract
from tests.scans import DOTS, LETTER, drawn, same

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
    assert (first.text, first.box) == ('Dear "all"', Box(40, 40, 100, 50))
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
def test_a_program_that_hangs_is_ended_and_gives_signs_of_life_until_then(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Tesseract(("en",))
    (stand_in / "tesseract").write_text("#!/bin/sh\ncat > /dev/null\nexec sleep 60\n")
    monkeypatch.setattr(tesseract, "_SECONDS", 2)
    heard: list[int] = []
    heartbeat.listen(lambda done, total: heard.append(done))
    try:
        assert engine.lines(drawn(), DOTS) == ()
    finally:
        heartbeat.listen(None)
    assert len(heard) == 2


@pytest.mark.skipif(not which("tesseract"), reason="Tesseract is not installed")
def test_the_real_program_reads_a_letter() -> None:
    languages = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True)
    if "eng" not in languages.stdout.split():
        pytest.skip("Tesseract has no data for English")
    lines = Tesseract(("en",)).lines(drawn(), DOTS)
    assert same("".join(line.text for line in lines), "".join(LETTER)) > 0.95
