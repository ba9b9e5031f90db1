"""Lets a model server answer or embed, by its address."""

import streamlit as st

from assistant.build.chosen_models import InUse, use
from assistant.i18n.translation import N_, _
from assistant.models.server.address import Served, ServerAddress
from assistant.models.server.key import key_of
from assistant.models.store import AUTO
from assistant.settings import PREFIX
from assistant.ui import resources, session
from assistant.ui.components.escaping import plain
from assistant.ui.components.settings.model_row import CHANGED
from ingest.errors import PinciteError

_GETS = {
    "chat": N_("It gets your questions and the passages that are read."),
    "embedding": N_("It gets the text of all documents that are added, and your questions."),
}


def draw(role: Served, now: InUse) -> None:
    """Draw the server in use, or a form for one."""
    if now.setting:
        return
    if now.is_server:
        st.markdown(plain(_("{server} is in use.", server=now.name)))
        st.caption(f"{_(_GETS[role])} {_key(role, now.name)}")
        st.button(_("Use a model of this machine"), key=f"local-{role}", on_click=_connect,
                  args=(role, AUTO))  # fmt: skip
        return
    with st.form(f"server-{role}", border=False):
        address = st.text_input(
            _("A model server, by its address"), placeholder="http://127.0.0.1:8080/v1",
            help=_("It speaks OpenAI's protocol. Where it has several models, name one behind #."),
        )  # fmt: skip
        st.caption(
            f"{_(_GETS[role])} "
            + _("A key is read from {variable} or the keyring of this system, and never shown.",
                variable=plain(f"{PREFIX}{role.upper()}_KEY"))
        )  # fmt: skip
        if st.form_submit_button(_("Connect")) and address.strip():
            _connect(role, address.strip())
            st.rerun()


def _key(role: Served, server: str) -> str:
    address = ServerAddress.parse(server)
    found = bool(address and key_of(address, resources.settings(), role))
    return _("Its key was found.") if found else _("No key is sent to it.")


def _connect(role: Served, name: str) -> None:
    st.session_state[CHANGED] = role
    try:
        resources.check_owner()
        use(resources.settings(), role, name)
        resources.renew_answering()
    except PinciteError as error:
        session.keep_error(error)
