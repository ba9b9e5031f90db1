"""The libraries that this server has open, each once for all visitors."""

from contextlib import ExitStack

import streamlit as st

from assistant.build import composition
from assistant.settings import Settings
from assistant.ui import running, who
from assistant.uploads import upload
from vectorstore.library import Library


def opened(settings: Settings, name: str) -> Library | None:
    """None where another library has the name since it was opened: close it first. Raises
    PinciteError."""
    found, place = _opened(settings, name)
    return found if place == composition.place_of(settings, name) else None


def close(settings: Settings, name: str) -> None:
    """So that it can be moved; its next use opens it again. Nothing is done where it is not open:
    opening it to close it would make one that is gone."""
    running.watches().stop(name)
    running.fetchings().stop(name)
    if (held := _open_now().pop(name, None)) is not None:
        held.close()
    _opened.clear(settings, name)


@st.cache_resource(show_spinner=False)
def _open_now() -> dict[str, ExitStack]:
    """What closes them, by name; Streamlit does not tell what it keeps."""
    return {}


@st.cache_resource(show_spinner=False)
def _opened(_settings: Settings, name: str) -> tuple[Library, int]:
    """To look at a library makes none: one that is not there is empty, and nowhere in the home."""
    held, place = ExitStack(), composition.place_of(_settings, name)
    there = composition.library(_settings, name) if place else composition.no_library(_settings)
    made = held.enter_context(there)
    _open_now()[name] = held
    if not place:
        return made, place
    made.maintenance.follow()
    upload.clear(_settings.home, made)
    if who.at_machine():  # others would see what comes from there
        running.watches().resume(_settings, made)
        running.fetchings().follow(_settings, made, upload.turn_of(_settings.home, name))
    return made, place
