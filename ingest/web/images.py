"""Pictures that a web page holds itself. Those that it points to elsewhere are never fetched."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from ingest.images.embedded_images import Pasted, Writing, decoded

Look = Callable[[str], Writing]  # the address of a picture -> its text


def looking(pasted: Pasted, part: Look | None = None) -> Look:
    """Pictures in the page's own text ("data:"), and those that `part` finds beside it."""

    def look(address: str) -> Writing:
        head, _, body = address.strip().partition(",")
        if not head.lower().startswith("data:image/"):
            return part(address.strip()) if part and address.strip() else Writing()
        kind = head[len("data:image/") :].lower()
        data = decoded(body) if kind.endswith(";base64") else unquote_to_bytes(body)
        return pasted.read(data, f"picture.{kind.partition(';')[0].partition('+')[0]}")

    return look


def unseen(address: str) -> Writing:
    """For pages whose pictures are not read."""
    return Writing()
