"""Recordings and videos are decoded, whatever is wrong with them."""

from pathlib import Path

import numpy as np
import pytest

from ingest.errors import UnreadableFile
from ingest.media.ffmpeg import RATE, Media, clock
from tests.recordings import slide, tone, with_cover, write

SOUND = {".wav": "pcm_s16le", ".mp3": "libmp3lame", ".m4a": "aac", ".ogg": "libopus",
         ".flac": "flac", ".aiff": "pcm_s16be"}  # fmt: skip
VIDEO = {".mp4": ("aac", "mpeg4"), ".mkv": ("flac", "mpeg4"), ".webm": ("libopus", "libvpx")}


@pytest.mark.parametrize("suffix", SOUND)
def test_sound_comes_as_one_channel_of_16_kHz(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", tone(1.0), codecs=(SOUND[suffix], ""))
    with Media(path) as media:
        assert media.has_sound
        assert not media.has_pictures
        sound = np.concatenate(list(media.sound()))
    assert sound.dtype == np.float32
    assert len(sound) == pytest.approx(RATE, abs=0.15 * RATE)  # codecs round up to their frames
    assert np.abs(sound).max() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("suffix", VIDEO)
def test_a_video_has_sound_and_pictures_with_their_seconds(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", tone(1.0), [(slide("One"), 1.0)], VIDEO[suffix])
    with Media(path) as media:
        assert (media.has_sound, media.has_pictures, media.size) == (True, True, (640, 360))
        frames = list(media.pictures())
    assert [round(seconds, 1) for seconds, _, _ in frames] == [n / 10 for n in range(10)]
    _, small, picture = frames[3]
    assert small.shape == (36, 64)
    assert picture().size == (640, 360)


def test_title_and_length_are_known(tmp_path: Path) -> None:
    path = write(tmp_path / "a.m4a", tone(2.0), title=" Weekly meeting ")
    with Media(path) as media:
        assert media.title == "Weekly meeting"
        assert media.seconds == pytest.approx(2.0, abs=0.2)


def test_the_cover_of_a_recording_is_no_film(tmp_path: Path) -> None:
    with Media(with_cover(tmp_path / "a.mp3", tone(0.5))) as media:
        assert media.has_sound
        assert not media.has_pictures


@pytest.mark.parametrize("data", [b"RIFF....WAVE", b"words, no sound" * 100, b"\x00" * 5000])
def test_what_is_no_recording_is_told_in_a_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"a\.wav is damaged, or not a recording"):
        Media(tmp_path / "a.wav")


def test_a_list_of_other_files_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "secret.wav", tone(0.5), codecs=("pcm_s16le", ""))
    lists = {
        "a.mp3": f"#EXTM3U\n#EXTINF:1,\n{tmp_path / 'secret.wav'}\n#EXT-X-ENDLIST\n",
        "b.mp3": f"ffconcat version 1.0\nfile '{tmp_path / 'secret.wav'}'\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(UnreadableFile):
            Media(tmp_path / name)


def test_what_follows_a_damaged_piece_is_decoded(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", tone(4.0), codecs=("libmp3lame", ""))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = b"\x00" * 400
    path.write_bytes(data)
    with Media(path) as media:
        sound = np.concatenate(list(media.sound()))
    assert len(sound) > 3 * RATE


def test_half_a_file_gives_half_of_its_sound(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(4.0), codecs=("pcm_s16le", ""))
    path.write_bytes(path.read_bytes()[: 2 * RATE * 2])
    with Media(path) as media:
        sound = np.concatenate(list(media.sound()))
    assert len(sound) == pytest.approx(2 * RATE, abs=100)


def test_pictures_too_large_for_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.media.ffmpeg._MOST_PIXELS", 640 * 359)
    path = write(tmp_path / "a.mp4", None, [(slide("One"), 0.3)])
    with Media(path) as media, pytest.raises(UnreadableFile, match="640 x 360 is too large"):
        list(media.pictures())


def test_of_a_long_video_only_frames_that_are_stored_whole_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.mp4", None, [(slide("One"), 3.0)])
    with Media(path) as media:
        every = len(list(media.pictures()))
    monkeypatch.setattr("ingest.media.ffmpeg._ALL_OF", 0.0)
    with Media(path) as media:
        some = len(list(media.pictures()))
    assert every == 30
    assert 1 <= some < 10


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "00:00"), (59.99, "00:59"), (192.4, "03:12"), (36_000, "10:00:00")]
)
def test_moments_are_shown_as_a_player_does(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
