"""The commands that look, on what they cannot look at."""

from pathlib import Path

import pytest

from tests.commands import Pincite


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("describe", "missing.png"), "There is no file missing.png"),
        (("describe", "a.pdf"), "is not a picture, recording or video"),
        (("describe", "a.mp3"), "has no pictures. `pincite transcribe`"),
        (("translate", "a.mp4"), "is not a picture"),
        (("ask", "What is it?", "--image", "a.mp4"), "is not a picture"),
        (("ask", "What is it?", "--image", "missing.png"), "There is no file missing.png"),
        (("search", "--image", "missing.png"), "There is no file missing.png"),
    ],
)
def test_what_is_no_picture_is_said_in_a_sentence(
    pincite: Pincite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name in ("a.pdf", "a.mp3", "a.mp4"):
        Path(name).write_bytes(b"some bytes")
    ran = pincite(*arguments)
    assert ran.status == 1
    assert told in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "--batch", "rows.jsonl", "--image", "a.png"),
        ("search",),
        ("search", "words", "--pictures", "words"),
        ("search", "--image", "a.png", "--batch", "rows.jsonl"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(
    pincite: Pincite, arguments: tuple[str, ...]
) -> None:
    assert pincite(*arguments).status == 2


def test_pictures_are_compared_once_a_model_is_there(pincite: Pincite, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    ran = pincite("search", "--image", tmp_path / "a.png")
    assert ran.status == 1
    assert "pincite models pull efficientnet-lite0" in ran.err
