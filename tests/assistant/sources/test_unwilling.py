"""Servers that refuse a part of what they have, and libraries that go meanwhile."""

import shutil
import threading
from collections.abc import Callable, Iterator

import pytest

from assistant.libraries import libraries
from assistant.settings import Settings
from assistant.sources import source_list
from assistant.sources.address import Refused, SourceFailed
from assistant.sources.fetching import bring
from assistant.sources.source_list import Landing, Source
from tests.assistant.main_library import names
from tests.assistant.sources.conftest import Fetch
from tests.servers.unwilling import UnwillingDav, UnwillingMail
from vectorstore.errors import HomeNotWritable, LibraryBusy, UnknownLibrary
from vectorstore.library import Library

MakeSource = Callable[..., Source]


@pytest.fixture
def unwilling() -> Iterator[UnwillingDav]:
    server = UnwillingDav()
    server.files = {
        "a.txt": b"Ants are welcome.", "in/b.txt": b"Bees are not.", "out/c.txt": b"Cats may come.",
        "z.txt": b"Zebras are late.",
    }  # fmt: skip
    yield server
    server.stop()


@pytest.fixture
def mailbox() -> Iterator[UnwillingMail]:
    server = UnwillingMail()
    server.mails = [b"Subject: %d\r\n\r\nThis is mail %d.\r\n" % (n, n) for n in (1, 2, 3)]
    yield server
    server.stop()


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_one_file_that_a_server_does_not_give_stops_no_other(
    unwilling: UnwillingDav, source: MakeSource, fetch: Fetch, library: Library, settings: Settings,
    status: int,
) -> None:  # fmt: skip
    unwilling.refused = {"a.txt": status}
    shared = source(unwilling.address())

    done, _ = fetch(shared)

    assert names(library) == ["b.txt", "c.txt", "z.txt"]
    assert done.reasons == [f"'a.txt' is left out: the server answers {status}."]
    kept = source_list.find(settings, shared.name)
    assert (kept.error, kept.refused) == ("", False)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_one_folder_that_a_server_does_not_list_is_named_and_removes_nothing(
    unwilling: UnwillingDav, source: MakeSource, fetch: Fetch, library: Library, status: int
) -> None:
    shared = source(unwilling.address(), mirror=True)
    fetch(shared)
    unwilling.refused = {"in/": status}
    unwilling.files["new.txt"] = b"Newts are new."

    done, _ = fetch(shared)

    assert done.reasons == [f"'in/' is left out: the server answers {status}."]
    assert (done.gone, done.left_out) == ([], 1)
    assert names(library) == ["a.txt", "b.txt", "c.txt", "new.txt", "z.txt"]


@pytest.mark.parametrize(("path", "status"), [
    ("a.txt", 429), ("a.txt", 503), ("in/", 503), ("/", 500), ("/", 401),
])  # fmt: skip
def test_a_server_that_refuses_altogether_is_asked_another_time(
    unwilling: UnwillingDav, source: MakeSource, fetch: Fetch, library: Library, path: str,
    status: int,
) -> None:  # fmt: skip
    unwilling.refused = {path: status}
    shared = source(unwilling.address())

    with pytest.raises(Refused if status == 401 else SourceFailed):
        fetch(shared)


@pytest.mark.parametrize("said", [b"NO not now", b"NO [EXPUNGEISSUED] gone", b"BAD what"])
def test_one_mail_that_a_server_does_not_give_stops_no_other(
    mailbox: UnwillingMail, source: MakeSource, fetch: Fetch, library: Library, said: bytes
) -> None:
    mailbox.refused = {"2": said}

    done, _ = fetch(source(mailbox.address()))

    assert names(library) == ["1 (1).eml", "3 (3).eml"]
    assert done.reasons == ["'7-2.eml' is left out: the server refuses to give it."]


def test_a_library_in_which_a_source_is_fetched_is_in_use(
    unwilling: UnwillingDav, source: MakeSource, settings: Settings, library: Library
) -> None:
    shared = source(unwilling.address())
    begun, go, ended = threading.Event(), threading.Event(), []
    cancel = threading.Event()

    def waits(_: str) -> None:
        begun.set()
        go.wait(60)

    unwilling.asked = waits

    def fetching() -> None:
        ended.append(bring(settings, library, shared, library.add, cancel)[0].new)

    thread = threading.Thread(target=fetching)
    thread.start()
    try:
        assert begun.wait(60)
        with pytest.raises(LibraryBusy, match="source of main is being fetched"):
            libraries.delete(settings, "main")
        cancel.set()
    finally:
        go.set()
        thread.join(60)
    assert (ended, names(library)) == ([0], [])


def test_a_fetching_that_is_cancelled_ends_between_two_folders(
    unwilling: UnwillingDav, source: MakeSource, settings: Settings, library: Library
) -> None:
    cancel, asked = threading.Event(), list[str]()
    unwilling.asked = lambda path: (asked.append(path), cancel.set())[1]

    done, added = bring(settings, library, source(unwilling.address()), library.add, cancel)

    assert (asked, done.new, added) == (["/"], 0, None)


def test_a_fetching_that_is_cancelled_reads_nothing_and_goes_on_the_next_time(
    unwilling: UnwillingDav, source: MakeSource, settings: Settings, library: Library, fetch: Fetch
) -> None:
    shared, cancel = source(unwilling.address()), threading.Event()
    unwilling.asked = lambda path: cancel.set() if path == "z.txt" else None

    done, added = bring(settings, library, shared, library.add, cancel)

    assert (added, names(library), source_list.find(settings, shared.name).tried) == (None, [], "")
    assert fetch(shared)[0].known == done.new
    assert names(library) == ["a.txt", "b.txt", "c.txt", "z.txt"]


