"""A folder of a WebDAV server (RFC 4918), listed by PROPFIND and read by GET."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from assistant.sources.address import Address
from assistant.sources.bounds import (
    MOST_BYTES,
    MOST_DEPTH,
    MOST_ENTRIES,
    MOST_LISTED,
    SILENCE,
    Deadline,
)
from assistant.sources.client import told
from assistant.sources.errors import LeftOut, SourceFailed
from assistant.sources.landing import Entry, Row

_ASKED = (
    b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/>'
    b"<getetag/><getlastmodified/></prop></propfind>"
)
_DAV = "{DAV:}"
_REDIRECTS = 5
_HIDDEN = (".", "~$")  # as below a folder of this machine


class Shared:
    """A folder of a server, with all that is below it."""

    whole = True

    def __init__(self, address: Address, password: str) -> None:
        self._address = address
        self._client = httpx.Client(
            auth=httpx.BasicAuth(address.user, password) if address.user else None,
            verify=ssl.create_default_context() if address.secure else False,
            timeout=SILENCE,
            trust_env=False,  # a proxy would be another host
            headers={"Accept-Encoding": "identity"},
        )

    def entries(self) -> Iterator[Entry]:
        """Folder by folder: many servers refuse to list all at once."""
        top = unquote(self._address.path).rstrip("/")
        folders, number = [(top, 0)], 0
        while folders:
            folder, depth = folders.pop()
            for path, is_folder, entry in self._children(folder, top):
                number += 1
                if number > MOST_ENTRIES:
                    raise SourceFailed(
                        f"{self._address.host} has more than {MOST_ENTRIES:,} files and folders"
                        f" below {top or '/'}: name a smaller folder."
                    )
                if not is_folder:
                    yield entry
                elif depth < MOST_DEPTH:
                    folders.append((path, depth + 1))

    def read(self, entry: Entry, known: Row | None) -> Iterator[bytes] | None:
        """By its mark and time, which the listing tells, else by a conditional GET."""
        if entry.size > MOST_BYTES:
            raise LeftOut(f"it has more than {MOST_BYTES >> 20} MB")
        if known and entry.etag and entry.etag == known.etag:
            return None
        headers = {}
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        elif known and known.modified:
            headers["If-Modified-Since"] = known.modified
        blocks = self._file(entry, headers)
        first = next(blocks)
        return None if first is None else _bytes(first, blocks)

    def close(self) -> None:
        """Its connections."""
        self._client.close()

    def _file(self, entry: Entry, headers: dict[str, str]) -> Iterator[bytes | None]:
        """None where it is as it was, else its bytes, after an empty block."""
        with self._answer("GET", quote(entry.key), headers) as answer:
            if answer.status_code == 304:
                yield None
                return
            if answer.status_code != 200:
                raise LeftOut(f"the server answers {answer.status_code}")
            yield b""
            yield from _bounded(answer, MOST_BYTES, LeftOut)

    def _children(self, folder: str, top: str) -> Iterator[tuple[str, bool, Entry]]:
        """What is in a folder: path, whether it is a folder, and as a file."""
        with self._answer("PROPFIND", quote(f"{folder}/"), {"Depth": "1"}, _ASKED) as answer:
            if answer.status_code == 404 and folder != top:
                return  # it is gone since it was listed
            if answer.status_code != 207:
                raise SourceFailed(
                    f"{self._address.host} has no WebDAV folder {folder or '/'} (it answers"
                    f" {answer.status_code}): check the path."
                )
            body = b"".join(_bounded(answer, MOST_LISTED, SourceFailed))
        for path, is_folder, entry in listing(body, folder, top):
            if self._is_here(entry.key):
                yield path, is_folder, replace_key(entry, path)

    def _is_here(self, href: str) -> bool:
        """Not at another server."""
        joined = urlsplit(urljoin(f"{self._address.origin}/", href))
        own = urlsplit(self._address.origin)
        return (joined.hostname, _port(joined)) == (own.hostname, _port(own))

    @contextmanager
    def _answer(
        self, method: str, path: str, headers: dict[str, str], content: bytes | None = None
    ) -> Iterator[httpx.Response]:
        with told(self._address), _network():
            for _ in range(_REDIRECTS):
                url = f"{self._address.origin}{path}"
                with self._client.stream(method, url, headers=headers, content=content) as answer:
                    if answer.is_redirect:
                        path = self._redirected(url, answer.headers.get("location", ""))
                        continue
                    self._check(answer)
                    yield answer
                    return
            raise SourceFailed(f"{self._address.host} leads in a circle: check the path.")

    def _redirected(self, url: str, to: str) -> str:
        target = urlsplit(urljoin(url, to))
        own = urlsplit(url)
        if (target.scheme, target.hostname, _port(target)) != (
            own.scheme,
            own.hostname,
            _port(own),
        ):
            raise SourceFailed(
                f"{self._address.host} leads to another server, {(target.hostname or to)[:100]!r}:"
                " if you trust that one, add its address."
            )
        return target.path or "/"

    def _check(self, answer: httpx.Response) -> None:
        if answer.status_code == 401:
            raise SourceFailed(
                f"{self._address.host} refuses the user {self._address.user!r} or the password:"
                " check them, some servers want a password made for programs."
            )
        if answer.status_code == 429 or answer.status_code >= 500:
            raise SourceFailed(
                f"{self._address.host} answers {answer.status_code}: try again later."
            )


def replace_key(entry: Entry, path: str) -> Entry:
    """Known by its path, however the server writes its address."""
    return Entry(path, entry.parts, entry.size, entry.etag, entry.modified)


def listing(body: bytes, folder: str, top: str) -> Iterator[tuple[str, bool, Entry]]:
    """What an answer to PROPFIND says of the children of a folder: path, whether it is a folder,
    and as a file whose key is the address that the server gave. What is elsewhere is passed over,
    so that no answer leads out of the folder or around in it. Raises SourceFailed."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise SourceFailed(
            f"The list of {folder or '/'} is no XML that is safe to read: check the address."
        ) from error
    for response in root.iter(f"{_DAV}response"):
        href = (response.findtext(f"{_DAV}href") or "").strip()
        path = unquote(urlsplit(href).path).rstrip("/") if _is_url(href) else ""
        name = path.removeprefix(f"{folder}/")
        if not path.startswith(f"{folder}/") or not name or "/" in name or "\0" in name:
            continue
        if name.startswith(_HIDDEN):  # also "." and ".."
            continue
        is_folder = next(response.iter(f"{_DAV}collection"), None) is not None
        parts = tuple(path.removeprefix(f"{top}/").split("/"))
        yield path, is_folder, _entry(href, parts, response)


