"""Files that refer to something elsewhere: nothing is fetched, and no other file is read."""

import socket
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.document.model import Document
from ingest.errors import PinciteError
from ingest.loaders import load
from ingest.sandbox.pool import Sandbox
from tests.ingest.hostile import hostile_files
from tests.ingest.hostile.hostile_files import SECRET
from tests.ingest.hostile.test_hostile import outcome, sandbox

__all__ = ["sandbox"]  # the fixture


def page(url: str) -> str:
    return (
        f'<!DOCTYPE html SYSTEM "{url}/dtd"><html><head><base href="{url}/"><meta '
        f'http-equiv="refresh" content="0;url={url}/meta"><link rel="stylesheet" href="{url}/css">'
        f"<style>@import url({url}/import); body {{background: url({url}/back)}}</style>"
        f'<script src="{url}/js"></script></head><body><p>before</p><img src="{url}/img.png">'
        f'<iframe src="{url}/frame"></iframe><object data="{url}/object"></object>'
        f'<svg><image xlink:href="{url}/svg"/></svg><video src="{url}/video" autoplay></video>'
        "<p>after</p></body></html>"
    )


def mail(url: str) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.com", "Pixel"
    message.set_content(page(url), subtype="html")
    message.add_attachment(
        f"URL={url}/body", subtype="plain", filename="link.txt", params={"access-type": "URL"}
    )
    return bytes(message)


