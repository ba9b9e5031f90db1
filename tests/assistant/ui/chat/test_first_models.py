"""The app that is opened without models offers them, fetches them and uses them."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from assistant.contract.facts import Offer
from assistant.models.catalogue import default_model
from assistant.models.installed import Models
from assistant.settings import Settings
from assistant.ui import resources
from assistant.ui.chat import answer_actions

CHAT = default_model("chat")


def offered(app: AppTest) -> list[str]:
    found = [text.value.replace("\\", "") for text in app.markdown]
    return [text for text in found if "MB · " in text or "GB · " in text]


def test_the_default_models_are_offered_and_used_once_they_are_here(
    visit: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed: list[bool] = []

    here: list[str] = []
    missing = answer_actions.missing_defaults

    def pull(self: Models, name: str, *_: object) -> None:
        here.append(name)

    def still_missing(settings: Settings) -> list[Offer]:
        return [offer for offer in missing(settings) if offer.name not in here]

    monkeypatch.setattr(answer_actions, "missing_defaults", still_missing)
    monkeypatch.setattr(Models, "pull", pull)
    monkeypatch.setattr(resources, "renew_answering", lambda: renewed.append(True))
    app = visit()
    assert any(text.startswith(f"{CHAT.name} · ") for text in offered(app))
    assert not any("whisper" in text for text in offered(app))
    app.button(key=f"fetch-first-{CHAT.name}").click().run()
    resources.fetches().of(CHAT.name).wait(60)  # type: ignore[union-attr]
    app.run()
    assert not any(text.startswith(f"{CHAT.name} · ") for text in offered(app))
    app.run()
    assert renewed == [True]


def test_what_a_person_has_chosen_is_not_offered_again(
    visit: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_CHAT_MODEL", "http://127.0.0.1:1/v1#m")
    assert not any(text.startswith(CHAT.name) for text in offered(visit()))


def test_guests_cannot_fetch(
    visit: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "is_owner", lambda: False)
    assert offered(visit()) == []
