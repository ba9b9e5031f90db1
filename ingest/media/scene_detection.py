"""Detects scenes: one still picture for each, once it has settled."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.media.ffmpeg import Gray, Picture

MOST = 240  # scenes of one video; of a long video fewer moments are looked at
_EVERY = 0.5  # seconds between two samples
# Of the 64 x 36 cells, those that have become lighter or darker by 20 of 255: 4.6 % for a slide
# with two other lines of text (measured), about 1 % for one more line. Noise changes none.
_OTHER = 20
_CHANGED = 0.005


@dataclass(frozen=True)
class Scene:
    """A moment at which the picture has changed."""

    seconds: float
    small: "Gray"
    picture: "Callable[[], Picture]"

    def differs(self, other: "Scene") -> bool:
        """Whether two pictures differ, by the share of changed cells in their small grey copies."""
        difference = abs(self.small.astype("int16") - other.small.astype("int16"))
        return float((difference > _OTHER).mean()) > _CHANGED


def scenes(
    pictures: "Iterable[tuple[float, Gray, Callable[[], Picture]]]", seconds: float
) -> Iterator[Scene]:
    """`seconds` is the length of the video, 0 when it is not known."""
    every = max(_EVERY, seconds / MOST)
    return islice(_settled(_looks(pictures, every), every), MOST)


def _looks(
    pictures: "Iterable[tuple[float, Gray, Callable[[], Picture]]]", every: float
) -> Iterator[Scene]:
    looked = -every
    for seconds, small, picture in pictures:
        if seconds >= looked + every:
            looked = seconds
            yield Scene(seconds, small, picture)


def _settled(looks: Iterable[Scene], every: float) -> Iterator[Scene]:
    """Takes a new picture one sample later: at first one may be fading into the other."""
    taken: Scene | None = None
    fresh: Scene | None = None
    for look in looks:
        if fresh and look.differs(fresh) and look.seconds - fresh.seconds > 2 * every:
            yield (taken := fresh)  # samples are far apart, and it appeared once
            fresh = None
        if taken and not look.differs(taken):
            fresh = None
        elif fresh:
            yield Scene(fresh.seconds, look.small, look.picture)
            taken, fresh = look, None
        else:
            fresh = look
    if fresh:
        yield fresh
