"""A folder that nobody wants to be sent: hostile files and worse things, beside a few good ones."""

import os
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ingest.hostile.hostile_files import FILES
from tests.ingest.made import docx, odf, paragraph, written
from tests.pdfs import write_pdf

GOOD = {"good.pdf", "good.docx", "good.odt", "good.txt", "good.md", "good.csv", "good.html"}
ODD = ("\x1b[2J\x1b]0;owned\a.txt", "two\nlines.txt", "[red][link=x].txt", "\u202etxt.md")


def good(folder: Path) -> None:
    text = "Thirty days of leave in {}."
    write_pdf(folder / "good.pdf", ["# Leave", text.format("PDF")])
    docx(folder / "good.docx", paragraph(text.format("Word")))
    body = f"<office:text><text:p>{text.format('OpenDocument')}</text:p></office:text>"
    odf(folder / "good.odt", body)
    written(folder / "good.txt", text.format("text"))
    written(folder / "good.md", f"# Leave\n\n{text.format('Markdown')}\n")
    written(folder / "good.csv", f"a,b\n1,{text.format('rows')}\n")
    written(folder / "good.html", f"<p>{text.format('HTML')}</p>")


@contextmanager
def made(folder: Path, without: Collection[str] = ()) -> Iterator[set[str]]:
    """The names of the things in it that are no good files, as they are on the disk."""
    folder.mkdir()
    good(folder)
    hostile = {name for name in FILES if name not in without}
    for name in hostile:
        FILES[name](folder / name)
    for number, name in enumerate(ODD):
        written(folder / name, f"Text number {number} under an odd name.")
    (folder.parent / "secret.txt").write_text("the secret beside the folder")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "up").symlink_to(folder.parent)
    (folder / "ring.txt").symlink_to(folder / "ring.txt")
    (folder / "gone.txt").symlink_to(folder / "nothing.txt")
    (folder / "zero.txt").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.txt")
    with (folder / "vast.txt").open("wb") as file:
        file.truncate(8 << 40)  # and takes no space on the disk
    (folder / "empty.txt").touch()
    written(folder / os.fsdecode(b"\xff.txt"), "A name that is no text.")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(folder)  # a short path: at most 108 bytes
        try:
            listening.bind("socket.txt")
        finally:
            os.chdir(here)
        more = {"link.txt", "up", "ring.txt", "gone.txt", "zero.txt", "pipe.txt", "vast.txt",
                "empty.txt", "socket.txt", os.fsdecode(b"\xff.txt")}  # fmt: skip
        yield hostile | more
