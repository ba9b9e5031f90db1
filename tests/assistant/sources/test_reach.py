"""A source is signed in to before it is added, and its password goes into the keyring."""

import pytest

from assistant.settings import Settings
from assistant.sources import source_list
from assistant.sources.address import SourceFailed, written
from assistant.sources.fetching import add_checked, bring
from assistant.sources.source_list import variable
from tests.assistant.main_library import names
from tests.kept_keyring import Kept
from tests.kept_keyring import kept as kept
from tests.servers.source_servers import PASSWORD, Dav, Dovecot
from vectorstore.library import Library


def test_one_that_lets_us_in_is_added_with_its_password_in_the_keyring(
    dav: Dav, kept: Kept, settings: Settings, library: Library
) -> None:
    (dav.folder / "One.txt").write_text("Dogs are welcome.")
    made = add_checked(settings, "main", dav.address(), PASSWORD, mirror=True, every=60)

    assert source_list.listed(settings) == [made]
    assert (made.mirror, made.every) == (True, 60)
    ((service, place),) = kept.passwords
    assert (service, place) == ("pincite", dav.address().removeprefix("webdav://").rstrip("/"))
    bring(settings, library, made, library.add)
    assert names(library) == ["One.txt"]


@pytest.mark.parametrize(
    ("path", "password", "field", "said"),
    [("", "wrong", "password", "refuses the user 'ann'"), ("", "", "password", "no password"),
     ("nowhere", PASSWORD, "folder", "has no WebDAV folder /nowhere")],
)  # fmt: skip
def test_the_field_that_a_server_does_not_like_is_named_and_nothing_is_kept(
    dav: Dav, kept: Kept, settings: Settings, path: str, password: str, field: str, said: str
) -> None:
    with pytest.raises(SourceFailed, match=said) as failed:
        add_checked(settings, "main", dav.address(path), password)

    assert failed.value.field == field
    assert (source_list.listed(settings), kept.passwords) == ([], {})


def test_the_mailbox_is_a_field_too(dovecot: Dovecot, kept: Kept, settings: Settings) -> None:
    with pytest.raises(SourceFailed, match="does not open the mailbox 'Nope'") as failed:
        add_checked(settings, "main", dovecot.address("Nope"), PASSWORD)
    assert failed.value.field == "folder"


def test_without_a_keyring_a_variable_is_the_remedy(
    dav: Dav, kept: Kept, settings: Settings, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.locked = True
    with pytest.raises(SourceFailed, match=r"no keyring .* start the app with") as failed:
        add_checked(settings, "main", dav.address(), PASSWORD, name="papers")
    assert variable("papers") in str(failed.value)

    monkeypatch.setenv(variable("papers"), PASSWORD)
    assert add_checked(settings, "main", dav.address(), name="papers").name == "papers"


@pytest.mark.parametrize(
    ("form", "address"),
    [(("imap", "mail.example.org", "ann@example.org", ""),
      "imaps://ann%40example.org@mail.example.org/"),
     (("imap", " mail.example.org:1993 ", "ann", "Kunden/Äpfel", True),
      "imap+starttls://ann@mail.example.org:1993/Kunden/%C3%84pfel"),
     (("imap", "imaps://bo@h.org/Sent", "", ""), "imaps://bo@h.org/Sent"),
     (("webdav", "https://cloud.example.org/remote.php/dav/files/ann/", "ann", "my papers/"),
      "https://ann@cloud.example.org/remote.php/dav/files/ann/my%20papers"),
     (("webdav", "h.org", "", ""), "webdavs://h.org/")],
)  # fmt: skip
def test_a_form_is_written_as_an_address(form: tuple[str, str, str, str], address: str) -> None:
    assert written(*form) == address  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("server", "user", "field"), [("", "ann", "server"), ("imaps://", "ann", "server"),
                                  ("mail.example.org", " ", "user")],
)  # fmt: skip
def test_a_field_that_lacks_is_named(server: str, user: str, field: str) -> None:
    with pytest.raises(SourceFailed) as failed:
        written("imap", server, user, "")
    assert failed.value.field == field
