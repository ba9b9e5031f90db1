"""The tools that look: what they say, what they cite, and what they never cite."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.attachments import attached
from assistant.contract.evidence import GivenPassages, Joined
from assistant.contract.facts import Citation, Offer, Outcome, Sentence
from assistant.contract.intents import KINDS, Clip, Describe, Draw, Intent, Translate
from assistant.contract.request import Request, Turn
from assistant.images.vision import Seen, Tag
from assistant.llm.odds import TurnTaking
from assistant.llm.prompts import REFUSAL
from assistant.receipts.explain import explanation
from assistant.settings import Settings
from assistant.tools.pictures import (
    NO_MODEL,
    NO_TEXT,
    NOTHING,
    Clipping,
    Describing,
    Translating,
    WithFiles,
)
from assistant.ui.chat.explanation import DONE
from assistant.wiring import composition
from ingest.document.model import Line, Page
from ingest.errors import UnsupportedFile
from tests.assistant.fakes import ScriptedChat, WordEmbedder
from tests.assistant.images.fakes import FakeLooking, FakeTagging, FakeViewer

INVOICE = [
    "INVOICE 2041 of Brightwater Supplies",
    "Item: 40 office chairs",
    "Unit price: 89.00 EUR",
    "Total: 3,560.00 EUR",
]
ORDER = "Order 2041 is for 40 office chairs at 92.50 EUR each."
OFFER = Offer("smolvlm-256m", "vision", "Apache-2.0")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (60, 40), "red").save(path := tmp_path / "invoice.png")
    return path


def library(*texts: str) -> GivenPassages:
    return GivenPassages([("Handbook.md", text) for text in texts or (ORDER,)], WordEmbedder())


def answering(*replies: str) -> AnswerTool:
    return AnswerTool(ScriptedChat(replies=list(replies)), Budget())


def describing(looking: FakeLooking, *replies: str) -> Describing:
    return Describing(
        looking, lambda: answering(*replies), lambda: () if looking.viewer() else (OFFER,)
    )


def ask(tool: Any, intent: Intent, question: str = "") -> Outcome:
    reply = tool.offer(Request(question, library(), intent=intent))
    assert reply is not None
    outcome: Outcome = reply.finish()
    return outcome


# -- describe


def test_other_intents_are_left_to_other_tools(picture: Path) -> None:
    looking = FakeLooking()
    for tool in (
        describing(looking),
        Clipping(looking, answering, tuple),
        Translating(looking, lambda: None, TurnTaking(), tuple),
        WithFiles(looking, answering()),
    ):
        assert tool.offer(Request("", library(), intent=Draw("a cat"), files=(picture,))) is None


def test_a_description_is_given_with_the_text_and_is_not_grounded(picture: Path) -> None:
    outcome = ask(
        describing(FakeLooking({"invoice.png": INVOICE}, FakeViewer())), Describe((picture,))
    )
    assert outcome.text.startswith("A red circle.\n\nWritten on it:\nINVOICE 2041")
    assert not outcome.grounded
    assert not outcome.offers


def test_it_tells_how_it_came_to_its_words(picture: Path) -> None:
    intent = Describe((picture,))
    looking = FakeLooking({"invoice.png": INVOICE}, FakeViewer())
    reply = describing(looking).offer(Request("", library(), intent=intent))
    assert reply is not None
    reply.intent = intent
    answer = reply.to_json()
    [row] = explanation(answer, answer["facts"])["looked"]
    assert (row["picture"], row["shows"]) == ("invoice.png", "A red circle.")
    assert row["lines"] > 0 and 0 < row["confidence"] <= 1


def test_tags_are_said_to_be_tags_and_models_are_offered(picture: Path) -> None:
    tags = FakeTagging(Tag("espresso", 0.95), Tag("cup", 0.3))
    outcome = ask(describing(FakeLooking(tagging=tags)), Describe((picture,)))
    assert outcome.text == "Tags, not a description: espresso (95%), cup (30%)."
    assert outcome.offers == (OFFER,)


def test_with_nothing_installed_and_nothing_written_it_says_so(picture: Path) -> None:
    outcome = ask(describing(FakeLooking()), Describe((picture,)))
    assert outcome.text == NOTHING
    assert outcome.offers == (OFFER,)


def test_a_question_about_a_text_is_answered_from_it_with_its_lines(picture: Path) -> None:
    viewer = FakeViewer(says="no idea")
    tool = describing(FakeLooking({"invoice.png": INVOICE * 2}, viewer), "Total: 3,560.00 EUR.")
    outcome = ask(tool, Describe((picture,), "What is the total?"))
    assert [(c.document, c.quote) for c in outcome.citations] == [
        ("your picture invoice.png", "Total: 3,560.00 EUR")
    ]
    assert viewer.asked == []


def test_what_a_text_does_not_answer_is_asked_of_the_model_that_sees(picture: Path) -> None:
    viewer = FakeViewer(says="An invoice.")
    tool = describing(FakeLooking({"invoice.png": INVOICE * 2}, viewer), REFUSAL)
    outcome = ask(tool, Describe((picture,), "What is this?"))
    assert (outcome.text, outcome.refused) == ("An invoice.", False)
    assert viewer.asked == ["What is this?"]


def test_what_a_text_does_not_answer_is_described_where_no_model_sees(picture: Path) -> None:
    tool = describing(FakeLooking({"invoice.png": INVOICE * 2}), REFUSAL)
    reply = tool.offer(Request("What is this?", library(), intent=Describe((picture,), "What?")))
    assert reply is not None
    outcome = reply.finish()
    assert not outcome.refused
    assert "Total: 3,560.00 EUR" in outcome.text
    assert REFUSAL not in reply.so_far, "the refusal was shown before"
    assert outcome.offers == (OFFER,)


def test_a_question_about_what_is_shown_goes_to_the_model_that_sees(picture: Path) -> None:
    viewer = FakeViewer(says="It is red.")
    outcome = ask(describing(FakeLooking(viewer=viewer)), Describe((picture,), "What colour?"))
    assert outcome.text == "It is red."
    assert not outcome.grounded
    assert viewer.asked == ["What colour?"]


def test_a_model_that_only_describes_leaves_the_question_to_the_chat_model(picture: Path) -> None:
    tool = describing(FakeLooking(viewer=FakeViewer("A red circle.")), "The circle is red.")
    outcome = ask(tool, Describe((picture,), "What colour is the circle?"))
    assert outcome.text == "The circle is red."
    assert outcome.citations == ()  # a model's words are no evidence
    assert [s.supported for s in outcome.sentences] == [False]


def test_it_stops_before_the_next_picture(picture: Path) -> None:
    reads: list[int] = []
    looking = FakeLooking(when_read=lambda: (reads.append(1), reply.stop()))
    reply = describing(looking).offer(
        Request("", library(), intent=Describe((picture, picture, picture)))
    )
    assert reply is not None
    assert reply.finish().stopped
    assert len(reads) == 1


# -- questions with pictures


def test_a_picture_is_read_beside_the_library(picture: Path) -> None:
    answer = answering("The order is for 40 office chairs at 92.50 EUR each.")
    tool = WithFiles(FakeLooking({"invoice.png": INVOICE}), answer)
    question = "Is the price of the chairs right?"
    reply = tool.offer(Request(question, library(), files=(picture,)))
    assert reply is not None
    outcome = reply.finish()
    documents = {passage.document for passage in outcome.passages}
    assert documents == {"your picture invoice.png", "Handbook.md"}
    assert {c.document for c in outcome.citations} == {"Handbook.md"}
    assert reply.tool == "answer"


def test_what_a_model_says_of_it_is_read_and_never_cited(picture: Path) -> None:
    viewer = FakeViewer("A lighthouse stands on a rock.")
    tool = WithFiles(FakeLooking(viewer=viewer), answering("A lighthouse stands on a rock."))
    reply = tool.offer(Request("What stands on the rock?", library(), files=(picture,)))
    assert reply is not None
    outcome = reply.finish()
    shown = "what your picture invoice.png shows"
    assert shown in {passage.document for passage in outcome.passages}
    assert outcome.citations == ()
    assert not outcome.sentences[0].supported


def test_a_question_that_points_back_sees_the_picture_of_the_one_before(picture: Path) -> None:
    tool = WithFiles(FakeLooking({"invoice.png": INVOICE}), answering("x"))
    before = Turn("What is the total?", "3,560.00 EUR", files=(picture,))
    assert tool.offer(Request("And what is the unit price?", library(), [before])) is not None
    assert tool.offer(Request("How many days of leave are there?", library(), [before])) is None


def test_a_document_is_read_in_its_whole_conversation(tmp_path: Path) -> None:
    """Also by questions that do not point back to it."""
    contract = tmp_path / "contract.txt"
    contract.touch()
    tool = WithFiles(FakeLooking({"contract.txt": INVOICE}), answering(*["It is 89.00 EUR."] * 2))
    asked = "What is the unit price of the chairs?"
    before = Turn(asked, "89.00 EUR", files=(contract,))
    for request in (
        Request(asked, library(), files=(contract,)),
        Request(asked, library(), [before]),
    ):
        reply = tool.offer(request)
        assert reply is not None
        names = {passage.document for passage in reply.finish().passages}
        assert names == {"your file contract.txt", "Handbook.md"}
    contract.unlink()
    assert tool.offer(Request(asked, library(), [before])) is None


def test_citations_are_numbered_anew_without_those_of_a_model() -> None:
    given = attached([Seen("a.png", (), "A cat.")])
    (made_up,) = given.made_up
    citations = (
        Citation(1, made_up, 1, "A cat.", (), 1.0),
        Citation(2, "Handbook.md", 1, "Cats sleep.", (), 1.0),
    )
    sentences = (Sentence("A cat.", True, (1,)), Sentence("It sleeps.", True, (1, 2)))
    kept = given.uncited(Outcome("", sentences, citations))
    assert [(c.mark, c.document) for c in kept.citations] == [(1, "Handbook.md")]
    assert [(s.supported, s.marks) for s in kept.sentences] == [(False, ()), (True, (1,))]


def test_two_pictures_of_one_name_are_told_apart() -> None:
    page = Page(1, 9, 9, (Line("a"),))
    given = attached([Seen("a.png", (page,)), Seen("a.png", (page,))])
    assert list(given.pages) == ["your picture a.png", "your picture a.png (2)"]


def test_the_library_is_searched_by_the_words_of_the_picture_too() -> None:
    texts = [f"Item {n} is about something else." for n in range(9)] + [ORDER]
    given = GivenPassages.of({"your picture": [Page(1, 9, 9, (Line("2041 office chairs"),))]},
                             WordEmbedder())  # fmt: skip
    joined = Joined(library(*texts), given, "2041 office chairs")
    found = joined.passages("Is this right?", 3)
    assert found[0].document == "your picture"
    assert ORDER in [hit.text for hit in found]
    assert joined.page("your picture", 1).text == "2041 office chairs"


def test_a_tool_is_called_as_its_intent_is(tmp_path: Path) -> None:
    names = {
        tool.name
        for tool in composition.makers(Settings(home=tmp_path), lambda: None, TurnTaking())
    }
    names |= {"edit", "vary"}  # which the tool for drawing takes, too
    assert names == KINDS.keys() - {"answer"}
    assert names - {"run"} == DONE.keys()  # an installed tool says it itself


# -- clips


def clipping(looking: FakeLooking, *replies: str) -> Clipping:
    return Clipping(
        looking, lambda: answering(*replies), lambda: () if looking.viewer() else (OFFER,)
    )


SPOKEN = {"clip.mp4": ["00:01 Welcome to the tour.", "00:07 The pump room is closed."]}


def test_a_clip_becomes_a_timeline(tmp_path: Path) -> None:
    written = ["00:02 * Hall B", "00:02 * Mind the step"]
    looking = FakeLooking({"clip.mp4": SPOKEN["clip.mp4"] + written}, FakeViewer("A corridor."))
    outcome = ask(clipping(looking), Clip(tmp_path / "clip.mp4"))
    assert outcome.text.splitlines() == [
        "00:01  Says: Welcome to the tour.",
        "00:02  Shows: A corridor.",
        "00:02  Written: Hall B / Mind the step",
        "00:07  Says: The pump room is closed.",
    ]
    assert not outcome.grounded


def test_an_answer_about_a_clip_cites_the_time(tmp_path: Path) -> None:
    tool = clipping(FakeLooking(SPOKEN), "The pump room is closed.")
    outcome = ask(tool, Clip(tmp_path / "clip.mp4", "What is closed?"))
    assert [(c.document, c.seconds) for c in outcome.citations] == [("your video clip.mp4", 7.0)]


def test_a_clip_of_which_nothing_is_known_says_so(tmp_path: Path) -> None:
    outcome = ask(clipping(FakeLooking()), Clip(tmp_path / "clip.mp4"))
    assert outcome.text.endswith("and no vision model is installed to describe its pictures.")
    assert outcome.offers == (OFFER,)


@pytest.mark.parametrize("hearing", [(), (OFFER,)])
def test_without_a_speech_model_one_is_offered(tmp_path: Path, hearing: tuple[Offer, ...]) -> None:
    def deaf() -> None:
        raise UnsupportedFile("clip.mp4 is not read.")

    looking = FakeLooking(when_read=deaf)
    tool = Clipping(looking, answering, tuple, lambda: hearing)
    if hearing:
        outcome = ask(tool, Clip(tmp_path / "clip.mp4"))
        assert "speech model" in outcome.text
        assert outcome.offers == hearing
    else:  # then it is no video
        with pytest.raises(UnsupportedFile, match="is not read"):
            ask(tool, Clip(tmp_path / "clip.mp4"))


# -- translate


def translating(looking: FakeLooking, model: ScriptedChat | None) -> Translating:
    chat = ("parrot", model) if model else None
    return Translating(looking, lambda: chat, TurnTaking(), lambda: (OFFER,))


def test_each_line_stands_beside_its_translation(picture: Path) -> None:
    model = ScriptedChat(replies=["The bill is due in 14 days.", '"Thank you."'])
    looking = FakeLooking({"invoice.png": ["Zahlbar in 14 Tagen.", "Vielen Dank."]})
    outcome = ask(translating(looking, model), Translate(picture, "English"))
    assert outcome.text.splitlines() == [
        "Zahlbar in 14 Tagen.",
        "→ The bill is due in 14 days.",
        "Vielen Dank.",
        "→ Thank you.",
    ]
    assert "into English" in str(model.asked[0][1].content)
    assert not outcome.grounded


def test_a_translation_names_its_model(picture: Path) -> None:
    looking = FakeLooking({"invoice.png": ["Vielen Dank."]})
    tool = translating(looking, ScriptedChat(replies=["Thank you."]))
    reply = tool.offer(Request("", library(), intent=Translate(picture)))
    assert reply is not None and reply.to_json()["model"] == "parrot"


def test_a_translation_with_other_numbers_is_marked(picture: Path) -> None:
    model = ScriptedChat(replies=["Due in 40 days."])
    looking = FakeLooking({"invoice.png": ["Zahlbar in 14 Tagen."]})
    outcome = ask(translating(looking, model), Translate(picture))
    assert "its numbers differ from those of the line" in outcome.text


@pytest.mark.parametrize(
    ("lines", "said", "offers"), [([], NO_TEXT, ()), (["Bonjour."], NO_MODEL, (OFFER,))]
)
def test_what_cannot_be_translated_is_told(
    picture: Path, lines: list[str], said: str, offers: tuple[Offer, ...]
) -> None:
    looking = FakeLooking({"invoice.png": lines})
    outcome = ask(translating(looking, None), Translate(picture))
    assert said in outcome.text
    assert outcome.offers == offers


def test_a_translation_stops_between_lines(picture: Path) -> None:
    model = ScriptedChat(replies=["one", "two", "three"])
    looking = FakeLooking({"invoice.png": ["eins", "zwei", "drei"]})
    reply = translating(looking, model).offer(Request("", library(), intent=Translate(picture)))
    assert reply is not None
    words = iter(reply)
    next(words)
    reply.stop()
    list(words)
    assert reply.outcome is not None
    assert reply.outcome.stopped
    assert "three" not in reply.outcome.text
