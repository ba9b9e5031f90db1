"""Files that are made to do harm are read in the real sandbox, or get one clear sentence."""

import threading
import zipfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from ingest.containers import Expanded, Omitted
from ingest.document.model import Document
from ingest.document.source import Bounds, Engines, Limits
from ingest.errors import PinciteError
from ingest.loaders import load
from ingest.sandbox.pool import Sandbox
from tests.ingest.hostile import hostile_files
from tests.ingest.hostile.containers import OUTSIDE, STRANGE
from tests.ingest.hostile.hostile_files import FILES
from tests.ingest.made import written

SILENCE = 45.0  # seconds; generous, for machines that do other things as well
MEMORY = 4 << 10  # MB of one child, as in ingest/sandbox/confinement.py
UNPACKED = Limits(size=64 << 20, files=2000, harmless=1 << 20, free=0)

NOTHING = "nothing to read"  # and no error: the page is there, without a line
READ = ""  # expected of files whose text is read; of all others a part of the sentence
EXPECTED = {
    "laughs.xml": "declares entities",
    "laughs.docx": "declares entities",
    "laughs.odt": "declares entities",
    "laughs.html": READ,  # browsers know no such entities, and they are left as they stand
    "inflated.docx": "looks like a zip bomb",
    "sparse.xlsx": READ,
    "huge.png": "60000 x 60000 pixels",
    "pages.pdf": READ,
    "stream.pdf": "stream.pdf",  # it is too much for PDFium, the time or the memory
    "launch.pdf": READ,
    "nested.json": "nested too deeply",
    "nested.xml": "nested too deeply",
    "nested.html": "nested too deeply",
    "nested.md": READ,
    "brackets.md": READ,
    "nested.rtf": READ,
    "columns.csv": READ,
    "line.txt": READ,
    "line.json": READ,
    "truncated.zip": "not a ZIP archive, or is damaged",
    "attributes.html": "attributes.html",  # the time, on a slow machine
    "cells.rtf": NOTHING,
    "claims.wav": "get a speech model",
    "coded.eml": "is not text",
    "cut.jpg": "damaged picture",
    "cut.mp4": "damaged, or not a recording",
    "exif.jpg": NOTHING,
    "forms.pdf": "forms.pdf",  # the time or the memory
    "frames.tif": NOTHING,
    "groups.pptx": "nested too deeply",
    "groups.rtf": "damaged or not a .rtf file",
    "header.tar": "of memory",
    "line.png": "more than can be read safely",
    "noise.heic": "not a picture, or is damaged",
    "noise.mkv": "damaged, or not a recording",
    "noise.mp3": "speech model",
    "remark.png": "damaged picture",
    "repeated.ods": "repeat their texts to",
    "ring.msg": "not an Outlook message, or is damaged",
    "scan.pdf": NOTHING,
    "strings.xlsx": "repeat their texts to",
    "tiles.pdf": "tiles.pdf",  # the time
    "tree.pdf": NOTHING,
    "wide.pdf": NOTHING,
}
SLOW = {
    "attachments.eml", "attributes.html", "attributes.xml", "brackets.md", "columns.csv",
    "comments.md", "digits.json", "emphasis.md", "exif.jpg", "forms.pdf",
    "headers.eml", "line.json", "line.txt", "mails.mbox", "many.zip", "million.tgz", "nested.xml",
    "nested.zip", "pages.pdf", "parts.eml", "quotes.csv", "records.jsonl",
    "selectors.html", "sparse.xlsx", "stream.pdf", "tiles.pdf", "wide.html", "wide.pdf",
}  # fmt: skip


ENDLESS = {"attributes.html", "forms.pdf", "tiles.pdf"}  # read with a shorter silence


@pytest.fixture(scope="module")
def impatient() -> Iterator[Sandbox]:
    """For what would use up all the time that there is."""
    with Sandbox(engines=Engines(bounds=Bounds(silence=4, seconds=40))) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.getbasetemp()
    with Sandbox(
        engines=Engines(bounds=Bounds(silence=SILENCE, seconds=280)), folder=folder
    ) as sandbox:
        yield sandbox


def each(names: list[str]) -> list[object]:
    return [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in names]


def outcome(sandbox: Sandbox, path: Path) -> Document | str:
    try:
        return sandbox.start(path)()[0]
    except PinciteError as error:
        return str(error)


