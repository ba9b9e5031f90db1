import os
import sys
from pathlib import Path

import pytest

from ingest.platform import hardware
from ingest.platform.hardware import graphics_cards, llama_builds


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(hardware.shutil, "which", lambda _: None)


def bus(folder: Path, *vendors: str) -> Path:
    for number, vendor in enumerate(vendors):
        device = folder / f"card{number}" / "device"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n")
    return folder


def test_cards_are_known_by_their_makers_number(tmp_path: Path) -> None:
    assert graphics_cards(bus(tmp_path, "0x1002", "0x10de", "0x8086", "0x1af4")) == {
        "AMD",
        "NVIDIA",
    }


def test_a_machine_without_a_bus_has_no_card(tmp_path: Path) -> None:
    assert graphics_cards(tmp_path / "none") == set()


def test_nvidias_program_is_a_sign_of_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware.shutil, "which", lambda name: name == "nvidia-smi" or None)
    assert graphics_cards(tmp_path) == {"NVIDIA"}


def test_the_chips_of_apple_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("", "", "", "", "arm64")))
    assert graphics_cards() == {"Apple"}


@pytest.mark.parametrize(
    ("makers", "tools", "expected"),
    [
        ({"NVIDIA"}, {"nvcc", "glslc"}, ("cuda", "vulkan")),
        ({"NVIDIA"}, {"glslc"}, ("vulkan",)),
        ({"AMD"}, {"nvcc", "glslc"}, ("vulkan",)),
        ({"AMD"}, set(), ()),
        (set(), {"nvcc", "glslc"}, ()),
        ({"Apple"}, {"nvcc", "glslc"}, ()),
    ],
)
def test_a_build_needs_a_card_and_its_tools(
    makers: set[str], tools: set[str], expected: tuple[str, ...], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for header in ("vulkan/vulkan.h", "spirv/unified1/spirv.hpp"):
        (tmp_path / "include" / header).parent.mkdir(parents=True)
        (tmp_path / "include" / header).touch()
    monkeypatch.setenv("VULKAN_SDK", str(tmp_path))
    monkeypatch.setattr(hardware, "graphics_cards", lambda: frozenset(makers))
    monkeypatch.setattr(hardware.shutil, "which", lambda name: name if name in tools else None)
    assert llama_builds() == expected


def test_vulkan_needs_its_headers_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VULKAN_SDK", raising=False)
    monkeypatch.setattr(hardware, "_INCLUDES", (str(tmp_path),))
    monkeypatch.setattr(hardware, "graphics_cards", lambda: frozenset({"AMD"}))
    monkeypatch.setattr(hardware.shutil, "which", lambda name: name)
    assert llama_builds() == ()
