"""`pincite enhance` and `pincite chart`."""

import json
from pathlib import Path

import pytest
from PIL import Image

from assistant.contract.reply import Reply
from assistant.models.programs import IsolatedEnvironment
from tests.commands import Pincite, refused


@pytest.fixture
def staffed(pincite: Pincite, tmp_path: Path) -> Pincite:
    """With a table in the library."""
    table = tmp_path / "Staff.csv"
    table.write_text("City,Employees,Founded\nBerlin,42,1999\nMadrid,17,2011\nOslo,9,2020\n")
    assert pincite("add", table).status == 0
    return pincite


def test_a_chart_is_put_where_it_is_wanted(staffed: Pincite, tmp_path: Path) -> None:
    target = tmp_path / "staff.png"
    ran = staffed("chart", "employees by city", "-o", target)
    assert (ran.status, ran.err) == (0, "")
    assert "Charted from Staff.csv, page 1" in ran.out
    assert "Berlin 42, Madrid 17, Oslo 9" in ran.out
    with Image.open(target) as picture:
        assert picture.format == "PNG"


def test_a_chart_as_json_has_its_cells_and_citations(staffed: Pincite) -> None:
    answer = json.loads(staffed("chart", "employees by city", "--kind", "pie", "--json").out)
    assert answer["tool"] == "chart" and answer["wish"]["kind"] == "pie"
    assert [cell["text"] for cell in answer["cells"]] == ["42", "17", "9"]
    assert answer["citations"][0]["document"] == "Staff.csv"
    assert Path(answer["images"][0]).is_file()


def test_a_full_disk_is_told_in_one_line(staffed: Pincite, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Reply) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Reply, "finish", full)
    assert refused(staffed("chart", "employees by city")) == "[Errno 28] No space left on device"


def test_what_no_table_has_is_refused_with_a_failure(staffed: Pincite) -> None:
    ran = staffed("chart", "rainfall per month")
    assert ran.status == 1
    assert "No table in your documents has the numbers for “rainfall per month”" in ran.out


def test_a_picture_that_is_not_there_is_named(pincite: Pincite, tmp_path: Path) -> None:
    ran = pincite("enhance", tmp_path / "gone.png")
    assert ran.status == 1 and "There is no file" in ran.err and "gone.png" in ran.err


def test_a_picture_that_is_too_large_is_refused_before_anything_is_loaded(
    pincite: Pincite, tmp_path: Path
) -> None:
    large = tmp_path / "large.png"
    Image.new("1", (4000, 3000)).save(large)
    ran = pincite("enhance", large, "--scale", "2")
    assert ran.status == 1 and "at most 6 million can be enhanced" in ran.err


@pytest.mark.parametrize(
    ("target", "problem"), [("gone/a.png", "There is no folder"), ("a.jpg", "are written as .png")]
)
def test_where_the_result_goes_is_checked_before_anything_is_fetched(
    pincite: Pincite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, problem: str
) -> None:
    fetched: list[Path] = []
    monkeypatch.setattr(IsolatedEnvironment, "make", lambda self, cache, _: fetched.append(cache))
    small = tmp_path / "small.png"
    Image.new("1", (24, 16)).save(small)
    ran = pincite("enhance", small, "-o", tmp_path / target)
    assert (ran.status, fetched) == (1, []) and problem in ran.err


@pytest.mark.slow
def test_a_picture_becomes_larger(pincite: Pincite, tmp_path: Path) -> None:
    small, target = tmp_path / "small.png", tmp_path / "large.png"
    Image.linear_gradient("L").resize((24, 16)).save(small)
    ran = pincite("enhance", small, "-o", target, "--scale", "2")
    assert "enhanced by Real-ESRGAN from 24x16 to 48x32" in ran.out, ran.err
    with Image.open(target) as picture:
        assert picture.size == (48, 32) and "enhanced by Real-ESRGAN" in picture.info["pincite"]
