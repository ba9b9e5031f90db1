"""Which device computes the answers, found by a child process."""

from pathlib import Path

import pytest

from assistant.doctor import checks
from assistant.doctor.checks import Check, importing
from assistant.llm.llama import runtime
from assistant.settings import Settings


@pytest.fixture(autouse=True)
def a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime.hardware, "graphics_cards", lambda: frozenset({"AMD"}))
    monkeypatch.setattr(runtime.hardware, "llama_builds", lambda: ("vulkan",))


def looked(said: str, **settings: str) -> list[Check]:
    """The checks for what a child prints."""
    return list(checks.check_answering_device(importing(f"print({said!r})"), Settings(**settings)))  # type: ignore[arg-type]


def test_a_model_on_its_card_is_fine() -> None:
    assert looked('[29, 29, "A card", ["A card"], "AVX2"]') == [
        Check("device", "ok", "Answers are computed on A card.")
    ]


def test_a_card_that_is_switched_off_is_named() -> None:
    (check,) = looked('[0, 0, "", ["A card"], "AVX2"]', gpu="off")
    assert check.severity == "warning"
    assert "on the processor (" in check.message
    assert check.remedy == "A graphics device is not used: PINCITE_GPU=auto"


def test_a_card_that_llama_cpp_cannot_use_is_named() -> None:
    (check,) = looked('[0, 0, "", [], "AVX2"]')
    assert check.remedy.endswith("for the AMD card. make setup COMPILE=1")


@pytest.mark.parametrize(
    ("wide", "kernels", "slow"),
    [(True, "AVX2, F16C", True), (True, "AVX2, AVX512_VNNI", False), (False, "AVX2", False)],
)
def test_a_llama_cpp_for_older_processors_is_named(
    wide: bool, kernels: str, slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks.hardware, "graphics_cards", frozenset)
    monkeypatch.setattr(checks.hardware, "has_avx512", lambda: wide)
    (check,) = looked(f'[0, 0, "", [], "{kernels}"]')
    assert check.severity == "ok"
    assert ("reads twice as fast" in check.message) is slow


def test_nothing_is_said_without_a_local_model_or_without_llama_cpp() -> None:
    settings = Settings()
    assert checks.look_for_device(None, settings) is None
    assert list(checks.check_answering_device(None, settings)) == []
    assert list(checks.check_answering_device(importing("raise SystemExit(1)"), settings)) == []


@pytest.mark.slow
def test_the_real_llama_cpp_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It reads the model's file only where there is a card to put it on."""
    (check,) = checks.check_answering_device(
        checks.look_for_device(tmp_path / "none.gguf", Settings(gpu="off")), Settings(gpu="off")
    )
    assert "the processor" in check.message
