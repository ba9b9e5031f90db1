"""A folder of a WebDAV server (RFC 4918), listed by PROPFIND and read by GET."""

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from assistant.i18n.translation import N_
from assistant.sources import limits
from assistant.sources.address import Address, LeftOut, SourceFailed, refused, told
from assistant.sources.source_list import Entry, Row

# -- The list of a folder as a WebDAV server writes it: the answer to PROPFIND (RFC 4918, 9.1)

_DAV = "{DAV:}"
_MOST_ELEMENTS = 20_000  # beginnings and ends in one row
_HIDDEN = (".", "~$")  # as below a folder of this machine


def listing(
    body: bytes, folder: str, is_here: Callable[[str], bool] = lambda href: True,
    wrong: type[SourceFailed] = SourceFailed,
) -> Iterator[tuple[str, bool, Entry]]:  # fmt: skip
    """What an answer to PROPFIND says of the children of a folder: name, whether it is a folder,
    and as a file whose key is the address that the server gave. What is elsewhere is passed over,
    so that no answer leads out of the folder or around in it. Raises SourceFailed; `wrong` for a
    list that is of another folder."""
    others = ""  # the address of the first one that is elsewhere
    is_own = False
    for response in _responses(body, folder):
        href = (response.findtext(f"{_DAV}href") or "").strip()
        path = _path(href)
        if path is None or not (is_here(href) and f"{path}/".startswith(f"{folder}/")):
            others = others or href
            continue
        is_own, name = True, path.removeprefix(folder).removeprefix("/")
        # Names with a dot are also "." and "..".
        if name and not name.startswith(_HIDDEN) and "/" not in name and "\0" not in name:
            is_folder = next(response.iter(f"{_DAV}collection"), None) is not None
            yield name, is_folder, _entry(href, (name,), response)
    if others and not is_own:
        raise wrong(
            f"The list of {folder or '/'} is that of another folder, {others[:200]!r}: write the"
            " path as the server does.",
            "folder",
        )


