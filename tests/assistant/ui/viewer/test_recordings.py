"""A mark of a recording shows the time, and plays from there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from assistant.contract.facts import Citation, Outcome, Passage, Sentence
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.ui.session import Shown
from assistant.ui.viewer.page_view import cited_lines, text_page
from ingest.document.model import NOWHERE, Line, Page
from tests.assistant.ui.conftest import answers, ask, click, copies, html
from tests.assistant.ui.fakes import HANDBOOK, SAMPLES, FakeLibrary, FakeTool
from tests.recordings import slide, tone, write

Visit = Callable[..., AppTest]

TALK = Page(
    1,
    0,
    0,
    (
        Line("Any questions?", begins=True, seconds=1.5),
        Line("The office in Bergen opens in March.", begins=True, seconds=192.04),
        Line("Any questions?", begins=True, seconds=240.0),
    ),
)


class Talks(FakeLibrary):
    """Recordings beside the handbook, all of them with the same words."""

    def __init__(self, folder: Path) -> None:
        super().__init__(SAMPLES / HANDBOOK)
        self.talks = {
            path.name: path
            for path in (
                write(folder / "talk.wav", tone(4.0), codecs=("pcm_s16le", "")),
                write(folder / "talk.aiff", tone(1.0), codecs=("pcm_s16be", "")),
                write(folder / "talk.mp4", tone(1.0), [(slide("Bergen"), 1.0)]),
            )
        }
        (folder / "talk.srt").write_text("")
        self.talks["talk.srt"] = folder / "talk.srt"

    def page(self, document: str, number: int) -> Page:
        return TALK if document in self.talks else super().page(document, number)

    def file(self, document: str) -> Path:
        return self.talks.get(document) or super().file(document)


class Quoting(FakeTool):
    """Answers by the recording whose name is in the question."""

    def run(self, request: Request) -> Reply:
        return Reply(request.question, lambda reply: self._say(reply), model="fake-model")

    def _say(self, reply: Reply) -> Any:
        document = reply.question.split()[-1]
        cited = Citation(1, document, 1, TALK.lines[1].text, (NOWHERE,), 0.9, 192.04)
        second = Citation(2, document, 1, TALK.lines[2].text, (NOWHERE,), 0.9, 240.0)
        sentence = Sentence("It opens in March.", True, (1, 2))
        near = Passage(document, 1, 0.5, TALK.lines[0].text, 1.5)
        if "unknown" in reply.question:
            reply.outcome = Outcome("No.", (Sentence("No.", False),), (), (near,), refused=True)
        else:
            reply.outcome = Outcome("It opens in March.", (sentence,), (cited, second), (near,))
        yield reply.outcome.text


@pytest.fixture
def library(tmp_path: Path) -> FakeLibrary:
    return Talks(tmp_path)


@pytest.fixture
def tool() -> FakeTool:
    return Quoting()


def player(app: AppTest, kind: str = "audio") -> Any:
    (found,) = app.get(kind)
    return found.proto


def test_marks_sources_and_the_copied_text_show_the_time(visit: Visit) -> None:
    app = visit()
    ask(app, "When does it open? talk.wav")
    [answer] = answers(app)
    assert answer["citations"]["1"] == {"document": "talk.wav", "page": 1, "time": "03:12"}
    assert copies(app)[-1].splitlines()[-2:] == ["[1] talk.wav, 03:12", "[2] talk.wav, 04:00"]


def test_a_mark_opens_the_transcript_and_a_player_that_starts_there(visit: Visit) -> None:
    app = visit()
    ask(app, "When does it open? talk.wav")
    click(app, "citation-1")
    assert not app.exception
    assert player(app).start_time == 192
    assert player(app).url.endswith(".wav")
    assert "At 03:12" in html(app)
    assert '<mark class="cited">The office in Bergen opens in March.</mark>' in html(app)
    assert '<span class="clock" data-at="192.04">03:12</span>' in html(app)


def test_words_that_are_said_twice_are_marked_where_they_are_cited(visit: Visit) -> None:
    app = visit()
    ask(app, "When does it open? talk.wav")
    click(app, "citation-2")
    assert player(app).start_time == 240
    said = '<mark class="cited">Any questions?</mark>'
    assert f'<span class="clock" data-at="240.00">04:00</span> {said}' in html(app)
    assert html(app).count(said) == 1


def test_a_passage_of_a_recording_opens_at_its_time(visit: Visit) -> None:
    app = visit()
    ask(app, "unknown talk.wav")
    assert answers(app)[0]["cards"][0]["time"] == "00:01"
    click(app, "closest-0")
    assert player(app).start_time == 1


def test_a_video_is_shown_as_a_video(visit: Visit) -> None:
    app = visit()
    ask(app, "When does it open? talk.mp4")
    click(app, "citation-1")
    assert player(app, "video").start_time == 192
    assert not app.get("audio")


def test_what_browsers_cannot_play_is_said_beside_the_transcript(visit: Visit) -> None:
    app = visit()
    ask(app, "When does it open? talk.aiff")
    click(app, "citation-1")
    assert not app.get("audio")
    assert "Browsers do not play" in app.info[0].value
    assert "03:12" in app.info[0].value.replace("\\", "").replace("\u2060", "")
    assert '<mark class="cited">' in html(app)


def test_a_copy_that_is_gone_is_said(visit: Visit, library: Talks) -> None:
    app = visit()
    ask(app, "When does it open? talk.wav")
    library.talks["talk.wav"].unlink()
    click(app, "citation-1")
    assert not app.exception
    assert "copy of this recording is gone" in app.info[0].value


def test_subtitles_have_times_and_nothing_to_play(visit: Visit) -> None:
    app = visit()
    ask(app, "When does it open? talk.srt")
    click(app, "citation-1")
    assert "At 03:12" in html(app)
    assert not app.get("audio") + app.get("video")


def test_documents_without_time_have_no_clock() -> None:
    assert "clock" not in text_page(Page(1, 0, 0, (Line("Fees"),)), range(0))


def test_the_time_tells_which_of_two_places_is_meant() -> None:
    said = TALK.lines[0].text
    for seconds, place in ((1.5, range(0, 1)), (240.0, range(2, 3)), (9.0, range(0, 1))):
        assert cited_lines(Shown("talk.wav", 1, 1, said, (), "", seconds), TALK) == place
