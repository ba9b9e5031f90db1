"""Which kind of server keeps the vectors: Chroma, or PostgreSQL with pgvector."""

from typing import Protocol

from vectorstore.dense.chroma_server import ChromaServer
from vectorstore.dense.pgvector_store import PgvectorStore
from vectorstore.postgres.server import Server
from vectorstore.store import Store

Address = str | Server  # `http://host:port` of Chroma


class Served(Store, Protocol):
    """A store that several processes share. Its methods raise any error of the server's client."""

    def count(self) -> int: ...

    def holds(self) -> tuple[int, str]:
        """The generation of the catalogue and the maker of the vectors; -1 while it is filled."""

    def say(self, generation: int, maker: str) -> None:
        """What `holds` returns from now on, to all."""

    def delete(self) -> None:
        """With all that is in it; it cannot be used any more."""

    def close(self) -> None: ...


def connected(address: Address, name: str) -> Served:
    """The store of that name, made where there is none. Raises ServerAway, LibraryError, and any
    error of the server's client."""
    if isinstance(address, str):
        return ChromaServer.at(address, name)
    return PgvectorStore.at(address, name)


def named(address: Address) -> str:
    """For people."""
    if isinstance(address, str):
        return f"Chroma server at {address}"
    return f"PostgreSQL server at {address.place}"
