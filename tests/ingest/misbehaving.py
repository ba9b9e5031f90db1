"""A reader for the sandbox that does what a file's name says: the child process imports it."""

import ctypes
import gc
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path

from ingest.document.model import Document, Line, Page
from ingest.document.wire import Loaded
from ingest.errors import EncryptedFile
from ingest.platform.process import beat
from tests.ingest import native_calls


def _take_over(data: bytes) -> None:
    """What a file does that has taken the child over: it sends what it likes to the parent."""
    pipe = next(found for found in gc.get_objects() if isinstance(found, Connection))
    pipe.send_bytes(data)
    time.sleep(60)


def _begin_message() -> None:
    pipe = next(found for found in gc.get_objects() if isinstance(found, Connection))
    os.write(pipe.fileno(), struct.pack("!i", 1000) + b"d")


def read(path: Path) -> Loaded:
    match (path.stem if path.is_absolute() else str(path)).partition(" ")[0]:
        case "exit":
            os._exit(1)
        case "segfault":
            ctypes.string_at(0)
        case "hang":
            time.sleep(60)
        case "memory":
            bytearray(1 << 40)
        case "gigabyte":
            bytearray(1 << 30)
        case "pages":
            for page in range(1, 9):
                time.sleep(0.35)
                beat(page, 8)
        case "starved":  # works for a tenth of the time, without a sign of life
            for _ in range(30):
                until = time.process_time() + 0.01
                while time.process_time() < until:
                    pass
                time.sleep(0.09)
        case "busy":
            while True:
                pass
        case "large":
            return Document("0" * 64, "x" * 5_000_000, path.stem, ()), []
        case "connect":
            socket.create_connection(("127.0.0.1", 9))
        case "calls":
            found = native_calls.tried(*str(path).split(" ")[1:])
            return Document("0" * 64, found, path.stem, ()), []
        case "native":  # a program that this process starts: Python's own guard is not in it
            code = "import socket; socket.socket(socket.AF_INET)"
            subprocess.run([sys.executable, "-c", code], check=True, stderr=subprocess.DEVNULL)
        case "shell":
            subprocess.run(
                str(path).partition(" ")[2], shell=True, check=True, stderr=subprocess.DEVNULL
            )
            return Document("0" * 64, "shell", "shell", ()), []
        case "program":
            subprocess.run(["sleep", path.name.split()[1]], check=True)
        case "write":
            Path(str(path).partition(" ")[2]).write_text("changed")
        case "place":
            return Document("0" * 64, str(path), path.stem, ()), []
        case "temporary":
            name = tempfile.mkstemp()[1]
            return Document("0" * 64, name, path.stem, ()), []
        case "fill":
            with tempfile.TemporaryFile() as file:
                file.truncate(1 << 40)
        case "environment":
            known = {**os.environ, "": Path("/proc/self/environ").read_text()}
            return Document("0" * 64, repr(known), path.stem, ()), []
        case "tracker":
            resource_tracker.register(str(path).partition(" ")[2], "shared_memory")
        case "session":  # a program that the end of this one's session would not reach
            subprocess.run(["sleep", path.name.split()[1]], check=True, start_new_session=True)
        case "server":  # of processes that are not confined
            address = str(forkserver._forkserver._forkserver_address)  # type: ignore[attr-defined]
            return Document("0" * 64, address, path.stem, ()), []
        case "takeover":
            _take_over(bytes.fromhex(str(path).partition(" ")[2]))
        case "half":  # of a message
            _begin_message()
            time.sleep(60)
        case "cut":
            _begin_message()
            os._exit(1)
        case "page":
            page = Page(1, 0, 0, (Line("x" * (65 << 20)),))
            return Document("0" * 64, "page", "page", (page,)), []
        case "flood":
            _take_over(b"d" + bytes(2 << 20))
        case "bug":
            raise ZeroDivisionError("a fault of the loader")
        case "child":
            return Document("0" * 64, str(os.getpid()), path.stem, ()), []
        case "locked":
            raise EncryptedFile(f"{path.name} needs a password.")
    return Document("0" * 64, path.name, path.stem, ()), []
