"""Lists of files and addresses that call themselves recordings or films: nothing in them is opened.

FFmpeg looks at the content of a file, so that an HLS, DASH, SDP or concat list named `a.mp4` would
make it read other files and fetch addresses. The control opens the same lists as FFmpeg would.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from ingest.errors import UnreadableFile
from ingest.media.ffmpeg import Media
from tests.recordings import tone, write

SUFFIXES = (".mp3", ".wav", ".mp4", ".mkv", ".webm", ".ogg", ".flac", ".m4a", ".aac", ".mov")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return write(tmp_path / "secret.wav", tone(0.5), codecs=("pcm_s16le", ""))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(0.2)
        yield listening


def called(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


def lists(secret: Path, port: int) -> dict[str, str]:
    """By their format; each names a file of another folder, an address, or both."""
    web = f"http://127.0.0.1:{port}/x"
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{web}.ts\n#EXT-X-ENDLIST\n",
        "m3u": f"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nfile://{secret}\n{web}.ts\n",
        "concat": f"ffconcat version 1.0\nfile '{secret}'\nfile '{web}.wav'\n",
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
               f"m=audio {port} RTP/AVP 0\na=rtpmap:0 PCMU/8000\n",
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
                'mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-main:2011">'
                f'<Period><BaseURL>{web}</BaseURL><AdaptationSet mimeType="audio/mp4">'
                '<Representation id="1" bandwidth="1"/></AdaptationSet></Period></MPD>',
    }  # fmt: skip


def sounds(path: Path) -> int:
    """How many samples it gives; any text that is named .flac opens, as a FLAC of no sound."""
    try:
        with Media(path) as media:
            return sum(map(len, media.sound()))
    except (UnreadableFile, IndexError):
        return 0


@pytest.mark.parametrize("kind", ["hls", "m3u", "concat", "sdp", "dash"])
def test_nothing_in_a_list_is_opened(
    kind: str, tmp_path: Path, secret: Path, listener: socket.socket
) -> None:
    text = lists(secret, listener.getsockname()[1])[kind]
    for suffix in SUFFIXES:
        path = tmp_path / f"a{suffix}"
        path.write_text(text)
        assert sounds(path) == 0
    assert not called(listener)


def test_without_the_list_of_safe_formats_files_and_addresses_are_opened(
    tmp_path: Path, secret: Path, listener: socket.socket
) -> None:
    found = lists(secret, listener.getsockname()[1])
    everything = {"protocol_whitelist": "file,http,tcp,udp,rtp", "safe": "0", "timeout": "300000"}
    (tmp_path / "concat.mp3").write_text(found["concat"])
    with av.open(str(tmp_path / "concat.mp3"), options=everything) as opened:
        assert opened.format.name == "concat"
        assert opened.streams.audio, "the other file is read"
    (tmp_path / "hls.mp4").write_text(found["hls"])
    options = {**everything, "allowed_extensions": "ALL", "extension_picky": "0"}
    with pytest.raises(av.error.FFmpegError):  # it waits for the answer in vain
        av.open(str(tmp_path / "hls.mp4"), format="hls", options=options, timeout=2.0)
    assert called(listener)
