"""A picture to paint over with a mouse or a finger: the painted area becomes a mask."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from assistant.i18n.translation import _
from assistant.ui.components import data_address
from assistant.ui.components.scripts.script import read, script
from ingest.errors import UnreadableFile
from ingest.images import image_file

if TYPE_CHECKING:
    from PIL.Image import Image

_SHOWN = 1024  # pixels of the long side, at most: the mask is as large, and scaled afterwards
_PNG = "data:image/png;base64,"

_component = st.components.v2.component(
    "pincite_mask",
    html='<div class="mask"></div>',
    css=read("mask.css"),
    js=script("mask"),
)


def draw(path: Path, key: str) -> bytes | None:
    """The mask as a PNG of the picture's shape, white where it was painted; None: nowhere.

    Raises UnreadableFile.
    """
    shown = _preview(path)
    data = {"picture": _url(shown), "width": shown.width, "height": shown.height, "words": _words()}
    result = _component(key=key, data=data, on_mask_change=lambda: None)
    return decode_mask(result)


def _words() -> dict[str, str]:
    """Of mask.js."""
    return {
        "picture": _("The picture that is edited"),
        "paint": _("Paint over what is to change"),
        "brush": _("Brush"),
        "size": _("Brush size"),
        "undo": _("Undo"),
        "clear": _("Clear"),
    }


def decode_mask(result: Mapping[str, Any]) -> bytes | None:
    """What the browser sent, if it is a PNG."""
    sent = result.get("mask")
    if not isinstance(sent, str) or not sent.startswith(_PNG):
        return None
    try:
        return base64.b64decode(sent.removeprefix(_PNG), validate=True)
    except ValueError:
        return None


@st.cache_data(max_entries=4, show_spinner=False)
def _small(path: str, modified: float) -> "Image":
    for frame in image_file.frames(Path(path)):
        if frame is not None:
            frame[0].thumbnail((_SHOWN, _SHOWN))
            return frame[0]
    raise UnreadableFile(f"{Path(path).name} is a damaged picture.")


def _preview(path: Path) -> "Image":
    return _small(str(path), path.stat().st_mtime)


def _url(picture: "Image") -> str:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=90)
    return data_address.of_jpeg(data.getvalue())