@pytest.mark.parametrize("name", each(list(FILES)))
def test_a_hostile_file_is_read_or_refused_in_a_sentence(
    sandbox: Sandbox, impatient: Sandbox, tmp_path: Path, name: str
) -> None:
    path = FILES[name](tmp_path / name)
    with watched() as most:
        found = outcome(impatient if name in ENDLESS else sandbox, path)
    expected = EXPECTED.get(name, READ)
    if isinstance(found, str):
        assert expected and expected in found and (name in found or name == "coded.eml")
        assert "\n" not in found and len(found) < 300
    else:
        assert expected in (READ, NOTHING, name)
        assert expected == name or any(page.lines for page in found.pages) == (expected == READ)
        balanced(found)
    assert max(most) < MEMORY


def balanced(document: Document) -> None:
    """Nothing is lost without a word, on any page."""
    for page in document.pages:
        if page.characters is not None:
            lines = sum(len("".join(line.text.split())) for line in page.lines)
            assert page.characters == lines + sum(one.characters for one in page.dropped)


class watched:
    """Peak memory of this process's children in MB, where the system tells it."""

    def __enter__(self) -> list[int]:
        self._most, self._over = [0], threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self._most

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        import multiprocessing

        while not self._over.wait(0.05):
            for child in multiprocessing.active_children():
                status = Path(f"/proc/{child.pid}/status")
                lines = status.read_text().splitlines() if status.exists() else []
                self._most += [int(x.split()[1]) >> 10 for x in lines if x.startswith("VmHWM")]


# -- what is inside of files


def unpacked(
    sandbox: Sandbox, path: Path, limits: Limits = UNPACKED
) -> tuple[list[str], list[Omitted]]:
    """As a library does it: containers in containers, within the limits of the outermost."""
    names: list[str] = []
    lost: list[Omitted] = []
    waiting, number, before = [(path, 0)], count(), set(path.parent.iterdir())
    for container, level in waiting:
        folder = path.parent / "out" / str(next(number))
        folder.mkdir(parents=True)
        try:
            expanded = sandbox.start_expand(container, folder, limits, level)()
        except PinciteError as error:
            expanded = Expanded((), (Omitted("what is inside", str(error)),))
        limits = limits.after(expanded.size, len(expanded.parts))
        names += [part.name for part in expanded.parts]
        lost += expanded.omitted
        waiting += [(part.path, level + 1) for part in expanded.parts]
    written = [file for file in (path.parent / "out").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in written) <= UNPACKED.size
    assert not any(file.is_symlink() for file in written)
    assert set(path.parent.iterdir()) - before == {path.parent / "out"}  # nothing escaped
    return names, lost


