"""A mask is painted over a picture with a mouse, and with a finger."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import PHONE, PROJECT, Visit, served
from tests.servers.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PAGE = """
from pathlib import Path
import streamlit as st
from assistant.ui.chat.tool_dialog import draw_mask
made = draw_mask(Path({picture!r}), "mask")
Path({out!r}).write_bytes(made or b"")
st.write(f"mask of {{len(made or b'')}} bytes, {{st.session_state.setdefault('runs', 0)}} runs")
st.session_state.runs += 1
"""
SIZE = (320, 200)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mask") / "mask.png"


@pytest.fixture(scope="module")
def address(out: Path) -> Iterator[str]:
    """A page that has the picture alone."""
    picture, script = out.with_name("picture.png"), out.with_name("page.py")
    Image.linear_gradient("L").resize(SIZE).convert("RGB").save(picture)
    script.write_text(PAGE.format(picture=str(picture), out=str(out)))
    port = free_port()
    command = [
        sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port),
        "--server.headless", "true", "--browser.gatherUsageStats", "false",
    ]  # fmt: skip
    with served(command, port, {"PYTHONPATH": str(PROJECT)}) as address:
        yield address


def box(page: Any) -> dict[str, float]:
    canvas = page.locator("canvas.paint")
    canvas.wait_for()
    found: dict[str, float] = canvas.bounding_box()
    return found


def mask(page: Any, out: Path, runs: int) -> Any:
    """What the page got, as white (True) and black, once it has run so often."""
    page.get_by_text(f"{runs} runs").wait_for()
    data = out.read_bytes()
    if not data:
        return None
    found = Image.open(io.BytesIO(data)).convert("L")
    assert found.size == SIZE
    return np.asarray(found) > 127


def stroke(page: Any, at: dict[str, float], first: tuple[float, float], last: Any) -> None:
    """From one place to another, as shares of the picture."""

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return at["x"] + point[0] * at["width"], at["y"] + point[1] * at["height"]

    page.mouse.move(*place(first))
    page.mouse.down()
    page.mouse.move(*place(last), steps=8)
    page.mouse.up()


def test_what_is_painted_becomes_white(address: str, visit: Visit, out: Path, picture: Any) -> None:
    page = visit(address)
    at = box(page)
    assert page.get_by_role("button", name="Undo").is_disabled()
    stroke(page, at, (0.2, 0.5), (0.8, 0.5))
    first = mask(page, out, 1)
    assert first[100, 70] and first[100, 250] and not first[20].any() and not first[:, :20].any()
    picture(page, "mask")
    page.get_by_label("Brush size").fill("2")
    stroke(page, at, (0.5, 0.1), (0.5, 0.2))
    second = mask(page, out, 2)
    assert second[30, 160] and second[100, 70]
    assert second[30].sum() < 15  # the smaller brush
    page.get_by_role("button", name="Undo").click()
    assert (mask(page, out, 3) == first).all()
    page.get_by_role("button", name="Clear").click()
    assert mask(page, out, 4) is None
    assert page.outside == []


def test_a_finger_paints_and_does_not_scroll(address: str, visit: Visit, out: Path) -> None:
    page = visit(address, viewport=PHONE, has_touch=True, is_mobile=True)
    at = box(page)
    page.touchscreen.tap(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    found = mask(page, out, 1)
    assert found[100, 160] and 0 < found.mean() < 0.2
