"""The files that browsers need to install the app."""

import asyncio
import json
from typing import Any

from assistant.ui.door import MANIFEST, with_manifest


def got(path: str) -> tuple[dict[str, Any], bytes]:
    sent: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "inner"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {}

    asyncio.run(with_manifest(inner)({"type": "http", "path": path}, receive, send))
    return sent[0], sent[1]["body"] if len(sent) > 1 else b""


def test_the_manifest_names_icons_that_are_served() -> None:
    start, body = got(MANIFEST)
    assert dict(start["headers"])[b"content-type"] == b"application/manifest+json"
    kinds = {icon["type"]: got(icon["src"])[1][:8] for icon in json.loads(body)["icons"]}
    assert kinds["image/png"] == b"\x89PNG\r\n\x1a\n"
    assert kinds["image/svg+xml"].startswith(b"<svg")


def test_all_else_is_passed_on() -> None:
    assert got("/_stcore/stream")[0] == {"type": "inner"}
    assert got("/pincite.webmanifest/../x")[0] == {"type": "inner"}
