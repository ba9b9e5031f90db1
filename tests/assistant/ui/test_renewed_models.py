"""Models that came meanwhile are used from the next question on."""

import pytest

from assistant.ui import resources
from assistant.ui.background import Fetches


def test_what_has_come_is_used_also_when_its_page_was_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded: list[int] = []

    def load() -> object:
        loaded.append(1)
        return object()

    monkeypatch.setattr(resources, "_load_answering", load)
    fetches = Fetches(lambda *_: None)
    monkeypatch.setattr(resources, "fetches", lambda: fetches)
    for _ in range(2):
        resources.assistant()
    assert len(loaded) == 1
    assert fetches.start("qwen3-4b").wait(60)
    for _ in range(2):
        resources.assistant()
    assert len(loaded) == 2
    resources.tasks().start("Mesurer", lambda task: None).wait(60)
    resources.assistant()
    assert len(loaded) == 2