def _responses(body: bytes, folder: str) -> Iterator[Any]:
    """One by one: all at once take 23 times the memory of the text. Raises SourceFailed."""
    try:
        depth, elements, root = 0, 0, None
        for event, element in iterparse(BytesIO(body), ("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            root, elements = element if root is None else root, elements + 1
            if elements > _MOST_ELEMENTS:
                raise ValueError("a row without end")
            if event == "end" and depth == 1:  # not one within another
                if element.tag == f"{_DAV}response":
                    yield element
                root.clear()
                elements = 0
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise SourceFailed(
            f"The list of {folder or '/'} is not XML that is safe to read: check the address.",
            "server",
        ) from error


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


def _path(href: str) -> str | None:
    with suppress(ValueError):  # it is no URL
        if urlsplit(href).port != 0:
            return unquote(urlsplit(href).path).rstrip("/")
    return None


_ASKED = (
    b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/>'
    b"<getetag/><getlastmodified/></prop></propfind>"
)
_REDIRECTS = 5
_LATER = (429, 503)  # the server as a whole asks to be tried again later


class Shared:
    """A folder of a server, with all that is below it. Of each list, `whole` says whether it named
    all files, and `left_out` which folders it is without, and why."""

    def __init__(self, address: Address, password: str) -> None:
        self._address = address
        self._top = unquote(address.path).rstrip("/")
        self.whole = True
        self.left_out: list[tuple[str, LeftOut]] = []
        self._client = httpx.Client(
            auth=httpx.BasicAuth(address.user, password) if address.user else None,
            verify=ssl.create_default_context() if address.secure else False,
            timeout=limits.SILENCE,
            trust_env=False,  # a proxy would be another host
            headers={"Accept-Encoding": "identity"},
        )

    def entries(self, check: Callable[[], None]) -> Iterator[Entry]:
        """All files; `check` is called before each request, and may raise. Folder by folder: many
        servers refuse to list all at once. Raises SourceFailed."""
        folders, number = [(self._top, 0)], 0
        while folders:
            check()
            folder, depth = folders.pop()
            try:
                found = list(self._children(folder))
            except LeftOut as error:  # one below that the server does not list
                self._leave_out(folder, error)
                found = []
            for path, is_folder, entry in found:
                number += 1
                if number > limits.MOST_ENTRIES:
                    raise SourceFailed(
                        f"{self._address.host} has more than {limits.MOST_ENTRIES:,} files and"
                        f" folders below {self._top or '/'}: name a smaller folder."
                    )
                if not is_folder:
                    yield entry
                elif depth < limits.MOST_DEPTH:
                    folders.append((path, depth + 1))
                else:
                    deep = LeftOut(reason="it is nested too deeply in other folders")
                    self._leave_out(path, deep)

    def check(self) -> None:
        """Whether the folder itself may be listed. Raises SourceFailed."""
        list(self._children(self._top))

    def read(self, entry: Entry, known: Row | None) -> Iterator[bytes] | None:
        """The bytes of a file; None where it is unchanged, by the mark and time in the listing,
        else by a conditional GET. Raises LeftOut, SourceFailed."""
        if entry.size > limits.MOST_BYTES:
            raise LeftOut(reason=f"it has more than {limits.MOST_BYTES >> 20} MB")
        if known and entry.etag and entry.etag == known.etag:
            return None
        headers = {}
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        elif known and known.modified:
            headers["If-Modified-Since"] = known.modified
        blocks = self._file(entry, headers)
        return blocks if next(blocks, None) is not None else None

    def named(self, entry: Entry, fetched: Path) -> Sequence[str]:
        """The path of a file as the server says it."""
        return entry.parts

    def close(self) -> None:
        """Close the connections to the server."""
        self._client.close()

    def _file(self, entry: Entry, headers: dict[str, str]) -> Iterator[bytes]:
        """Nothing where it is as it was, else its bytes, after an empty block."""
        with self._answer("GET", quote(entry.key), headers) as answer:
            if answer.status_code == 304:
                return
            if answer.status_code != 200:
                raise _refused(answer)
            yield b""
            yield from _bounded(answer, limits.MOST_BYTES, LeftOut)

    def _leave_out(self, folder: str, why: LeftOut) -> None:
        self.whole = False
        self.left_out.append((f"{self._below(folder)}/", why))

    def _below(self, path: str) -> str:
        return path.removeprefix(f"{self._top}/")

    def _children(self, folder: str) -> Iterator[tuple[str, bool, Entry]]:
        """What is in a folder: path, whether it is a folder, and as a file."""
        wrong = SourceFailed if folder == self._top else LeftOut
        with self._answer("PROPFIND", quote(f"{folder}/"), {"Depth": "1"}, _ASKED, wrong) as answer:
            if answer.status_code != 207 and folder != self._top:
                raise _refused(answer)
            if answer.status_code == 401:  # what is refused here is refused altogether
                raise refused(self._address)
            if answer.status_code >= 500:
                raise self._later(answer)
            if answer.status_code != 207:
                raise SourceFailed(
                    f"{self._address.host} has no WebDAV folder {folder or '/'} (it answers"
                    f" {answer.status_code}): check the path.",
                    "folder",
                )
            body = b"".join(_bounded(answer, limits.MOST_LISTED, wrong))
            led_to = answer.url.path.rstrip("/")  # by redirects
        for name, is_folder, entry in listing(body, led_to, self._is_here, wrong):
            path = f"{folder}/{name}"  # as it was asked for: it is known by that
            yield (
                path,
                is_folder,
                replace(entry, key=path, parts=tuple(self._below(path).split("/"))),
            )

    def _is_here(self, href: str) -> bool:
        """Not at another server. The port may be that behind a proxy."""
        own = urlsplit(self._address.origin)
        return urlsplit(urljoin(f"{self._address.origin}/", href)).hostname == own.hostname

    @contextmanager
    def _answer(
        self, method: str, path: str, headers: dict[str, str], content: bytes | None = None,
        wrong: type[SourceFailed] = LeftOut,
    ) -> Iterator[httpx.Response]:  # fmt: skip
        """`wrong` is raised for redirects that lead nowhere or elsewhere."""
        with told(self._address), _network():
            for _ in range(_REDIRECTS):
                url = f"{self._address.origin}{path}"
                with self._client.stream(method, url, headers=headers, content=content) as answer:
                    if answer.next_request:
                        path = self._redirected(answer.next_request.url, wrong)
                        continue
                    if answer.status_code in _LATER:
                        raise self._later(answer)
                    yield answer
                    return
            raise wrong(f"{self._address.host} redirects in a circle: check the path.", "folder")

    def _redirected(self, to: httpx.URL, wrong: type[SourceFailed]) -> str:
        own = httpx.URL(self._address.origin)
        if (to.scheme, to.host, to.port) != (own.scheme, own.host, own.port):
            raise wrong(
                f"{self._address.host} redirects to another server, {to.host[:100]!r}: if you"
                " trust that one, add its address.",
                "server",
            )
        return to.raw_path.decode().partition("?")[0]

    def _later(self, answer: httpx.Response) -> SourceFailed:
        return SourceFailed(
            f"{self._address.host} answers {answer.status_code}: try again later.", "server"
        )


def _refused(answer: httpx.Response) -> LeftOut:
    return LeftOut(reason=f"the server answers {answer.status_code}")


def _bounded(answer: httpx.Response, most: int, error: type[SourceFailed]) -> Iterator[bytes]:
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise error(N_("the server compresses what it was asked to send as it is"))
    end, size = time.monotonic() + limits.LONGEST, 0
    for block in answer.iter_raw():  # as they come, so that a drip is seen
        if time.monotonic() > end:
            raise TimeoutError
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
    except httpx.InvalidURL as error:
        raise OSError(N_("it redirects to what is not an address")) from error
    except httpx.HTTPError as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__cause__ or cause.__context__
        raise cause or OSError(str(error)[:200]) from error
