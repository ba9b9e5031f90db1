import socket

import pytest

from assistant.entrance.asgi import Hosts, is_loopback, is_name, is_same_origin


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "LOCALHOST", "[::1]:8501"])
def test_on_loopback_the_names_of_this_machine_are_admitted(host: str) -> None:
    assert Hosts("127.0.0.1").admit(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8501", "localhost.evil.example", "127.0.0.1.nip.io:8501", "192.168.1.5:8501",
        "", ":8501", "evil.example#@localhost", "localhost@evil.example", "localhost/..",
        "localhost:8501, evil.example", "localhost evil", "localhost:x", "[::1", "0.0.0.0:8501",
    ],
)  # fmt: skip
def test_on_loopback_every_other_name_is_refused(host: str) -> None:
    assert not Hosts("127.0.0.1").admit(host)


def test_an_address_admits_itself_the_name_of_the_machine_and_what_was_named() -> None:
    hosts = Hosts("192.168.1.5", ["Pincite.example.org."])

    for host in ("192.168.1.5:80", f"{socket.gethostname()}:8501", "pincite.example.org"):
        assert hosts.admit(host)
    assert not hosts.admit("192.168.1.6")
    assert not hosts.admit("example.org")


def test_all_addresses_admit_any_number_because_no_site_has_one_as_its_name() -> None:
    hosts = Hosts("0.0.0.0")

    assert hosts.admit("10.0.0.7:8501")
    assert hosts.admit("[fe80::7]:8501")
    assert not hosts.admit("evil.example:8501")
    assert not hosts.admit("[fe80::7%eth0;script-src]")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8501", "localhost:8501"),
        ("https://pincite.example.org", "pincite.example.org"),
        ("https://pincite.example.org", "pincite.example.org:443"),
        ("http://[::1]:8501", "[::1]:8501"),
    ],
)
def test_a_page_of_the_server_itself_is_of_the_same_origin(origin: str, host: str) -> None:
    assert is_same_origin(origin, host)


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000", "http://evil.example:8501", "null", "", "file://localhost:8501",
        "http://127.0.0.1:8501", "http://localhost:8501@evil.example", "http://localhost:8501/x",
        "http://[::1", "http://", "https://localhost",
    ],
)  # fmt: skip
def test_every_other_page_is_not(origin: str) -> None:
    assert not is_same_origin(origin, "localhost:8501")


def test_what_only_this_machine_reaches_is_told_from_what_others_reach() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.0.0.5", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "", "192.168.1.5", "localhost.example")))


def test_an_address_or_name_is_told_from_what_cannot_be_one() -> None:
    assert all(map(is_name, ("::", "192.168.1.5", "pincite.example.org", "Desk_7")))
    assert not any(map(is_name, ("", "https://x", "x:8501", "x/y", "*", "a b", "unix:///tmp/x")))
