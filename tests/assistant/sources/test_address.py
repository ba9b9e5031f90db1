"""Addresses of sources: what they mean, and which are refused with the remedy."""

import pytest

from assistant.sources.address import Address, SourceFailed, parsed, written


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("imaps://ann@mail.example.org/INBOX",
         Address("imap", True, "ann", "mail.example.org", 993, "INBOX")),
        ("imaps://ann@example.org@mail.example.org",
         Address("imap", True, "ann@example.org", "mail.example.org", 993, "INBOX")),
        ("imaps://ann@h.org:1993/Kunden/%C3%84pfel",
         Address("imap", True, "ann", "h.org", 1993, "Kunden/Äpfel")),
        ("webdavs://ann@h.org/my%20papers/",
         Address("webdav", True, "ann", "h.org", 443, "/my%20papers")),
        ("https://h.org", Address("webdav", True, "", "h.org", 443, "/")),
        ("http://127.0.0.1:8080/x", Address("webdav", False, "", "127.0.0.1", 8080, "/x")),
        ("https://bücher.example/x",
         Address("webdav", True, "", "xn--bcher-kva.example", 443, "/x")),
    ],
)  # fmt: skip
def test_an_address_is_read(text: str, address: Address) -> None:
    assert parsed(text) == address


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("ftp://h.org/x", "is not the address of a source: write it as imaps://"),
        ("imaps:///INBOX", "is not the address of a source"),
        ("imaps://h.org:many/INBOX", "is not the address"),
        ("imaps://ann:secret@h.org/INBOX", "keyring"),
        ("ftp://ann:secret@h.org/x", "'ftp://ann:…@h.org/x' is not the address of a source"),
        ("imaps://ann:sec/secret@h.org", "'imaps://ann:…@h.org' is not the address"),
        ("imaps://ann:#secret@h.org", "%23"),
        ("imaps://ann:my secret@h.org", "%20"),
        ("ann:secret@h.org", "'ann:…@h.org' is not the address"),
        ("imap://ann@h.org/INBOX", "use imaps://"),
        ("http://ann@h.org/x", "use webdavs://"),
        ("imaps://h.org/INBOX", "names no user"),
        ("webdavs://h.org/a/../b", "without"),
        ("webdavs://h.org/a/%2e%2e/b", "without"),
        ("webdavs://h.org/a?b", "%3F"),
        ("imaps://ann@h.org/a%0d%0aLOGOUT", "write it again"),
        ("imaps://ann@h.org/a\u202eb", "%20"),
        ("webdavs://h.org/my papers", "%20"),
    ],
)
def test_others_are_refused_with_the_remedy(text: str, remedy: str) -> None:
    with pytest.raises(SourceFailed) as refused:
        parsed(text)

    assert remedy in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_way_that_is_written_and_another_that_is_chosen_are_not_mixed() -> None:
    with pytest.raises(SourceFailed, match="STARTTLS is chosen"):
        written("imap", "imaps://mail.example.org", "ann", "", starttls=True)
    for server in ("mail.example.org", "imap+starttls://mail.example.org"):
        assert written("imap", server, "ann", "", True).startswith("imap+starttls://ann@")
