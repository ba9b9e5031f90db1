"""Vectors in a collection of a Chroma server, which several processes may read."""

import os
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from vectorstore.dense.collection import CONFIGURATION, Collection

_CONNECTS, _ANSWERS = 2.0, 60.0  # seconds after which a server counts as away
_PORTS = {"http": 80, "https": 443}
_GENERATION, _MAKER = "generation", "made_by"  # in the metadata of the collection


class ServerAway(Exception):
    """There is no Chroma server at the address, or none that answers in time."""


class ChromaServer(Collection):
    """The collection says itself what it holds: whoever reads it need not have written it."""

    def __init__(self, client: Any, name: str) -> None:
        # No embedding function: Chroma's default one downloads a model of its own.
        found = client.get_or_create_collection(
            name, embedding_function=None, configuration=CONFIGURATION
        )
        super().__init__(client, found)
        self._name = name

    @classmethod
    def at(cls, address: str, name: str) -> Self:
        """The collection of that name, made where there is none. Raises ServerAway, and any error
        of Chroma."""
        _knock(address)
        os.environ["ANONYMIZED_TELEMETRY"] = "False"
        import chromadb

        parts = urlsplit(address)
        client: Any = chromadb.HttpClient(
            parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.scheme == "https",
            settings=chromadb.Settings(anonymized_telemetry=False),
        )  # fmt: skip
        # Chroma's own client waits for ever for a server that has stopped to answer.
        client._server._session.timeout = httpx.Timeout(_ANSWERS, connect=_CONNECTS)
        try:
            return cls(client, name)
        except BaseException:
            _close(client)
            raise

    def holds(self) -> tuple[int, str]:
        """The generation of the catalogue and the maker of the vectors; -1 while it is filled."""
        found = self._client.get_collection(self._name, embedding_function=None).metadata or {}
        return int(found.get(_GENERATION, -1)), str(found.get(_MAKER, ""))

    def say(self, generation: int, maker: str) -> None:
        """What `holds` returns from now on, to all."""
        self._collection.modify(metadata={_GENERATION: generation, _MAKER: maker})

    def delete(self) -> None:
        """With all that is in it; it cannot be used any more."""
        self._client.delete_collection(self._name)

    def close(self) -> None:
        _close(self._client)


def _close(client: Any) -> None:
    # Chroma's own `close` leaves the connections open, of both clients that it is made of.
    sessions = [one._server._session for one in (client, client._admin_client)]
    client.close()
    for session in sessions:
        session.close()


def _knock(address: str) -> None:
    try:
        # Not by a proxy that the environment names: the vectors go to this address alone.
        answer = httpx.get(f"{address}/api/v2/heartbeat", timeout=_CONNECTS, trust_env=False)
        answer.raise_for_status()
    except (httpx.HTTPError, OSError) as error:
        raise ServerAway(str(error) or type(error).__name__) from error
