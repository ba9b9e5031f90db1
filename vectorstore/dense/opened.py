"""The index of a library, where the settings want it."""

from pathlib import Path

from vectorstore.catalog.catalog import Catalog
from vectorstore.dense.index import DenseIndex
from vectorstore.dense.served_index import ServedIndex
from vectorstore.dense.serving import Address


def index(catalog: Catalog, folder: Path, server: Address = "") -> DenseIndex:
    """In a folder, or on the server of an address."""
    return ServedIndex(catalog, folder, server) if server else DenseIndex(catalog, folder)
