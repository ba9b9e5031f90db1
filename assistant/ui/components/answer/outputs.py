"""Shows pictures and sounds: attachments of a question, and output of tools."""

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.attachments import attached_files
from assistant.contract.intents import Enhance, Intent, Vary
from assistant.i18n.told import told
from assistant.i18n.translation import N_, _
from assistant.ui import resources, session
from assistant.ui.components.escaping import plain
from assistant.ui.components.hood import picture
from ingest.document.source import readable
from ingest.errors import PinciteError, UnreadableFile
from ingest.images import image_file

# What a tool makes out of nothing carries a mark, and can be made in another way. A chart shows
# numbers of a document: a similar one, or a sharper one, would show numbers that nobody stated.
_GENERATED = {"draw": N_("Generated"), "edit": N_("Changed by a model"), "vary": N_("Generated")}
_GENERATED["enhance"] = N_("Enhanced: a model has invented detail")
_MIME = {".png": "image/png", ".wav": "audio/wav", ".mp4": "video/mp4", ".gif": "image/gif"}
_WORDS = 6  # of the question, in the name of a file
_SHARP = 2  # pixels of a picture that came with a question, for one that is shown

Ask = Callable[[str, Intent], None]


def attached(paths: list[str], turn: str) -> None:
    """Draw attachments beside their question; a conversation may ask about a file twice."""
    if not paths:
        return
    with st.container(horizontal=True, horizontal_alignment="right", key=f"with-{turn}"):
        for path in map(Path, paths):
            if path.exists() and attached_files.kind(path) == "picture":
                _given(path, 180)
            else:
                _play(path, 180)


def draw(answer: Mapping[str, Any], ask: Ask) -> None:
    """Draw output under an answer; `ask` runs a button's request as a new turn."""
    for kind in ("images", "audio"):
        for place, path in enumerate(map(Path, answer.get(kind, ()))):
            with st.container(key=f"made-{answer['id']}-{kind}-{place}"):
                _play(path, 512, answer["question"])
                if mark := _GENERATED.get(answer["tool"]):
                    st.badge(_(mark), icon=":material/auto_awesome:", color="orange")
                again = ask if answer["tool"] in _GENERATED else None
                _buttons(path, named(answer, path), f"{answer['id']}-{kind}-{place}", again)


def named(answer: Mapping[str, Any], path: Path) -> str:
    """What a file is called outside of the home: by the words it was made of, and its own."""
    words = re.findall(r"\w+", answer["question"].lower())[:_WORDS]
    return "-".join([*words, path.stem[:6]]) + path.suffix


def _given(path: Path, width: int) -> None:
    """A small copy of what a person gave: it may be damaged, huge, or of a kind that browsers do
    not show, and would break the page."""
    try:
        small = _small(str(path), path.stat().st_mtime, _SHARP * width)
    except UnreadableFile as error:
        st.caption(plain(told(str(error))))
    else:
        st.image(small, width=width, alt=readable(path.name))


@st.cache_data(max_entries=64, show_spinner=False)
def _small(path: str, modified: float, side: int) -> bytes:
    """A PNG. Raises UnreadableFile."""
    for frame in image_file.frames(Path(path)):
        if frame is not None:
            data = io.BytesIO()
            frame[0].thumbnail((side, side))
            frame[0].save(data, "PNG")
            return data.getvalue()
    raise UnreadableFile(f"{readable(Path(path).name)} is a damaged picture.")


def _play(path: Path, width: int, alt: str = "") -> None:
    if not path.exists():
        st.caption(plain(_("{file} is gone from {folder}.", file=path.name, folder=path.parent)))
        return
    match attached_files.kind(path):
        case "picture":
            st.image(str(path), width=width, alt=alt)
        case "video":
            st.video(str(path))
        case "recording":
            st.audio(str(path))
        case None:
            st.caption(plain(path.name))


def _buttons(path: Path, name: str, key: str, ask: Ask | None) -> None:
    """`ask` is None for what is not to be made again in another way."""
    if not path.exists():
        return
    with st.container(horizontal=True, key=f"with-made-{key}"):
        st.download_button(
            _("Download"), data=path.read_bytes, file_name=name,
            mime=_MIME.get(path.suffix), key=f"download-{key}", on_click="ignore",
            type="tertiary", icon=":material/download:",
        )  # fmt: skip
        if resources.may_change():
            st.button(
                _("Add to library"), key=f"keep-{key}", on_click=_add, args=(path, name),
                type="tertiary", icon=":material/library_add:",
                help=_("Added as generated: it is never cited"),
            )  # fmt: skip
        if ask and attached_files.kind(path) == "picture":
            picture.button(path, key)
            st.button(
                _("A similar picture"), key=f"vary-{key}", on_click=ask, type="tertiary",
                args=("/vary", Vary(path)), icon=":material/shuffle:",
            )  # fmt: skip
            st.button(
                _("Enlarge"), key=f"enlarge-{key}", on_click=ask, type="tertiary",
                args=("/enhance", Enhance(path)), icon=":material/zoom_out_map:",
            )  # fmt: skip


def _add(path: Path, name: str) -> None:
    """Add it in the background, like files on the Library page."""
    try:
        resources.uploads().start(
            resources.to_change(resources.library(), "added", name),
            resources.settings().home,
            [_File(path, name)],
        )  # the library keeps a copy of its own
    except PinciteError as error:
        session.keep_error(error)
    else:
        st.toast(_("It is being added to the library, as generated."))


class _File:
    """As the browser hands over a file."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._path = path

    def getbuffer(self) -> memoryview:
        return memoryview(self._path.read_bytes())
