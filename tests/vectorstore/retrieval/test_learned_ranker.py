"""What was learned moves the first candidates, and nothing else."""

from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library
from vectorstore.retrieval.learned_ranker import FEATURES, Known, Learned

TRAVEL = "Travel is by train, and a receipt is needed."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The same rule stands in an old report, a new one and an appendix."""
    write_pdf(tmp_path / "papers" / "Report 2019.pdf", ["# Rules", "", TRAVEL], ["Go."])
    write_pdf(tmp_path / "papers" / "Report 2024.pdf", ["# Rules", "", TRAVEL, "Always."])
    write_pdf(tmp_path / "papers" / "Plan.pdf", ["Plan."], ["# Appendix", "", TRAVEL, "Never."])
    for year in (2019, 2024):
        date(tmp_path / "papers" / f"Report {year}.pdf", year)
    date(tmp_path / "papers" / "Plan.pdf", 2021)
    with opened(tmp_path) as library:
        library.add([tmp_path / "papers"])
    return tmp_path


def date(path: Path, year: int) -> None:
    """A PDF says when it was made."""
    text = path.read_bytes()
    start = text.index(b"/CreationDate")
    end = text.index(b")", start)
    stamp = f"/CreationDate (D:{year}0101000000Z"
    path.write_bytes(text[:start] + stamp.encode().ljust(end - start, b" ") + text[end:])


def opened(folder: Path, learned: Learned | None = None) -> Library:
    return Library(folder / "main", "main", WordEmbedder, learned=lambda: learned)


def weighing(known: Known = Known(), embedder: str = "words", **weights: float) -> Learned:  # noqa: B008
    return Learned(tuple(weights.get(name, 0.0) for name in FEATURES), known, embedder)


def found(folder: Path, learned: Learned | None) -> list[tuple[str, int]]:
    with opened(folder, learned) as library:
        return [(hit.document, hit.page) for hit in library.search("travel", 3)]


def test_each_feature_can_lift_what_it_is_about(folder: Path) -> None:
    assert found(folder, weighing(recent=5.0))[0] == ("Report 2024.pdf", 1)
    assert found(folder, weighing(recent=-5.0))[0] == ("Report 2019.pdf", 1)
    assert found(folder, weighing(place=5.0))[0] == ("Plan.pdf", 2)
    assert found(folder, weighing(Known(sections={"appendix": 0.5}), section=5.0))[0][0] == (
        "Plan.pdf"
    )
    assert found(folder, weighing(Known(pages={("Plan.pdf", 2): 0.5}), page=5.0))[0][0] == (
        "Plan.pdf"
    )
    assert found(folder, weighing(Known({"Report 2019.pdf": 0.9}), document=5.0))[0][0] == (
        "Report 2019.pdf"
    )


def test_without_weights_the_ranking_is_the_untouched_one(folder: Path) -> None:
    assert found(folder, weighing()) == found(folder, None)


def test_weights_for_another_embedder_do_not_count(folder: Path) -> None:
    assert found(folder, weighing(embedder="other", place=5.0)) == found(folder, None)


def test_scores_stay_those_of_their_ranks(folder: Path) -> None:
    with opened(folder) as before, opened(folder, weighing(place=5.0)) as after:
        untouched, moved = before.passages("travel", 9), after.passages("travel", 9)
    assert [hit.score for hit in untouched] == [hit.score for hit in moved]
    assert {hit.chunk.id for hit in untouched} == {hit.chunk.id for hit in moved}


def test_candidates_behind_those_looked_at_keep_their_places(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vectorstore.retrieval.search.LOOKED_AT", 1)
    assert found(folder, weighing(place=5.0, recent=3.0)) == found(folder, None)


def test_what_is_considered_is_known_in_numbers_that_can_be_checked(folder: Path) -> None:
    with opened(folder) as library:
        considered = library.considered("Which report has the rules for travel?")
    by_page = {c.page: c for c in considered}
    new, old = by_page["Report 2024.pdf", 1], by_page["Report 2019.pdf", 1]
    plan = by_page["Plan.pdf", 2]
    assert (new.recent, plan.recent, old.recent) == (1.0, 0.5, 0.0)
    assert (plan.place, old.place) == (1.0, 0.0)
    assert new.title == pytest.approx(1 / 3)  # of "report", "rules" and "travel"
    assert new.heading == pytest.approx(1 / 3)
    assert plan.sections == {"appendix"}
    assert [c.ranked.score for c in considered] == sorted(
        (c.ranked.score for c in considered), reverse=True
    )


def test_what_is_considered_follows_the_library(folder: Path) -> None:
    with opened(folder) as library:
        assert library.considered("travel")
        library.remove(["Report 2024.pdf"])
        left = {c.page[0]: c.recent for c in library.considered("travel")}
    assert left == {"Plan.pdf": 1.0, "Report 2019.pdf": 0.0}


def test_nothing_is_considered_of_an_empty_library(tmp_path: Path) -> None:
    with opened(tmp_path, weighing(place=1.0)) as library:
        assert library.considered("travel") == []
        assert library.search("travel") == []
