import base64
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, features

from ingest.errors import UnreadableFile, UnsupportedFile
from ingest.images.image_file import SUFFIXES, frames, generated, inner, render
from tests.pdfs import HEIGHT, WIDTH, write_pdf

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
TURNED = 6  # Exif: the camera was held on its side


HEIC = (  # two_coloured((64, 32)), written with pillow-heif; pi-heif only reads
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAA"
    "AAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAAGoAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAAB"
    "AABodmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADw"
    "NgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAA"
    "AAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcA"
    "AAAEAAAAABAAAAIAAAAAEAAAAAAAAAAv///+AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWB"
    "AgMFhAAAAHJtZGF0AAAAZigBrxOA+BDhp//8TSj/+nXPD9PMiYn/+tNSR/hUO//WicPySkWzrHl9nv8H4h1KpEq3xp"
    "K+HfM2sf+d4tvFAhneIy6JZXLEP+zlxMa+qdw77mN6fapRbf83mqG4xuGn3Gx6O58SuA=="
)


def two_coloured(size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    return picture


def only(path: Path) -> Image.Image:
    (frame,) = frames(path)
    assert frame
    return frame[0]


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 60


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def huge_png(path: Path, side: int = 60_000) -> Path:
    """A few hundred bytes that claim to be 10 GB of pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = (
        chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9999)) + chunk(b"IEND", b"")
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return path


def huge_bmp(path: Path, side: int = 60_000) -> Path:
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    path.write_bytes(b"BM" + struct.pack("<IHHI", 200, 0, 0, 54) + info + b"\0" * 146)
    return path


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".gif", ".tif", ".avif"])
def test_each_format_is_opened(tmp_path: Path, suffix: str) -> None:
    if suffix == ".avif" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    assert suffix in SUFFIXES
    two_coloured().save(tmp_path / f"a{suffix}")
    picture = only(tmp_path / f"a{suffix}")
    assert (picture.mode, picture.size) == ("RGB", (40, 20))
    assert near(picture.getpixel((5, 10)), RED)
    assert near(picture.getpixel((35, 10)), BLUE)


def test_heic_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(base64.b64decode(HEIC))
    picture = only(tmp_path / "a.heic")
    assert (picture.mode, picture.size) == ("RGB", (64, 32))
    assert near(picture.getpixel((8, 16)), RED)
    assert near(picture.getpixel((56, 16)), BLUE)


def test_heic_in_a_document_is_opened_whatever_was_read_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    assert inner(base64.b64decode(HEIC), "a.heic")[0].size == (64, 32)


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png", ".webp"])
def test_a_picture_from_a_turned_camera_is_upright(tmp_path: Path, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = TURNED
    two_coloured().save(tmp_path / f"a{suffix}", exif=exif)
    picture = only(tmp_path / f"a{suffix}")
    assert picture.size == (20, 40)
    assert near(picture.getpixel((10, 5)), RED)
    assert near(picture.getpixel((10, 35)), BLUE)
    assert (
        render(tmp_path / f"a{suffix}", 1, 1).size[0]
        < render(tmp_path / f"a{suffix}", 1, 1).size[1]
    )


@pytest.mark.parametrize("entry", [b"\1\x1a\0\1", b"\1\2\0\5"])  # a wrong type, a wrong name
def test_a_picture_whose_camera_noted_nonsense_is_read_as_it_is_stored(entry: bytes) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x011A] = TURNED, 300.0
    file = io.BytesIO()
    two_coloured().save(file, "JPEG", exif=exif)
    data = file.getvalue()
    assert inner(data, "a.jpg")[0].size == (20, 40)
    broken = data.replace(b"\1\x1a\0\5", entry)
    assert broken != data
    picture, _ = inner(broken, "a.jpg")
    assert picture.size == (40, 20) and near(picture.getpixel((5, 10)), RED)


def test_sixteen_bits_are_brought_to_eight_not_cut_off(tmp_path: Path) -> None:
    values = np.linspace(1_000, 40_000, 100 * 50).reshape(50, 100).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    grey = np.asarray(only(tmp_path / "a.png"))[:, :, 0]
    assert (grey[0, 0], grey[-1, -1]) == (0, 255)
    assert abs(int(grey[25, 50]) - 129) < 4


def test_floats_with_holes_are_opened(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 400).reshape(20, 20).astype(np.float32)
    values[3, 3] = np.nan
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert only(tmp_path / "a.tif").getpixel((19, 19)) == WHITE


def test_the_four_inks_of_a_printer_become_colours(tmp_path: Path) -> None:
    two_coloured().convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    picture = only(tmp_path / "a.jpg")
    assert near(picture.getpixel((5, 10)), RED)
    assert near(picture.getpixel((35, 10)), BLUE)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L"])
def test_what_is_clear_becomes_paper(tmp_path: Path, mode: str) -> None:
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0)).convert(mode)
    options = {"transparency": 0} if mode == "P" else {}
    clear.save(tmp_path / "a.png", **options)
    expected = (0, 0, 0) if mode in ("1", "L") else WHITE  # these know no clearness
    assert only(tmp_path / "a.png").getpixel((10, 10)) == expected


def test_a_fax_of_three_pages_has_three_pictures(tmp_path: Path) -> None:
    pages = [Image.new("1", (30, 10 * n), 1) for n in (1, 2, 3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="group4")
    assert [frame[0].height for frame in frames(tmp_path / "a.tif") if frame] == [10, 20, 30]


def test_a_damaged_page_of_a_fax_does_not_cost_the_others(tmp_path: Path) -> None:
    pages = [Image.effect_noise((200, 200), 80) for _ in range(3)]
    path = tmp_path / "a.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    with Image.open(path) as file:
        file.seek(1)
        strips = file.tag_v2[273]  # where the second page's pixels are
    data = bytearray(path.read_bytes())
    data = data.replace(struct.pack("<I", strips[0]), struct.pack("<I", len(data) + 9_999))
    path.write_bytes(data)
    assert [frame is not None for frame in frames(path)] == [True, False, True]


def test_an_animation_is_one_picture(tmp_path: Path) -> None:
    two_coloured().save(
        tmp_path / "a.gif", save_all=True, append_images=[Image.new("RGB", (40, 20))]
    )
    assert near(only(tmp_path / "a.gif").getpixel((5, 10)), RED)


@pytest.mark.parametrize("make", [huge_png, huge_bmp])
def test_a_picture_of_sixty_thousand_pixels_square_is_refused(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    path = make(tmp_path / "huge.png")
    with pytest.raises(
        UnreadableFile, match=r"huge.png is a picture of 60000 x 60000 pixels.*smaller"
    ):
        list(frames(path))
    with pytest.raises(UnreadableFile, match="60000 x 60000"):
        render(path, 1)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # the error says it, too
@pytest.mark.parametrize(
    "data", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\n", b"II*\0\x08\0\0\0"]
)
def test_what_is_no_picture_is_refused_in_a_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"a\.png is .*damaged"):
        list(frames(tmp_path / "a.png"))


def test_half_a_picture_is_refused_in_a_sentence(tmp_path: Path) -> None:
    Image.effect_noise((200, 200), 80).save(tmp_path / "a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableFile, match=r"a\.jpg is a damaged picture: .*truncated"):
        list(frames(tmp_path / "a.jpg"))


def scale(path: Path) -> float:
    (frame,) = frames(path)
    assert frame
    return frame[1]


def test_a_scanner_says_how_dense_its_pixels_are_and_a_screen_does_not(tmp_path: Path) -> None:
    Image.new("RGB", (1654, 2339)).save(tmp_path / "scan.png", dpi=(200, 200))
    Image.new("RGB", (1684, 842)).save(tmp_path / "screen.png", dpi=(72, 72))
    assert scale(tmp_path / "scan.png") == pytest.approx(200 / 72, rel=0.01)
    assert scale(tmp_path / "screen.png") == pytest.approx(2)  # as if it filled an A4 page


def test_a_page_is_drawn_at_the_size_that_is_asked_for(tmp_path: Path) -> None:
    Image.new("RGB", (1654, 2339)).save(tmp_path / "scan.png", dpi=(200, 200))
    assert render(tmp_path / "scan.png", 1, 1).size == pytest.approx((WIDTH, HEIGHT), abs=1)
    write_pdf(tmp_path / "a.pdf", ["text"])
    assert render(tmp_path / "a.pdf", 1, 1).size == pytest.approx((WIDTH, HEIGHT), abs=1)


def test_no_scale_makes_a_picture_that_fills_the_memory(tmp_path: Path) -> None:
    Image.new("RGB", (100, 100)).save(tmp_path / "a.png")
    assert render(tmp_path / "a.png", 1, 1_000).width == 4_000


def test_a_page_that_is_not_there_is_named(tmp_path: Path) -> None:
    two_coloured().save(tmp_path / "a.png")
    with pytest.raises(UnreadableFile, match=r"a\.png has no page 2: it has 1"):
        render(tmp_path / "a.png", 2)
    with pytest.raises(UnreadableFile, match="add the document's file again"):
        render(tmp_path / "gone.png", 1)


def test_a_format_without_pages_has_none_to_show(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    with pytest.raises(UnsupportedFile, match="no pages that can be shown"):
        render(tmp_path / "a.txt", 1)


@pytest.mark.parametrize(
    ("parameters", "by_a_model"),
    [
        ("a cat\nSteps: 20, Sampler: Euler a", True),
        ("a cat\nSteps: 20, Size: 1024x1024, Sampler: Euler a", True),
        ("a cat\nSteps: 4, Schedule type: Simple, Sampler: Euler", True),
        ("a cat\nSteps: 30, Model hash: abc, Sampler: Euler", True),
        ("Sampler: Euler a. Steps: 20, then home", False),
    ],
)
def test_a_picture_with_the_settings_of_a_model_is_made_by_one(
    tmp_path: Path, parameters: str, by_a_model: bool
) -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text("parameters", parameters)
    two_coloured().save(tmp_path / "a.png", pnginfo=told)
    assert (generated(tmp_path / "a.png") is not None) == by_a_model
