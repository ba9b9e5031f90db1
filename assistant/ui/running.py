"""What is under way in this server, whoever looks at it; a reload of a page does not end it."""

import streamlit as st

from assistant.sources.background import Fetchings
from assistant.ui.background.answer_task import Answers
from assistant.ui.background.evaluation_task import GATE, Tasks
from assistant.ui.background.model_download import Fetches
from assistant.ui.background.next_questions import NextQuestions
from assistant.ui.background.sheet_task import Sheets
from assistant.uploads.upload import Uploads
from assistant.uploads.watched_folders import WatchedFolders


@st.cache_resource(show_spinner=False)
def answers(person: str) -> Answers:
    """Of a person, by conversation."""
    return Answers()


@st.cache_resource(show_spinner=False)
def sheets(person: str) -> Sheets:
    """Of a person, by library."""
    return Sheets()


@st.cache_resource(show_spinner=False)
def uploads() -> Uploads:
    """Of all visitors."""
    return Uploads()


@st.cache_resource(show_spinner=False)
def tasks() -> Tasks:
    """One at a time."""
    return Tasks()


@st.cache_resource(show_spinner=False)
def next_questions() -> NextQuestions:
    """Of all answers; who sees an answer sees them."""
    return NextQuestions()


@st.cache_resource(show_spinner=False)
def watches() -> WatchedFolders:
    """Of all libraries that are open."""
    return WatchedFolders()


@st.cache_resource(show_spinner=False)
def fetchings() -> Fetchings:
    """Of the sources of all libraries that are open."""
    return Fetchings()


@st.cache_resource(show_spinner=False)
def used() -> set[object]:
    """The downloads and fitted gates that are in use, or will be at the next loading."""
    return set()


def came(fetches: Fetches) -> set[object]:
    """The downloads and the fitted gate that are done, whoever sees their page."""
    task = tasks().last
    fitted = {task} if task and task.kind == GATE and task.succeeded else set()
    return {*fetches.done(), *fitted}