def office(path: Path, url: str) -> Path:
    """A document whose template, picture and text are elsewhere."""
    kinds = ["attachedTemplate", "image", "hyperlink", "subDocument", "frame", "oleObject"]
    there = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    inner = "".join(
        f'<Relationship Id="r{n}" Type="{there}/{kind}" Target="{url}/{kind}"'
        ' TargetMode="External"/>'
        for n, kind in enumerate(kinds)
    )
    hostile_files.docx(path)
    words = f"before <!-- {url} --> after"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts["word/document.xml"].replace(b"before &a9; after", words.encode())
    blip = f'<w:drawing xmlns:a="urn:a"><a:blip xmlns:r="{there}" r:link="r1"/></w:drawing>'
    parts["word/document.xml"] = text.replace(b"</w:r>", blip.encode() + b"</w:r>")
    parts["word/_rels/document.xml.rels"] = (
        f'<Relationships xmlns="{hostile_files.RELATIONS}">{inner}</Relationships>'.encode()
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def entity(url: str) -> str:
    return (
        f'<?xml version="1.0"?><!DOCTYPE x SYSTEM "{url}/dtd" [<!ENTITY % p SYSTEM "{url}/p">'
        f'<!ENTITY e SYSTEM "{url}/e">]><x>before &e; after</x>'
    )


def included(url: str) -> str:
    return (
        f'<?xml version="1.0"?><?xml-stylesheet href="{url}/xsl"?><x xmlns:xi='
        f'"http://www.w3.org/2001/XInclude">before <xi:include href="{url}/xi"/> after</x>'
    )


def actions(url: str) -> bytes:
    """A PDF that opens a page, sends a form and runs a script when it is opened."""
    uri, form = f"/S/URI/URI({url}/uri)", f"/S/SubmitForm/F<</FS/URL/F({url}/form)>>"
    script = f"/S/JavaScript/JS(app.launchURL\\('{url}/js'\\);this.getURL\\('{url}/get'\\))"
    away = f"/S/GoToR/F<</FS/URL/F({url}/other.pdf)>>"
    return f"/OpenAction<<{uri}/Next[<<{form}>><<{script}>><<{away}>>]>>".encode()


def bundle(path: Path, url: str) -> Path:
    message = EmailMessage()
    message["Subject"], message["From"] = "Saved page", "a@example.com"
    message.set_content(page(url), subtype="html")
    path.write_bytes(bytes(message))
    return path


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


REMOTE: dict[str, Callable[[Path, str], Path]] = {
    "page.html": lambda path, url: write(path, page(url)),
    "page.mhtml": bundle,
    "mail.eml": lambda path, url: write(path, mail(url)),
    "page.md": lambda path, url: write(path, f"before ![x]({url}/i.png)\n\n{page(url)}\n\nafter"),
    "document.docx": office,
    "entity.xml": lambda path, url: write(path, entity(url)),
    "included.xml": lambda path, url: write(path, included(url)),
    "entity.docx": lambda path, url: hostile_files.docx(path, f'<!DOCTYPE x SYSTEM "{url}/dtd">'),
    "actions.pdf": lambda path, url: hostile_files.pdf(path, action=actions(url)),
    "launch.pdf": lambda path, url: hostile_files.pdf(path, action=hostile_files.LAUNCH),
    "field.rtf": lambda path, url: write(
        path, f'{{\\rtf1 before {{\\field{{\\*\\fldinst INCLUDEPICTURE "{url}/x"}}}} after}}'
    ),
    "feed.csv": lambda path, url: write(path, f'before,after\n=WEBSERVICE("{url}/w"),2\n'),
}


@pytest.fixture
def listening() -> Iterator[tuple[str, Callable[[], int]]]:
    """An address of this machine, and how many have connected to it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)

        def connected() -> int:
            number = 0
            while True:
                try:
                    server.accept()[0].close()
                    number += 1
                except BlockingIOError:
                    return number

        yield f"http://127.0.0.1:{server.getsockname()[1]}", connected


def test_a_connection_would_be_noticed(listening: tuple[str, Callable[[], int]]) -> None:
    url, connected = listening
    assert connected() == 0
    socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))).close()
    assert connected() == 1


_asked: list[str] = []
_listening = threading.Event()


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if _listening.is_set() and event in ("socket.connect", "socket.getaddrinfo", "os.system",
                                         "subprocess.Popen", "webbrowser.open"):  # fmt: skip
        _asked.append(f"{event} {arguments}")


@pytest.mark.parametrize("name", REMOTE)
def test_nothing_elsewhere_is_fetched(
    sandbox: Sandbox, tmp_path: Path, listening: tuple[str, Callable[[], int]], name: str
) -> None:
    """Neither in the sandbox, where it could not, nor by the loaders when they could."""
    url, connected = listening
    path = REMOTE[name](tmp_path / name, url)
    inside = outcome(sandbox, path)
    sys.addaudithook(_note)
    _listening.set()
    try:
        outside: Document | str = load(path)
    except PinciteError as error:
        outside = str(error)
    finally:
        _listening.clear()
    assert (inside if isinstance(inside, str) else inside.pages) == (
        outside if isinstance(outside, str) else outside.pages
    )
    time.sleep(0.1)  # a connection may arrive late
    assert connected() == 0
    assert _asked == []
    if isinstance(inside, str):
        assert name.startswith("entity")
        assert "declares entities" in inside or "damaged" in inside


@pytest.mark.parametrize("make", [hostile_files.xml, hostile_files.docx, hostile_files.odt])
def test_another_file_of_the_machine_is_not_read(
    sandbox: Sandbox, tmp_path: Path, make: Callable[[Path, str], Path]
) -> None:
    secret = write(tmp_path / "secret.txt", SECRET)
    suffixes: dict[Callable[[Path, str], Path], str]
    suffixes = {hostile_files.xml: ".xml", hostile_files.docx: ".docx", hostile_files.odt: ".odt"}
    path = make(tmp_path / f"a{suffixes[make]}", hostile_files.outside(secret))
    assert "declares entities" in str(outcome(sandbox, path))


def test_html_names_another_file_and_does_not_show_it(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.txt", SECRET)
    path = hostile_files.xml(tmp_path / "a.html", hostile_files.outside(secret))
    found = outcome(sandbox, path)
    assert isinstance(found, Document)
    assert SECRET not in "\n".join(page.text for page in found.pages)
