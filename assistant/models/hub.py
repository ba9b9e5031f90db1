"""A file of the model hub, over https: continued where it stopped, given up in seconds when the
hub cannot be reached. The one place that uses httpx and huggingface_hub."""

import contextvars
import os
import queue
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from assistant.models.catalogue import HubFile
from assistant.models.verified_file import (
    BLOCK,
    Progress,
    SourceFailed,
    part_of,
    require_space,
    reveal,
)

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0


def download(source: HubFile, target: Path, sha256: str | None, progress: Progress) -> None:
    """Put the hub's file at `target`; without a sha256 whatever the hub gives is taken."""
    url = _url(source)
    _require_reachable(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    _receive_all(url, target, progress)
    reveal(target, sha256, progress)


def _url(source: HubFile) -> str:
    import huggingface_hub

    # Read here, for the library reads it once, when it is imported.
    endpoint = os.environ.get("HF_ENDPOINT") or None
    return huggingface_hub.hf_hub_url(
        source.repository, source.file, subfolder=source.folder or None, endpoint=endpoint
    )


def _require_reachable(url: str) -> None:
    """Name look-up and connection together get five seconds.

    A connect timeout counts for each address of a name, and a look-up has none at all.
    """
    host, port = _first_hop(url)
    outcome: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
    context = contextvars.copy_context()
    probe = threading.Thread(target=context.run, args=(_probe, host, port, outcome), daemon=True)
    probe.start()
    try:
        failure = outcome.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        failure = TimeoutError(f"no connection within {CONNECT_SECONDS:.0f} seconds")
    if failure:
        raise SourceFailed(f"{host} cannot be reached ({failure})")


def _probe(host: str, port: int, outcome: "queue.SimpleQueue[Exception | None]") -> None:
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
        outcome.put(None)
    except OSError as error:
        outcome.put(error)


def _first_hop(url: str) -> tuple[str, int]:
    """The host and port that a connection for `url` opens first: the proxy's, if there is one."""
    hop = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(hop.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(hop.hostname or ""):
        hop = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return hop.hostname or "", hop.port or (443 if hop.scheme == "https" else 80)


def _receive_all(url: str, target: Path, progress: Progress) -> None:
    """Receive until the end; a connection that breaks is opened again while it gave something."""
    import httpx

    while True:
        before = _size(part_of(target))
        try:
            return _receive(url, target, progress)
        except httpx.HTTPError as error:
            if _size(part_of(target)) <= before:
                raise SourceFailed(f"the transfer failed ({error})") from error


def _receive(url: str, target: Path, progress: Progress) -> None:
    import httpx

    part = part_of(target)
    have = _size(part)
    headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"}
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=timeout) as reply:
        if reply.status_code == 416:  # nothing is left to send
            return
        if reply.status_code not in (200, 206):
            raise SourceFailed(f"it answered with status {reply.status_code}")
        if reply.status_code == 200:  # the whole file, from its start
            have = 0
        _append(reply, part, have, progress)


def _append(reply: "httpx.Response", part: Path, have: int, progress: Progress) -> None:
    length = int(reply.headers.get("Content-Length", 0))
    require_space(part.parent, length)
    total = have + length if length else None
    with part.open("ab" if have else "wb") as file:
        for block in reply.iter_bytes(BLOCK):
            file.write(block)
            have += len(block)
            progress(f"fetching {part.stem}", have, total)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
