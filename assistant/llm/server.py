"""Chat models on a server that speaks OpenAI's protocol: llama-server, Ollama, LM Studio, vLLM.

The server gets the questions and the passages.
"""

import math
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
import openai
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import PrivateAttr, SecretStr

from assistant.errors import AssistantError, ModelUnusable, NoOdds
from assistant.models.server_address import Served, ServerAddress
from assistant.security.network_guard import permit
from ingest.text.reflow import about_tokens
from vectorstore.embedding.embedder import Habits
from vectorstore.store import Vectors

# -- The odds of a server's model, where the server gives log-probabilities (`top_logprobs`)
# They are asked for in a request of their own.

_MOST = 20  # OpenAI's limit; llama-server gives as many as it is asked for
_LEAST = 1e-9  # of a probability


class ServerOdds:
    """What `TokenOdds` asks, of a server. A type of its own, since a server needs no turns and
    counts no tokens for us."""

    def __init__(self, model: BaseChatModel) -> None:
        self._model = model

    def next_token_logprobs(
        self,
        messages: Sequence[BaseMessage],
        candidates: Sequence[str],
        cancel: threading.Event | None = None,
    ) -> list[float]:
        """The natural-log probability of each candidate as the next token. One that is not among
        the 20 likeliest shares what these leave with all others, and is no likelier than the least
        of them. Raises NoOdds where the server gives none, and ModelUnusable."""
        asked: dict[str, Any] = {"logprobs": True, "top_logprobs": _MOST, "max_tokens": 1}
        reply = self._model.invoke(list(messages), **asked)
        listed = _listed(reply.response_metadata)
        if not listed:
            raise NoOdds(f"{self._model.get_name()} comes without log-probabilities.")
        rest = _rest(listed)
        return [listed.get(candidate, rest) for candidate in candidates]


def _listed(metadata: Mapping[str, Any]) -> dict[str, float]:
    """The log-probabilities of the first token; of texts that differ in spaces the likeliest."""
    content = (metadata.get("logprobs") or {}).get("content") or [{}]
    found: dict[str, float] = {}
    for one in content[0].get("top_logprobs") or []:
        text = str(one["token"]).strip()
        found[text] = max(found.get(text, -math.inf), float(one["logprob"]))
    return found


def _rest(listed: Mapping[str, float]) -> float:
    left = 1 - sum(map(math.exp, listed.values()))
    return min(math.log(max(left, _LEAST)), *listed.values())


# -- How many tokens the model of a server makes of a text
# OpenAI's protocol has no request for it. llama-server and vLLM answer `/tokenize` beside it.

_KEPT = 512  # counts: packing asks for the same passage several times
_WAIT = 5.0  # seconds


