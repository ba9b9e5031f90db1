"""What all visitors share, made once in each server: the only place of st.cache_resource."""

import streamlit as st

from assistant import build, offline
from assistant.chat import Assistant
from assistant.settings import Settings
from assistant.ui.running import Answers
from vectorstore.library import Library


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """From PINCITE_* and the home; from here on nothing leaves this machine.

    Raises SettingsError.
    """
    loaded = Settings.load()
    offline.quiet_telemetry()
    offline.install_guard(loaded.home / "network.log", _address() or "127.0.0.1")
    return loaded


@st.cache_resource(show_spinner=False)
def library() -> Library:
    """Raises PinciteError."""
    return build.library(settings())


@st.cache_resource(show_spinner="Loading the model…")
def assistant() -> Assistant:
    """Raises PinciteError."""
    return build.assistant(settings(), library())


@st.cache_resource(show_spinner=False)
def answers() -> Answers:
    """The answers in work, by conversation."""
    return Answers()


def alone() -> bool:
    """Whether the server can be reached only from this machine, by the person it belongs to."""
    return _address() in ("127.0.0.1", "localhost", "::1")


def _address() -> str:
    return str(st.get_option("server.address") or "")
