"""Brings a store up to the catalogue, which keeps all vectors."""

from collections.abc import Callable
from contextlib import suppress

from vectorstore.catalog.catalog import Catalog
from vectorstore.store import Store

_BATCH = 2000
Progress = Callable[[int, int], None]  # vectors that were added, and how many there are to add


def fill(store: Store, catalog: Catalog, anew: bool, progress: Progress) -> None:
    """Add what is missing and remove what is gone; `anew`: the vectors are another model's, and
    their ids, which stay, would hide the old ones."""
    have, want = store.ids(), catalog.passages.ids()
    if anew:
        store.remove(sorted(have))
        have = set()
    store.remove(sorted(have - want))
    missing = sorted(want - have)
    for start in range(0, len(missing), _BATCH):
        ids, vectors = catalog.passages.vectors(missing[start : start + _BATCH])
        with suppress(ValueError):  # the whole batch was removed meanwhile
            store.add(ids, vectors)
        progress(min(start + _BATCH, len(missing)), len(missing))
