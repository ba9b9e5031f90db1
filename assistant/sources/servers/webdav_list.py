"""The list of a folder as a WebDAV server writes it: the answer to PROPFIND (RFC 4918, 9.1)."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from assistant.sources.errors import SourceFailed
from assistant.sources.landing import Entry

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
        path = unquote(urlsplit(href).path).rstrip("/") if _is_url(href) else ""
        if not (_is_url(href) and is_here(href) and f"{path}/".startswith(f"{folder}/")):
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
            f"The list of {folder or '/'} is no XML that is safe to read: check the address.",
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


def _is_url(href: str) -> bool:
    try:
        urlsplit(href).port  # noqa: B018  # raises for a port that is none
    except ValueError:
        return False
    return True
