"""What is said in recordings is cited by its second."""

from pathlib import Path

import pytest

from assistant import attachments
from assistant.answering.evidence_units import Window
from assistant.contract.facts import Citation, Outcome, Passage, place
from assistant.contract.reply import Reply
from assistant.models.catalogue import default_model
from ingest.document.model import NOWHERE, Line, Page
from ingest.errors import UnsupportedFile
from ingest.loaders import load
from tests.assistant.fakes import WordEmbedder, ground
from tests.recordings import tone, write
from vectorstore.catalog.rows import StoredChunk
from vectorstore.errors import UnknownDocument
from vectorstore.retrieval.fusion import Hit

TALK = Page(
    1,
    0,
    0,
    (
        Line("Good morning everybody.", begins=True, seconds=1.5),
        Line("The office in Bergen opens in March.", begins=True, seconds=192.04),
        Line("Forty people move there.", seconds=3723.9),
    ),
)


class Library:
    def page(self, document: str, number: int) -> Page:
        if number != 1:
            raise UnknownDocument("no such page")
        return TALK


def hit(document: str = "talk.mp3", first: int = 1, page: int = 1) -> Hit:
    return Hit(StoredChunk("id", document, page, first, first, (), "text"), 0.5, 0.4)


def read(first: int = 0, last: int = 2) -> Window:
    return Window("talk.mp3", TALK, first, last, 0.9)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, "page 1"), (0.0, "00:00"), (192.04, "03:12"), (3723.9, "1:02:03")]
)
def test_people_see_the_time_of_a_recording_instead_of_a_page(
    seconds: float | None, shown: str
) -> None:
    assert place(1, seconds) == shown


def test_a_citation_of_a_recording_has_the_second_of_its_first_line() -> None:
    answer = "The office in Bergen opens in March."
    _, (cited,) = ground("When does it open?", answer, [read()], WordEmbedder())
    assert cited.seconds == 192.04
    assert cited.page == 1


def test_a_passage_begins_where_its_first_line_does() -> None:
    assert read(1).passage.seconds == 192.04
    assert read().passage.seconds == 1.5


def test_only_recordings_have_seconds_in_json() -> None:
    def work(reply: Reply) -> "list[str]":
        reply.outcome = Outcome(
            "Yes.",
            citations=(
                Citation(1, "talk.mp3", 1, "q", (NOWHERE,), 1.0, 192.04),
                Citation(2, "Handbook.pdf", 3, "q", (NOWHERE,), 1.0),
            ),
            passages=(
                Passage("talk.mp3", 1, 0.5, "text", 0.0),
                Passage("Handbook.pdf", 1, 0.5, "text"),
            ),
        )
        return []

    told = Reply("?", lambda reply: iter(work(reply))).to_json()
    assert told["citations"][0]["seconds"] == 192.04
    assert told["passages"][0]["seconds"] == 0.0
    assert "seconds" not in told["citations"][1]
    assert "seconds" not in told["passages"][1]


def test_a_hit_in_a_recording_has_the_second_at_which_it_begins() -> None:
    assert attachments.passage_seconds(Library(), hit()) == 192.04  # type: ignore[arg-type]
    assert attachments.passage_seconds(Library(), hit("2024/Talk.WEBM")) == 192.04  # type: ignore[arg-type]
    assert attachments.passage_seconds(Library(), hit("talk.srt")) == 192.04  # type: ignore[arg-type]
    assert attachments.passage_seconds(Library(), hit("talk.pdf")) is None  # type: ignore[arg-type]


def test_a_recording_that_was_replaced_meanwhile_has_none() -> None:
    assert attachments.passage_seconds(Library(), hit(page=2)) is None  # type: ignore[arg-type]
    assert attachments.passage_seconds(Library(), hit(first=9)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.opus", "audio"), ("a.MP4", "video"), ("a.vtt", "subtitles"), ("a.pdf", ""), ("a", "")],
)
def test_recordings_are_known_by_their_suffix(name: str, kind: str) -> None:
    assert attachments.media_kind(name) == kind


def test_the_sentence_on_a_missing_model_names_the_one_that_set_up_would_fetch(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "a.wav", tone(0.1), codecs=("pcm_s16le", ""))
    with pytest.raises(
        UnsupportedFile, match=f"pincite models pull {default_model('speech').name}`"
    ):
        load(path)
