"""Archives, friendly and hostile: what is unpacked, what is left out, and why."""

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from ingest.containers import Expanded, expand
from ingest.document.source import Limits
from ingest.errors import UnreadableFile
from tests.ingest.archives import taped, zipped

SUFFIXES = {".txt", ".zip", ".html"}


def opened(path: Path, limits: Limits | None = None) -> Expanded:
    folder = path.parent / "out"
    folder.mkdir(exist_ok=True)
    expanded = expand(path, folder, limits or Limits(free=0), suffixes=SUFFIXES)
    for part in expanded.parts:
        assert part.path.resolve().is_relative_to(folder)
    return expanded


def texts(expanded: Expanded) -> dict[str, bytes]:
    return {part.name: part.path.read_bytes() for part in expanded.parts}


def reasons(expanded: Expanded) -> dict[str, str]:
    return {omitted.name: omitted.reason for omitted in expanded.omitted}


def test_files_in_a_zip_are_unpacked_under_their_names(tmp_path: Path) -> None:
    files = {"a.txt": b"one", "2023/a.txt": b"two", "2023/b.TXT": b"three", "2023/": b""}
    expanded = opened(zipped(tmp_path / "a.zip", files))
    assert texts(expanded) == {"a.txt": b"one", "2023/a.txt": b"two", "2023/b.TXT": b"three"}
    assert [part.path.name for part in expanded.parts] == ["a.txt", "a.txt", "b.TXT"]
    assert expanded.omitted == ()
    assert expanded.size == 11


@pytest.mark.parametrize(
    "name, mode",
    [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("a.tar.bz2", "w:bz2"),
     ("a.tbz2", "w:bz2"), ("a.tar.xz", "w:xz"), ("a.txz", "w:xz")],
)  # fmt: skip
def test_every_kind_of_tar_is_unpacked(tmp_path: Path, name: str, mode: str) -> None:
    files = {"a.txt": b"one", "below/b.txt": b"two"}
    assert texts(opened(taped(tmp_path / name, files, mode))) == files


def test_a_packed_file_is_unpacked_under_its_own_name(tmp_path: Path) -> None:
    for suffix, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        path = tmp_path / f"a.txt.{suffix}"
        path.write_bytes(pack(b"text"))
        assert texts(opened(path)) == {"a.txt": b"text"}


def test_names_in_utf_8_are_read_whether_the_archive_says_so_or_not(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"Übersicht.txt": b"x"})
    silent = path.read_bytes().replace(b"\x00\x08", b"\x00\x00")  # the flag that says UTF-8
    (tmp_path / "b.zip").write_bytes(silent)
    assert list(texts(opened(path))) == list(texts(opened(tmp_path / "b.zip"))) == ["Übersicht.txt"]


def test_what_is_not_unpacked_is_named_with_its_reason(tmp_path: Path) -> None:
    files = {"a.exe": b"", ".git/a.txt": b"", "__MACOSX/a.txt": b"", "a.txt": b"x"}
    expanded = opened(zipped(tmp_path / "a.zip", files))
    assert list(texts(expanded)) == ["a.txt"]
    assert reasons(expanded) == {
        "a.exe": "this kind of file cannot be read",
        ".git/a.txt": "a hidden file", "__MACOSX/a.txt": "a hidden file",
    }  # fmt: skip


@pytest.mark.parametrize("make", [zipped, taped])
@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "/etc/out.txt", "C:\\out.txt"])
def test_names_that_lead_out_of_the_archive_are_left_out(
    tmp_path: Path, make: type, name: str
) -> None:
    path = make(tmp_path / f"a.{'zip' if make is zipped else 'tar'}", {name: b"x", "a.txt": b"y"})
    expanded = opened(path)
    assert list(texts(expanded)) == ["a.txt"]
    assert list(reasons(expanded).values()) == ["its name leads out of the archive"]
    assert not (tmp_path / "out.txt").exists()


def test_links_devices_and_pipes_in_a_tar_are_left_out(tmp_path: Path) -> None:
    kinds = {
        "link.txt": tarfile.SYMTYPE, "hard.txt": tarfile.LNKTYPE,
        "null.txt": tarfile.CHRTYPE, "disk.txt": tarfile.BLKTYPE, "pipe.txt": tarfile.FIFOTYPE,
    }  # fmt: skip
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in kinds.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    expanded = opened(tmp_path / "a.tar")
    assert expanded.parts == ()
    assert reasons(expanded)["link.txt"] == "a link to /etc/passwd, not a file"
    assert reasons(expanded)["null.txt"] == "a device or pipe, not a file"
    assert set(reasons(expanded)) == set(kinds)


