"""Checks whether there is memory for a model, before it is loaded."""

from assistant.images.generation import CannotPaint
from ingest.platform.hardware import free_memory

# Beside the weights. Stable Diffusion 1.5 at 512x512 in 16 bits was measured: 0.5 GB for the
# program, 0.26 GB for a step, 0.61 GB for the last decoding: 2,300 bytes a pixel, twice in 32 bits.
_PER_PIXEL = 5_000  # bytes
_PROGRAM = 0.5e9


def of_model(parameters: int, bytes_each: int) -> int:
    """Bytes for its weights and the program that runs it."""
    return int(parameters * bytes_each + _PROGRAM)


def of_picture(pixels: int) -> int:
    """Bytes that are needed beside the weights."""
    return pixels * _PER_PIXEL


def require(name: str, bytes_needed: int, free: int | None = None) -> None:
    """Raises CannotPaint that names both sizes."""
    there = free_memory() if free is None else free
    if bytes_needed > there:
        raise CannotPaint(
            f"{name} takes about {bytes_needed / 1e9:.1f} GB of memory while it paints, and "
            f"{there / 1e9:.1f} GB are free. Close other programs, ask for a smaller size, or use "
            "a smaller model: pincite models use drawing NAME."
        )