def opened(sandbox: Sandbox, folder: Path, name: str) -> tuple[list[str], dict[str, str]]:
    names, lost = unpacked(sandbox, FILES[name](folder / name))
    for omitted in lost:
        assert "\n" not in omitted.name + omitted.reason and len(omitted.reason) < 300
    return names, {omitted.name: omitted.reason for omitted in lost}


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.tgz"])
def test_a_bomb_costs_only_itself(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    names, lost = opened(sandbox, tmp_path, name)
    assert "zeros.txt" in lost and "zeros.txt" not in names
    assert names == (["good.txt"] if name == "bomb.zip" else [])


def test_archives_in_archives_share_one_budget(sandbox: Sandbox, tmp_path: Path) -> None:
    limits = Limits(size=32 << 20, files=300, harmless=1 << 20, free=0)
    names, lost = unpacked(sandbox, FILES["nested.zip"](tmp_path / "nested.zip"), limits)
    assert len(names) <= 300
    assert lost


def test_an_archive_that_holds_itself_ends(sandbox: Sandbox, tmp_path: Path) -> None:
    path = FILES["itself.zip"](tmp_path / "itself.zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.read(archive.namelist()[0]) == path.read_bytes()
    names, lost = opened(sandbox, tmp_path, "itself.zip")
    assert len(names) == Limits().depth
    (reason,) = lost.values()
    assert reason.startswith("it is nested too deep: unpack it yourself")


@pytest.mark.parametrize("name", ["traversal.zip", "traversal.tar"])
def test_nothing_is_written_beside_the_folder(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    names, lost = opened(sandbox, tmp_path, name)
    assert names == ["good.txt"]
    assert set(lost.values()) == {"its name leads out of the archive"}
    assert len(lost) >= len(set(OUTSIDE))
    assert not Path("/tmp/out.txt").exists()


@pytest.mark.parametrize("name", ["links.tar", "links.zip"])
def test_links_and_devices_are_not_followed(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    names, lost = opened(sandbox, tmp_path, name)
    assert "good.txt" in names and "link.txt" in lost
    assert not {"link.txt", "hard.txt", "null.txt", "pipe.txt"} & set(names)


@pytest.mark.slow
def test_a_hundred_thousand_files_are_a_line(sandbox: Sandbox, tmp_path: Path) -> None:
    names, lost = opened(sandbox, tmp_path, "many.zip")
    assert names == []
    assert lost["0.txt"] == "it is empty: 0 bytes"
    assert len(lost) < 30 and "99,980 more files" in lost


def test_names_that_differ_in_case_alone_are_two_files(sandbox: Sandbox, tmp_path: Path) -> None:
    names, _ = opened(sandbox, tmp_path, "cases.zip")
    assert len(names) == 4
    texts = sorted(file.read_text() for file in (tmp_path / "out").rglob("*.txt"))
    assert texts == ["four", "one", "three", "two"]


def test_names_become_harmless(sandbox: Sandbox, tmp_path: Path) -> None:
    names, lost = opened(sandbox, tmp_path, "names.zip")
    assert len(names) + len(lost) == len(STRANGE)
    assert all(name.isprintable() for name in [*names, *lost])
    on_disk = [file.name for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert len(on_disk) == len(names)
    stems = {name.split(".")[0].rstrip().lower() for name in on_disk}
    assert not stems & {"con", "nul", "aux", "com1"}
    assert all(name.isprintable() and not set(name) & set('<>:"/\\|?*') for name in on_disk)


def test_locked_and_cut_off_archives_say_so(sandbox: Sandbox, tmp_path: Path) -> None:
    assert opened(sandbox, tmp_path, "encrypted.zip")[1] == {"locked.txt": "it needs a password"}


@pytest.mark.parametrize("name", ["truncated.tgz", "truncated.txt.gz", "truncated.zip"])
def test_an_archive_that_is_cut_off_says_so(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    names, lost = opened(sandbox, tmp_path, name)
    assert names == (["good.txt"] if name == "truncated.tgz" else [])
    assert any("damaged" in reason for reason in lost.values())


def test_mails_in_mails_end(sandbox: Sandbox, tmp_path: Path) -> None:
    names, lost = opened(sandbox, tmp_path, "forwards.eml")
    assert len(names) == Limits().depth
    (reason,) = lost.values()
    assert reason.startswith("it is nested too deep: unpack it yourself")


@pytest.mark.slow
def test_a_mail_of_ten_thousand_files_is_opened_up_to_the_limit(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    names, lost = opened(sandbox, tmp_path, "attachments.eml")
    assert len(names) == UNPACKED.files
    assert len(lost) < 30


def test_text_that_is_hidden_very_deep_is_marked_as_hidden(tmp_path: Path) -> None:
    """Deeper than the reader follows the structure of a page."""
    inside = '<p>seen</p><p style="display:none">unseen</p><script>no_text()</script>'
    path = written(tmp_path / "a.html", "<div>" * 300 + inside + "</div>" * 300)
    (page,) = load(path).pages
    hidden = " ".join(line.text for line in page.lines if line.hidden)
    shown = " ".join(line.text for line in page.lines if not line.hidden)
    assert "unseen" in hidden and "unseen" not in shown
    assert "seen" in shown and "no_text" not in shown


def test_a_workbook_whose_cells_lie_far_apart_keeps_all_of_them(tmp_path: Path) -> None:
    text = load(hostile_files.xlsx(tmp_path / "a.xlsx")).pages[0].text
    assert text.split() == ["first", "last"]


def test_markdown_that_is_nested_deep_is_kept_as_text(tmp_path: Path) -> None:
    path = written(tmp_path / "a.md", "> " * 60 + "deep text\n\nafter\n")
    (page,) = load(path).pages
    assert "deep text" in page.text and "after" in page.text
    assert "plain text" in page.note


@pytest.mark.slow
def test_a_long_word_is_cut_onto_pages_that_add_up(tmp_path: Path) -> None:
    document = load(written(tmp_path / "a.txt", "word" * 50_000))
    assert len(document.pages) > 1
    balanced(document)
    assert "".join("".join(p.text.split()) for p in document.pages) == "word" * 50_000