def test_links_in_a_zip_are_left_out(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("link.txt")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert reasons(opened(tmp_path / "a.zip")) == {"link.txt": "a link, not a file"}


def test_a_file_that_unpacks_to_a_hundred_times_its_size_is_left_out(tmp_path: Path) -> None:
    files = {"bomb.txt": bytes(20 << 20), "a.txt": b"x"}
    expanded = opened(zipped(tmp_path / "a.zip", files), Limits(harmless=1 << 20, free=0))
    assert list(texts(expanded)) == ["a.txt"]
    assert reasons(expanded) == {"bomb.txt": "it unpacks to more than 100 times its size"}
    assert [path.name for path in (tmp_path / "out").rglob("*.txt")] == ["a.txt"]


def test_a_bomb_of_one_tar_is_left_out(tmp_path: Path) -> None:
    path = taped(tmp_path / "a.tar.xz", {"bomb.txt": bytes(20 << 20), "a.txt": b"x"}, "w:xz")
    expanded = opened(path, Limits(size=10 << 20, harmless=1 << 20, free=0))
    assert expanded.parts == ()
    assert "bomb.txt" in reasons(expanded) and "the rest of a.tar.xz" in reasons(expanded)


def test_bytes_files_and_free_space_are_limited(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{number}.txt": bytes(1000) for number in range(5)})
    assert len(opened(path, Limits(files=2, free=0)).parts) == 2
    assert "too many files" in reasons(opened(path, Limits(files=2, free=0)))["2.txt"]
    assert len(opened(path, Limits(size=3500, free=0)).parts) == 3
    assert set(reasons(opened(path, Limits(free=1 << 60))).values()) == {"the disk is nearly full"}


def unfolded(path: Path, folder: Path, limits: Limits) -> tuple[list[str], list[str]]:
    """As a library does it: containers in containers, all within the limits of the outermost."""
    found: list[str] = []
    lost: list[str] = []
    waiting = [(path, 0)]
    for number, (container, level) in enumerate(waiting):
        (folder / str(number)).mkdir(parents=True)
        expanded = expand(container, folder / str(number), limits, level, SUFFIXES)
        limits = limits.after(expanded.size, len(expanded.parts))
        found += [part.name for part in expanded.parts]
        lost += [omitted.reason for omitted in expanded.omitted]
        waiting += [(part.path, level + 1) for part in expanded.parts]
    return found, lost


def test_archives_nested_too_deep_are_left_out(tmp_path: Path) -> None:
    data = zipped(tmp_path / "0.zip", {"a.txt": b"x"}).read_bytes()
    for _ in range(10):
        data = zipped(tmp_path / "0.zip", {"inner.zip": data}).read_bytes()
    found, lost = unfolded(tmp_path / "0.zip", tmp_path / "out", Limits(free=0))
    assert found == ["inner.zip"] * 4
    (reason,) = lost
    assert reason.startswith("it is nested too deep: unpack it yourself")


def test_a_bomb_of_nested_archives_stays_within_the_limits(tmp_path: Path) -> None:
    data = bytes(2 << 20)
    for level in range(4):  # 10,000 times 2 MB
        name = "0.zip" if level else "0.txt"
        files = {f"{number}{name[1:]}": data for number in range(10)}
        data = zipped(tmp_path / "bomb.zip", files).read_bytes()
    limits = Limits(size=16 << 20, harmless=1 << 20, free=0)
    _, lost = unfolded(tmp_path / "bomb.zip", tmp_path / "out", limits)
    assert lost
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.txt")) < 32 << 20


def test_overlapping_files_in_a_zip_do_not_multiply(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"kernel.txt": bytes(1 << 20)})
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    entry, end = data[start : data.index(b"PK\x05\x06")], bytearray(data[-22:])
    end[8:10] = end[10:12] = (1000).to_bytes(2, "little")  # a thousand names for the same bytes
    end[12:16] = (1000 * len(entry)).to_bytes(4, "little")
    path.write_bytes(data[:start] + entry * 1000 + end)
    expanded = opened(path, Limits(harmless=1 << 20, free=0))
    assert expanded.size <= 100 * path.stat().st_size
    assert len(expanded.parts) < 200
    assert expanded.omitted[-1].name.endswith("more files")


def test_an_archive_that_ends_too_early_gives_what_it_has(tmp_path: Path) -> None:
    path = taped(tmp_path / "a.tar.gz", {"a.txt": b"x", "b.txt": bytes(range(256)) * 4000}, "w:gz")
    path.write_bytes(path.read_bytes()[:-2000])
    expanded = opened(path)
    assert list(texts(expanded)) == ["a.txt"]
    assert "damaged" in reasons(expanded)["b.txt"]


def test_a_damaged_file_in_a_zip_costs_only_itself(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip", {"a.txt": b"one one", "b.txt": b"two two"}, zipfile.ZIP_STORED
    )
    path.write_bytes(path.read_bytes().replace(b"one one", b"one 0ne"))
    expanded = opened(path)
    assert texts(expanded) == {"b.txt": b"two two"}
    assert "damaged" in reasons(expanded)["a.txt"]


def test_a_file_that_needs_a_password_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.txt": b"x"}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert reasons(opened(path)) == {"a.txt": "it needs a password"}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz"])
def test_what_is_no_archive_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is no archive")
    with pytest.raises(UnreadableFile, match=f"{name} is not a.*archive"):
        opened(tmp_path / name)


def test_names_are_made_safe_for_the_disk(tmp_path: Path) -> None:
    names = ["a" * 300 + ".txt", "con<>|?.txt", "new\nline.txt", "ß" * 200 + ".txt"]
    expanded = opened(zipped(tmp_path / "a.zip", dict.fromkeys(names, b"x")))
    assert [part.name for part in expanded.parts] == [
        name.replace("\n", "\ufffd") for name in names
    ]
    assert all(part.path.suffix == ".txt" for part in expanded.parts)


def test_the_zip_of_the_evaluation_set_is_unpacked(evaluation: Path, tmp_path: Path) -> None:
    path = evaluation / "office" / "files" / "simple.zip"
    expanded = expand(path, tmp_path, Limits(free=0), suffixes={".html", ".csv"})
    assert [part.name for part in expanded.parts] == ["ideas-page.html", "stanley-cups.csv"]
    assert expanded.size == 6250
