from email.message import EmailMessage
from pathlib import Path

from ingest.containers import Expanded, expand
from ingest.document.source import Limits

SUFFIXES = {".txt", ".eml", ".png"}


def opened(path: Path) -> Expanded:
    (path.parent / "out").mkdir()
    return expand(path, path.parent / "out", Limits(free=0), suffixes=SUFFIXES)


def texts(expanded: Expanded) -> dict[str, bytes]:
    return {part.name: part.path.read_bytes() for part in expanded.parts}


def mail(subject: str, **files: bytes) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "Ann <ann@example.com>", subject
    message.set_content("See the file.")
    for name, data in files.items():
        message.add_attachment(
            data, maintype="application", subtype="octet-stream", filename=name.replace("_", ".")
        )
    return message


def test_attached_files_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(bytes(mail("Files", a_txt=b"one", b_exe=b"two")))
    expanded = opened(tmp_path / "a.eml")
    assert texts(expanded) == {"a.txt": b"one"}
    assert [omitted.name for omitted in expanded.omitted] == ["b.exe"]


def test_a_forwarded_mail_is_a_file_with_its_own_attachments(tmp_path: Path) -> None:
    outer = mail("Fwd")
    outer.add_attachment(mail("Budget/2024", a_txt=b"one"))
    (tmp_path / "a.eml").write_bytes(bytes(outer))
    (part,) = opened(tmp_path / "a.eml").parts
    assert part.name.endswith("2024.eml")
    assert b"Subject: Budget/2024" in part.path.read_bytes()


def test_pictures_and_files_without_a_name_are_unpacked(tmp_path: Path) -> None:
    message = mail("Picture")
    message.add_attachment(b"png", maintype="image", subtype="png")
    (tmp_path / "a.eml").write_bytes(bytes(message))
    assert texts(opened(tmp_path / "a.eml")) == {"part 1.png": b"png"}


def test_a_path_of_the_senders_disk_is_not_kept(tmp_path: Path) -> None:
    message = mail("Paths")
    for name in ["../../up.txt", "C:\\Users\\ann\\win.txt"]:
        message.add_attachment(b"x", maintype="text", subtype="plain", filename=name)
    (tmp_path / "a.eml").write_bytes(bytes(message))
    assert sorted(texts(opened(tmp_path / "a.eml"))) == ["up.txt", "win.txt"]


def test_files_of_a_mailbox_stand_below_their_mail(tmp_path: Path) -> None:
    mails = [mail("First", a_txt=b"one"), mail("No file"), mail("../Third", a_txt=b"three")]
    box = b"".join(b"From ann Mon Jan  1 2024\n" + bytes(one) + b"\n" for one in mails)
    (tmp_path / "a.mbox").write_bytes(box)
    assert texts(opened(tmp_path / "a.mbox")) == {
        "1 First/a.txt": b"one", "3 -Third/a.txt": b"three",
    }  # fmt: skip


def test_the_file_in_an_outlook_mail_is_unpacked(evaluation: Path, tmp_path: Path) -> None:
    path = evaluation / "office" / "files" / "fake-email-attachment.msg"
    expanded = expand(path, tmp_path, Limits(free=0), suffixes=SUFFIXES)
    assert list(texts(expanded)) == ["fake-attachment.txt"]
    assert expanded.size == 30
