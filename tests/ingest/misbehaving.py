"""A reader for the sandbox that does what a file's name says: the child process imports it."""

import ctypes
import os
import time
from pathlib import Path

from ingest.document import Document
from ingest.errors import EncryptedFile
from ingest.sandbox import Loaded


def read(path: Path) -> Loaded:
    match path.stem.split()[0]:
        case "exit":
            os._exit(1)
        case "segfault":
            ctypes.string_at(0)
        case "hang":
            time.sleep(60)
        case "memory":
            bytearray(1 << 40)
        case "bug":
            raise ZeroDivisionError("a fault of the loader")
        case "child":
            return Document("0" * 64, str(os.getpid()), path.stem, ()), []
        case "locked":
            raise EncryptedFile(f"{path.name} needs a password.")
    return Document("0" * 64, path.name, path.stem, ()), []
