"""espeak-ng reads aloud where the machine has it: a small program, about a hundred languages.

It is under the GPL-3.0, and run as a program.
"""

import functools
import io
import shutil
import subprocess
import threading
import wave
from pathlib import Path

from assistant.speech.synthesis import SpokenSound, VoiceFailed
from ingest.errors import Stopped

PROGRAM = "espeak-ng"
_SECONDS = 60
_ACCENTS = {"en": "en-us"}  # else British


def program() -> Path | None:
    """The path of the program on this machine."""
    found = shutil.which(PROGRAM)
    return Path(found) if found else None


@functools.cache
def languages(espeak: Path) -> frozenset[str]:
    """ISO 639-1 codes of what it speaks."""
    done = subprocess.run([espeak, "--voices"], capture_output=True, text=True, timeout=_SECONDS)
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    return frozenset(row[1].partition("-")[0] for row in rows if len(row) > 1)


class Espeak:
    """In one language. A sentence takes it some hundredths of a second."""

    def __init__(self, espeak: Path, language: str) -> None:
        self.name = PROGRAM
        self._command = [str(espeak), "--stdin", "--stdout", "-b", "1", "-v"]
        self._command.append(_ACCENTS.get(language, language))

    def say(self, text: str, cancel: threading.Event) -> SpokenSound:
        """See Voice."""
        if cancel.is_set():
            raise Stopped("Reading aloud was stopped.")
        try:
            done = subprocess.run(
                self._command, input=text.encode(), capture_output=True, timeout=_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise VoiceFailed(f"{PROGRAM} does not speak: {error}.") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise VoiceFailed(f"{PROGRAM} does not speak: {said or f'status {done.returncode}'}.")
        return _sound(done.stdout)


def _sound(written: bytes) -> SpokenSound:
    """Its header states no length, for it writes to a pipe; no file at all is no sound."""
    if not written:
        return SpokenSound(b"", 22_050)
    with wave.open(io.BytesIO(written)) as file:
        return SpokenSound(file.readframes(file.getnframes()), file.getframerate())