def test_a_library_that_is_gone_is_not_made_again(
    unwilling: UnwillingDav, source: MakeSource, settings: Settings, library: Library
) -> None:
    shared = source(unwilling.address())
    library.close()
    gone = libraries.delete(settings, "main")

    source_list.note(settings, shared, "", "It failed.")
    for call in (
        lambda: bring(settings, library, shared, library.add),
        lambda: source_list.change(settings, shared, paused=True),
        lambda: source_list.remove(settings, shared),
        lambda: source_list.add(
            settings, source_list.new(settings, "main", "webdavs://ann@files.example.org/")
        ),
    ):
        with pytest.raises(UnknownLibrary):
            call()

    assert not (settings.libraries_folder / "main").exists()
    libraries.undo(settings, gone)
    assert source_list.listed(settings) == [shared]


@pytest.mark.parametrize("killed", ["add", "prune"])
def test_a_mirror_that_was_killed_removes_the_next_time(
    unwilling: UnwillingDav, source: MakeSource, fetch: Fetch, settings: Settings, library: Library,
    monkeypatch: pytest.MonkeyPatch, killed: str,
) -> None:  # fmt: skip
    shared = source(unwilling.address(), mirror=True)
    fetch(shared)
    del unwilling.files["a.txt"]
    unwilling.files["new.txt"] = b"Newts are new."

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(library.sources, "prune", dies)
        bring(settings, library, shared, dies if killed == "add" else library.add)  # type: ignore[arg-type]
    fetch(shared)

    assert names(library) == ["b.txt", "c.txt", "new.txt", "z.txt"]
    assert "/top/a.txt" not in Landing(source_list.folder(settings, shared)).rows


@pytest.mark.parametrize("written", [
    "http://127.0.0.1/top/{}", "https://127.0.0.1:1/top/{}", "/%74op/{}",
])  # fmt: skip
def test_addresses_as_they_are_behind_a_proxy_are_taken(
    unwilling: UnwillingDav, source: MakeSource, fetch: Fetch, library: Library, written: str
) -> None:
    unwilling.written = written.format

    fetch(source(unwilling.address()))

    assert names(library) == ["a.txt", "b.txt", "c.txt", "z.txt"]


def test_a_folder_to_which_a_server_leads_is_read(
    unwilling: UnwillingDav, source: MakeSource, fetch: Fetch, library: Library
) -> None:
    unwilling.moved = "/moved/"
    shared = source(unwilling.address().replace("/top", "/moved"))

    assert fetch(shared)[0].new == 4
    assert fetch(shared)[0].new == 0
    assert names(library) == ["a.txt", "b.txt", "c.txt", "z.txt"]


@pytest.mark.parametrize("written", ["/Top/{}", "/inside/top/{}", "http://inside.example/top/{}"])
def test_a_list_of_another_folder_is_no_empty_one(
    unwilling: UnwillingDav, source: MakeSource, fetch: Fetch, written: str
) -> None:
    unwilling.written = written.format

    with pytest.raises(SourceFailed, match="is that of another folder") as failed:
        fetch(source(unwilling.address()))
    assert failed.value.field == "folder"


def test_one_file_that_leads_elsewhere_stops_no_other(
    unwilling: UnwillingDav, source: MakeSource, fetch: Fetch, library: Library
) -> None:
    unwilling.refused = {"a.txt": 302}
    unwilling.headers = {"Location": "https://store.example/a.txt"}

    done, _ = fetch(source(unwilling.address()))

    assert "redirects to another server, 'store.example'" in done.reasons[0]
    assert names(library) == ["b.txt", "c.txt", "z.txt"]


def test_folders_that_lie_too_deep_are_named(
    unwilling: UnwillingDav, source: MakeSource, fetch: Fetch
) -> None:
    unwilling.files = {"/".join("d" * 21) + "/deep.txt": b"Deep.", "a.txt": b"Ants."}

    done, _ = fetch(source(unwilling.address()))

    assert (done.new, done.left_out) == (1, 1)
    assert "it is nested too deeply" in done.reasons[0]


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"])
def test_a_server_that_is_busy_refuses_no_password(
    mailbox: UnwillingMail, source: MakeSource, fetch: Fetch, settings: Settings, library: Library,
    code: str,
) -> None:  # fmt: skip
    mailbox.refused = {"LOGIN": f"NO [{code}] later".encode()}
    mail = source(mailbox.address())

    with pytest.raises(SourceFailed, match="try again later"):
        fetch(mail)
    assert not source_list.find(settings, mail.name).refused

    mailbox.refused = {"LOGIN": b"NO [AUTHENTICATIONFAILED] wrong"}
    with pytest.raises(Refused) as failed:
        fetch(mail)
    assert failed.value.field == "password"


def test_a_user_may_have_a_space(
    mailbox: UnwillingMail, source: MakeSource, fetch: Fetch, library: Library
) -> None:
    fetch(source(mailbox.address().replace("ann", "ann%20%22b")))

    (login,) = [line for line in mailbox.heard if b" LOGIN " in line]
    assert b' LOGIN "ann \\"b" "' in login


def test_a_source_that_is_removed_leaves_nothing_that_is_known(
    unwilling: UnwillingDav, source: MakeSource, fetch: Fetch, settings: Settings, library: Library,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shared = source(unwilling.address())
    fetch(shared)

    def refuses(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched, pytest.raises(HomeNotWritable, match="delete it"):
        patched.setattr(shutil, "rmtree", refuses)
        source_list.remove(settings, shared)

    source_list.remove(settings, shared)
    assert not source_list.folder(settings, shared).exists()
