"""Embedding models on a server that speaks OpenAI's protocol (`/v1/embeddings`).

The server gets the text of all documents that are added, and the questions.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import openai

from assistant.errors import ModelUnusable
from assistant.llm.server_chat import choose, client, explained
from assistant.models.server.address import ServerAddress
from vectorstore.embedding.embedder import Habits
from vectorstore.store import Vectors

_BATCH = 32  # texts of a request
_RETRIES = 3  # after a lost connection, a busy server or an error of it; openai waits longer each
_PROBE = "The quick brown fox jumps over the lazy dog."
_HALVINGS = 4  # of a text that is longer than the window of the server's model
_TOO_LONG = re.compile(r"(?i)token|context|too (?:long|large)|max\w{0,9} (?:length|size)")


class ServerEmbedder:
    """A model of a server. What goes wrong there is a ModelUnusable that says what to do.

    `identity` names the model, the server and the dimensions: another model, or the same name on
    another server, is another identity, and the library is rebuilt for it.
    """

    def __init__(self, address: ServerAddress, server: openai.OpenAI, habits: Habits) -> None:
        """Asks the server once, for its dimensions. Raises ModelUnusable."""
        self.address = address
        self._server = server
        self._habits = habits
        self.unrelated, self.multilingual = habits.unrelated, habits.multilingual
        self._dimensions = 0
        self._dimensions = self._embed([_PROBE]).shape[1]
        self.identity = f"{address.model}:{address.url}:{self._dimensions}"

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions). Raises ModelUnusable."""
        given = [self._habits.passage + text for text in texts]
        starts = range(0, len(given), _BATCH)
        found = [self._embed(given[start : start + _BATCH]) for start in starts]
        return np.concatenate(found) if found else np.zeros((0, self._dimensions), np.float32)

    def query(self, text: str) -> Vectors:
        """Shape (dimensions,). Raises ModelUnusable."""
        vector: Vectors = self._embed([self._habits.query + text])[0]
        return vector

    def _embed(self, texts: Sequence[str]) -> Vectors:
        with explained(self.address, "embedding"):
            try:
                return self._asked(texts)
            except openai.APIStatusError as error:
                if not _TOO_LONG.search(str(error)):
                    raise
            return np.concatenate([self._shortened(text) for text in texts])

    def _shortened(self, text: str) -> Vectors:
        """Of the beginning of a text, where its model cannot read all of it: as local ones do."""
        for _ in range(_HALVINGS):
            try:
                return self._asked([text])
            except openai.APIStatusError as error:
                if not _TOO_LONG.search(str(error)):
                    raise
                text = text[: len(text) // 2]
        return self._asked([text])

    def _asked(self, texts: Sequence[str]) -> Vectors:
        # Told to send numbers: as Base64, which the client would ask for, not all servers can.
        reply = self._server.embeddings.create(
            model=self.address.model, input=list(texts), encoding_format="float"
        )
        rows = [row.embedding for row in sorted(reply.data, key=lambda row: row.index)]
        return self._of_length_one(rows, len(texts))

    def _of_length_one(self, rows: list[Any], wanted: int) -> Vectors:
        lengths = {len(row) for row in rows}
        if len(rows) != wanted or len(lengths) != 1 or lengths - {self._dimensions or max(lengths)}:
            raise ModelUnusable(
                f"The server at {self.address.place} gave {len(rows)} vectors of "
                f"{sorted(lengths)} numbers for {wanted} texts. Is {self.address.model!r} still "
                "the embedding model? Choose again: "
                f"pincite models use embedding {self.address.url}"
            )
        vectors = np.asarray(rows, np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = vectors / np.maximum(norms, np.float32(1e-12))
        return unit


def connect(
    address: ServerAddress, key: str, habits: Callable[[str], Habits] = lambda _: Habits()
) -> ServerEmbedder:
    """The model of an address; `habits` by the name of a model. Raises ModelUnusable."""
    named = address if address.model else choose(address, key, "embedding")
    server = client(named, key, "embedding", _RETRIES)
    return ServerEmbedder(named, server, habits(named.model))