def _entry(href: str, parts: tuple[str, ...], response: Any) -> Entry:
    def said(name: str) -> str:
        found = next(response.iter(f"{_DAV}{name}"), None)
        text = ((found.text if found is not None else "") or "").strip()
        return text if text.isascii() and text.isprintable() and len(text) < 500 else ""

    size = said("getcontentlength")
    return Entry(
        href, parts, int(size) if size.isdecimal() and len(size) < 16 else 0, said("getetag"),
        said("getlastmodified"),
    )  # fmt: skip


def _is_url(href: str) -> bool:
    try:
        urlsplit(href).port  # noqa: B018  # raises for a port that is none
    except ValueError:
        return False
    return True


def _port(url: Any) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _bytes(first: bytes, others: Iterator[bytes | None]) -> Iterator[bytes]:
    yield first
    for block in others:
        if block is not None:
            yield block


def _bounded(answer: httpx.Response, most: int, error: type[SourceFailed]) -> Iterator[bytes]:
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise error("the server packs what it was asked to send as it is")
    deadline, size = Deadline(), 0
    for block in answer.iter_raw():  # as they come, so that a drip is seen
        deadline.check()
        size += len(block)
        if size > most:
            raise error(f"it has more than {most >> 20} MB")
        yield block


@contextmanager
def _network() -> Iterator[None]:
    """The errors of httpx as those of Python's sockets."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise TimeoutError from error
    except httpx.HTTPError as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, OSError):
                raise cause from error
            cause = cause.__cause__ or cause.__context__
        raise OSError(str(error)[:200]) from error
