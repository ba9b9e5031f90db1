"""Plays a recording from its cited second, in the browser's own player."""

from pathlib import Path

import streamlit as st

from assistant.attachments import media_kinds
from assistant.i18n.translation import _
from assistant.ui.components.escaping import plain
from assistant.ui.components.scripts.script import script
from ingest.media.ffmpeg import clock

# What browsers play; they look at the file itself, and at this only to begin with.
_FORMATS = {
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".aac": "audio/aac",
    ".flac": "audio/flac", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg",
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm",
    ".mkv": "video/webm",
}  # fmt: skip
_transcript = st.components.v2.component(
    "pincite_transcript",
    js=script("transcript"),
)
_LARGEST = 500 << 20  # bytes: Streamlit holds what it plays in memory


def draw(document: str, file: Path, seconds: float) -> None:
    """Draw the player from a second on, for recordings only. `file` is the library's own copy."""
    kind = media_kinds.kind(document)
    if kind not in ("audio", "video"):
        return
    with st.container(key="player"):
        if why := _not_played(file):
            begins = _("The citation begins at {time}.", time=clock(seconds))
            st.info(plain(f"{why} {begins}"))
            return
        form = _FORMATS[file.suffix]
        name = _("{document} from {time}", document=document, time=clock(seconds))
        play = st.audio if kind == "audio" else st.video
        play(str(file), format=form, start_time=int(seconds), alt=name)
        _transcript(key="transcript", data={"words": _("Play from {time}", time="{time}")})


def _not_played(file: Path) -> str:
    """Why a browser cannot play a file, or nothing."""
    if not file.exists():
        return _("The library's copy of this recording is gone: add the file again.")
    if file.suffix not in _FORMATS:
        return _(
            "Browsers do not play {kind} files. Open {file} with a player.",
            kind=file.suffix, file=file,
        )  # fmt: skip
    if file.stat().st_size > _LARGEST:
        return _("The recording is too large to play here. Open {file} with a player.", file=file)
    return ""
