"""Piper reads aloud, in a process of its own.

piper-tts is under the GPL-3.0: it is never imported here, but run as a program, from an environment
of its own (`models/isolated_environment.py`). One process stays, for loading a voice takes half a
second.
"""

import os
import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time
import wave
import weakref
from contextlib import suppress
from pathlib import Path

from assistant.security.network_guard import QUIET
from assistant.speech.synthesis import SpokenSound, VoiceFailed
from ingest.errors import Stopped

_IDLE = 300.0  # seconds after which the process ends: it holds 340 MB
_PATIENCE = 60.0  # seconds for one piece of text; a busy small machine takes three
_LOOK = 0.05  # seconds between two looks at whether it was stopped
_WRITTEN = re.compile(r"Wrote ((?:(?!Wrote ).)+\.wav)$")
_SPOKEN = re.compile(r"\w")


class Piper:
    """A voice's model, and the process that speaks with it once it is asked to."""

    def __init__(self, python: Path, model: Path, idle: float = _IDLE) -> None:
        """`python` is the environment's, `model` the voice's .onnx file, its .onnx.json beside.

        After `idle` seconds without a word its process ends; the next sentence starts another one.
        """
        self.name = model.stem
        self._idle = idle
        self._ending: threading.Timer | None = None
        self._python = python
        self._model = model
        self._lock = threading.Lock()
        self._process: _Process | None = None

    def say(self, text: str, cancel: threading.Event) -> SpokenSound:
        """See Voice."""
        # What makes no sound ends Piper 1.8.0: it cannot write an empty file.
        if not _SPOKEN.search(text):
            return SpokenSound(b"", 22_050)
        while not self._lock.acquire(timeout=_LOOK):  # another one is being read to
            if cancel.is_set():
                raise Stopped("Reading aloud was stopped.")
        try:
            self._process = self._process or _Process(self._python, self._model)
            sound = self._process.say(" ".join(text.split()), cancel)
            self._end_later()
            return sound
        except (VoiceFailed, Stopped):
            self._end()
            raise
        finally:
            self._lock.release()

    @property
    def warm(self) -> bool:
        """Whether the process is there."""
        return self._process is not None

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _end_later(self) -> None:
        if self._ending:
            self._ending.cancel()
        self._ending = threading.Timer(self._idle, self.close)
        self._ending.daemon = True
        self._ending.start()

    def _end(self) -> None:
        if self._ending:
            self._ending.cancel()
        if self._process is not None:
            self._process.end()
            self._process = None


class _Process:
    """Reads a line, writes it as a WAV file into its folder, and says so on standard error."""

    def __init__(self, python: Path, model: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pincite-voice-"))
        command = [str(python), "-I", "-X", "utf8", "-m", "piper", "--model", str(model)]
        command += ["--output-dir", str(self._folder)]
        try:
            self._child = subprocess.Popen(
                command, cwd=self._folder, env={**os.environ, **QUIET}, text=True,
                encoding="utf-8", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise VoiceFailed(f"Piper does not start from {python}: {error.strerror}.") from error
        self.end = weakref.finalize(self, _end, self._child, self._folder)
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(self._child, self._said), daemon=True).start()
        self._last = ""  # that it said before it ended

    def say(self, line: str, cancel: threading.Event) -> SpokenSound:
        assert self._child.stdin is not None
        with suppress(OSError):  # it has ended: what it said last tells why
            self._child.stdin.write(f"{line}\n")
            self._child.stdin.flush()
        path = self._wait_for_file(cancel, time.monotonic() + _PATIENCE)
        with wave.open(str(path)) as file:
            sound = SpokenSound(file.readframes(file.getnframes()), file.getframerate())
        path.unlink()
        return sound

    def _wait_for_file(self, cancel: threading.Event, latest: float) -> Path:
        while not cancel.is_set():
            with suppress(queue.Empty):
                told = self._said.get(timeout=_LOOK)
                if not told:
                    raise VoiceFailed(_ended(self._last))
                if found := _WRITTEN.search(told):
                    return Path(found[1])
                self._last = told
            if time.monotonic() > latest:
                raise VoiceFailed(f"Piper made no sound of a sentence for {_PATIENCE:.0f} seconds.")
        raise Stopped("Reading aloud was stopped.")


def _listen(child: "subprocess.Popen[str]", said: "queue.SimpleQueue[str]") -> None:
    assert child.stderr is not None
    for line in child.stderr:
        if line.strip():
            said.put(line.strip())
    said.put("")


def _end(child: "subprocess.Popen[str]", folder: Path) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    shutil.rmtree(folder, ignore_errors=True)


def _ended(last: str) -> str:
    return (
        f"Piper ended without a sound ({last or 'no output'}). If the voice is damaged, "
        "`pincite models verify` says so; `pincite models remove piper` and `pincite models pull "
        "piper` install its program again."
    )
