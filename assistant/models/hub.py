"""A file of the model hub, over https: continued where it stopped, given up in seconds when the
hub cannot be reached. The one place that uses httpx and huggingface_hub.

`hf_hub_download` would do all of it, but since version 1.33 it deletes a partial file when it is
stopped. So its two steps are called: one asks for the size, the other appends to a file of ours.
"""

import contextlib
import contextvars
import functools
import logging
import multiprocessing
import socket
import ssl
from multiprocessing.pool import ThreadPool
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from assistant.models.catalogue import HubFile
from assistant.models.verified_file import (
    Progress,
    SourceFailed,
    part_of,
    require_space,
    reveal,
)
from assistant.security.network_guard import is_allowed

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0
_BLOCK = 1 << 17
_SCHEMES = ("https",)


def download(source: HubFile, target: Path, sha256: str | None, progress: Progress) -> None:
    """Put the hub's file at `target`; without a sha256 whatever the hub gives is taken.

    A token, from HF_TOKEN or `hf auth login`, opens a gated repository; HF_ENDPOINT names a mirror.
    Raises SourceFailed.
    """
    import httpx
    from huggingface_hub import hf_hub_url
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

    _prepare_client()
    url = hf_hub_url(source.repository, source.file, subfolder=source.folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _receive_all(url, part_of(target), progress)
    except GatedRepoError as error:
        terms = f"accept the terms of {source.repository} on the hub and set HF_TOKEN"
        raise SourceFailed(f"it gives this model to those it knows: {terms}") from error
    except HfHubHTTPError as error:
        raise SourceFailed(f"it answered with status {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise SourceFailed(f"the transfer failed ({_reason(error)})") from error
    reveal(target, sha256, progress)


@functools.cache
def _prepare_client() -> None:
    """Let the library connect inside of `allow_network`; its own client obeys HF_HUB_OFFLINE."""
    import httpx
    from huggingface_hub import constants, set_client_factory

    set_client_factory(
        lambda: httpx.Client(event_hooks={"request": [_check]}, follow_redirects=True)
    )
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # our messages say what failed
    # A connection that breaks loses what was not yet a whole block, and Stop waits for one.
    constants.DOWNLOAD_CHUNK_SIZE = _BLOCK  # it is 10 MB


def _check(request: "httpx.Request") -> None:
    """Runs before each request, also before one that follows a redirect."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    if not is_allowed():
        raise OfflineModeIsEnabled("Only `pincite models pull` asks the model hub.")
    if request.url.scheme not in _SCHEMES:
        raise SourceFailed(f"{request.url.host} would send the file without encryption")


def _size_on_hub(url: str) -> int | None:
    """In bytes. Name look-up, connection and reply together get five seconds.

    A connect timeout counts for each address of a name, and a look-up has none at all.
    """
    import httpx
    from huggingface_hub import HfFileMetadata, get_hf_file_metadata

    ask = functools.partial(get_hf_file_metadata, url, timeout=CONNECT_SECONDS)
    try:
        with ThreadPool(1) as pool:
            asked = pool.apply_async(contextvars.copy_context().run, (ask,))
            found: HfFileMetadata = asked.get(CONNECT_SECONDS)
            return found.size
    except (httpx.ConnectError, httpx.TimeoutException, multiprocessing.TimeoutError) as error:
        raise SourceFailed(f"{httpx.URL(url).host} cannot be reached ({_reason(error)})") from error


def _reason(error: BaseException) -> str:
    """Why, in words: what httpx quotes of the system begins with the number of an error."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    found = next((one for one in reversed(causes) if isinstance(one, OSError)), None)
    if isinstance(found, socket.gaierror):
        return "its name is not found: is there a network?"
    if isinstance(found, ssl.SSLError):
        return "its certificate is not trusted"
    if found is not None and found.strerror:
        return found.strerror[0].lower() + found.strerror[1:]
    known = "" if isinstance(error, OSError) else str(error)
    return known or f"no connection within {CONNECT_SECONDS:.0f} seconds"


def _receive_all(url: str, part: Path, progress: Progress) -> None:
    """Receive until the end; a connection that breaks is opened again while it gave something."""
    import httpx

    size = _size_on_hub(url)
    if size and _bytes_in(part) > size:
        part.unlink()  # it belongs to another version of the file
    while (before := _bytes_in(part)) != size:
        try:
            return _receive(url, part, size, progress)
        except httpx.NetworkError:  # http_get repeats after other errors only
            if _bytes_in(part) <= before:
                raise


def _receive(url: str, part: Path, size: int | None, progress: Progress) -> None:
    from huggingface_hub import get_token
    from huggingface_hub.file_download import http_get

    have = _bytes_in(part)
    require_space(part.parent, (size or have) - have)
    headers = {"Accept-Encoding": "identity"}
    if token := get_token():
        headers["Authorization"] = f"Bearer {token}"
    with part.open("ab") as file:

        def report(count: int) -> None:  # less than nothing when the hub begins anew
            progress(f"fetching {part.stem}", file.tell() + max(count, 0), size)

        def bar(**_: object) -> Any:  # what the library uses of tqdm
            return contextlib.nullcontext(SimpleNamespace(update=report))

        http_get(url, file, resume_size=have, headers=headers, tqdm_class=cast(Any, bar))


def _bytes_in(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