def _counter(address: ServerAddress, http: Any, key: str) -> Callable[[str], int]:
    """Asks a server through its http client, and estimates from the first time that the server
    does not tell."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url, tells = f"{address.url.removesuffix('/v1')}/tokenize", True

    @lru_cache(_KEPT)
    def count(text: str) -> int:
        nonlocal tells
        # The names of llama-server, then those of vLLM. Markup of a chat template is only text.
        asked = {"content": text, "add_special": False, "parse_special": False,
                 "prompt": text, "model": address.model, "add_special_tokens": False}  # fmt: skip
        if tells:
            try:
                reply = http.post(url, json=asked, headers=headers, timeout=_WAIT)
                return len(reply.raise_for_status().json()["tokens"])
            except Exception:  # whatever a server of another kind answers: an estimate does
                tells = False
        return about_tokens(text)

    return count


_CONNECT = 5.0  # seconds
_SILENCE = 300.0  # seconds without a word: a processor reads a long prompt for minutes
_NO_KEY = "none"  # the client wants one
# What breaks off in the middle of an answer is an error of the http library that openai uses.
_HTTP: Any = import_module(openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])


class ServerChat(BaseChatOpenAI):
    """A model of a server. What goes wrong there is a ModelUnusable that says what to do."""

    _address: ServerAddress = PrivateAttr()
    _count: Callable[[str], int] = PrivateAttr()

    def get_name(self, suffix: str | None = None, *, name: str | None = None) -> str:
        """The name of the model at its server."""
        return self.model_name

    def tokens_in(self, text: str) -> int:
        """The tokens of a text: an estimate where the server does not tell."""
        return self._count(text)

    def close(self) -> None:
        """Close its connections; the model cannot be asked any more."""
        self.root_client.close()

    @property
    def _llm_type(self) -> str:
        return "server"

    def _generate(self, *args: Any, **options: Any) -> ChatResult:
        with explained(self._address):
            return super()._generate(*args, **options)

    def _stream(self, *args: Any, **options: Any) -> Iterator[ChatGenerationChunk]:
        # Closed with the caller's loop: the server stops writing when the connection ends.
        with explained(self._address), closing(super()._stream(*args, **options)) as parts:  # type: ignore[type-var]
            yield from parts


def connect_chat(address: ServerAddress, key: str = "", answer: int = 400) -> ServerChat:
    """The model of an address; `answer`: tokens that it may write. The server is asked nothing
    where the address names the model. Raises ModelUnusable."""
    named = address if address.model else choose(address, key)
    http = _http(named, "chat")
    model = ServerChat(
        model=named.model, base_url=named.url, api_key=SecretStr(key or _NO_KEY), temperature=0.0,
        max_tokens=answer, seed=0, max_retries=0, stream_usage=True,
        http_client=http,
    )  # fmt: skip
    model._address, model._count = named, _counter(named, http, key)
    return model


def choose(address: ServerAddress, key: str = "", role: Served = "chat") -> ServerAddress:
    """The address with the name of its model: the one that is named, or the only one there.

    Raises ModelUnusable when the server does not answer, or does not have it.
    """
    with explained(address, role), client(address, key, role) as server:
        names = [model.id for model in server.models.list()]
    if address.model in names or (not address.model and len(names) == 1):
        return replace(address, model=address.model or names[0])
    what = f"no model {address.model!r}" if address.model else "several models"
    listed = ", ".join(names[:8]) or "none"
    raise ModelUnusable(
        f"The server at {address.place} has {what}. It has: {listed}. "
        f"Name one: pincite models use {role} '{address.url}#NAME'"
    )


def client(address: ServerAddress, key: str, role: Served, retries: int = 0) -> openai.OpenAI:
    """A client of one server, which the network guard lets through from now on."""
    return openai.OpenAI(
        base_url=address.url, api_key=key or _NO_KEY, http_client=_http(address, role),
        max_retries=retries,
    )  # fmt: skip


def _http(address: ServerAddress, role: Served) -> Any:
    if not address.is_here:
        permit(address.host, address.port, "answers" if role == "chat" else "embeddings")
    # Not by a proxy that the environment names: the passages go to this address alone.
    timeout = openai.Timeout(_SILENCE, connect=_CONNECT)
    return openai.DefaultHttpxClient(trust_env=False, timeout=timeout, follow_redirects=False)


@contextmanager
def explained(address: ServerAddress, role: Served = "chat") -> Iterator[None]:
    """What a client of a server raises, in a sentence. Raises ModelUnusable."""
    try:
        yield
    except AssistantError:
        raise
    except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
        raise ModelUnusable(
            f"The server at {address.place} refuses the key. Set PINCITE_{role.upper()}_KEY to the "
            f"right one, or keep it in the system's keyring: keyring set pincite {address.place}"
        ) from error
    except openai.NotFoundError as error:
        raise ModelUnusable(
            f"The server at {address.place} does not know {address.url} or the model "
            f"{address.model!r}. Choose again: pincite models use {role} {address.url}"
        ) from error
    except openai.APIStatusError as error:
        raise ModelUnusable(
            f"The server at {address.place} answers with an error ({error.status_code}): "
            f"{_first_line(error)}"
        ) from error
    except (openai.APIError, _HTTP.HTTPError) as error:
        raise ModelUnusable(
            f"The server at {address.place} does not answer ({_cause(error)}). Start it, or choose "
            "another model: pincite models list"
        ) from error


def _cause(error: Exception) -> str:
    """The innermost reason that has words, such as "Connection refused"."""
    found: BaseException | None = error
    said = type(error).__name__
    while found is not None:
        said = _first_line(found) or said
        found = found.__cause__ or found.__context__
    return said


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


# -- Embedding models on a server that speaks OpenAI's protocol (`/v1/embeddings`)
# The server gets the text of all documents that are added, and the questions.

_BATCH = 32  # texts of a request
_RETRIES = 3  # after a lost connection, a busy server or an error of it; openai waits longer each
_PROBE = "probe"  # any text: its vector tells how many numbers they have
_SHORTEST = 500  # characters: that many are in the window of each model
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
        longest = max(map(len, texts))
        with explained(self.address, "embedding"):
            try:
                return self._asked(texts)
            except openai.APIStatusError as error:
                if longest <= _SHORTEST or not _TOO_LONG.search(str(error)):
                    raise
        if len(texts) > 1:  # which of them is too long is not said, or it is all of them together
            return np.concatenate([self._embed([text]) for text in texts])
        # As local models do: where a text is too long for its model, its beginning is read.
        return self._embed([texts[0][: longest // 2]])

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


def connect_embedder(
    address: ServerAddress, key: str, habits: Callable[[str], Habits] = lambda _: Habits()
) -> ServerEmbedder:
    """The model of an address; `habits` by the name of a model. Raises ModelUnusable."""
    named = address if address.model else choose(address, key, "embedding")
    server = client(named, key, "embedding", _RETRIES)
    return ServerEmbedder(named, server, habits(named.model))
