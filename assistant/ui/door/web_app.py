"""The page of the app, and what browsers need to install it beside others: a manifest and icons.

https://www.w3.org/TR/appmanifest/; `tab.js` names the manifest to the browser.
"""

import json
from collections.abc import Collection
from pathlib import Path

from assistant.entrance.asgi import Asgi, Receive, Scope, Send
from assistant.ui.door.headers import streamlit_page

MANIFEST = "/pincite.webmanifest"
_ICONS = Path(__file__).parents[1]
_KEPT = b"max-age=86400"  # seconds; a newer version may have another icon
_FILES = {
    "/pincite-icon.svg": ("icon.svg", "image/svg+xml"),
    "/pincite-icon-512.png": ("icon-512.png", "image/png"),
}


def with_manifest(inner: Asgi, pages: Collection[str]) -> Asgi:
    """An application that answers for these files and for the addresses of `pages`, and passes on
    all else."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        found = _found(scope.get("path", ""), pages) if scope["type"] == "http" else None
        if found is None:
            await inner(scope, receive, send)
            return
        body, kind = found
        kept = b"no-cache" if kind.startswith("text/html") else _KEPT
        headers = [
            (b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()),
            (b"cache-control", kept),
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answered


def _found(path: str, pages: Collection[str]) -> tuple[bytes, str] | None:
    if path.removeprefix("/") in pages:
        return streamlit_page().encode(), "text/html; charset=utf-8"
    if path == MANIFEST:
        return json.dumps(manifest()).encode(), "application/manifest+json"
    if path not in _FILES:
        return None
    name, kind = _FILES[path]
    return (_ICONS / name).read_bytes(), kind


def manifest() -> dict[str, object]:
    """Its colours are those of the light theme: a manifest knows one."""
    svg, png = _FILES
    return {
        "name": "Pincite", "short_name": "Pincite", "start_url": "/", "scope": "/", "id": "/",
        "display": "standalone", "background_color": "#fdfcf9", "theme_color": "#17635d",
        "icons": [
            {"src": svg, "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            {"src": png, "sizes": "512x512", "type": "image/png", "purpose": "any"},
        ],
    }  # fmt: skip
