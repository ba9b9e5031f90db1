from pathlib import Path

import pytest

from assistant.contract import intents
from assistant.contract.intents import (
    KINDS,
    Answer,
    Chart,
    Clip,
    Describe,
    Draw,
    Edit,
    Enhance,
    Intent,
    Run,
    Speak,
    Transcribe,
    Translate,
    Vary,
)
from assistant.errors import AssistantError

INTENTS: list[Intent] = [
    Answer(),
    Draw("a lighthouse", (512, 768), seed=7),
    Edit(Path("a.png"), "bluer", Path("mask.png"), (0, 64, 0, 64), 0.4),
    Vary(Path("a.png"), 0.5),
    Enhance(Path("ä b.png"), 2),
    Describe((Path("a.png"), Path("b.png")), "which is older?"),
    Clip(Path("talk.mp4")),
    Transcribe(Path("talk.mp3")),
    Speak("Good morning"),
    Translate(Path("a.png"), "German"),
    Chart("employees by site", "bar"),
    Run("speak", "Good morning"),  # a command whose name is also the name of an intent
]


@pytest.mark.parametrize("intent", INTENTS, ids=intents.name)
def test_an_intent_comes_back_from_its_row(intent: Intent) -> None:
    assert intents.from_row(intents.to_row(intent)) == intent


def test_the_rows_of_every_kind_are_tested() -> None:
    assert {type(intent) for intent in INTENTS} == set(KINDS.values())


def test_a_row_holds_what_was_said_and_no_defaults() -> None:
    assert intents.to_row(Draw("a lighthouse")) == {"tool": "draw", "prompt": "a lighthouse"}


@pytest.mark.parametrize(
    "row", [{}, {"tool": "dance"}, {"tool": "draw"}, {"tool": "chart", "x": 1}]
)
def test_what_is_no_intent_is_an_error(row: dict[str, object]) -> None:
    with pytest.raises(AssistantError, match="not a request to any tool"):
        intents.from_row(row)


def test_each_intent_and_its_fields_can_be_read_by_a_model() -> None:
    assert {"draw", "edit", "chart", "answer"} <= set(intents.KINDS)
    for kind in intents.KINDS.values():
        assert len((kind.__doc__ or "").split()) >= 4
