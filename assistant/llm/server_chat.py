"""Chat models on a server that speaks OpenAI's protocol: llama-server, Ollama, LM Studio, vLLM.

The server gets the questions and the passages.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any

import openai
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import PrivateAttr, SecretStr

from assistant.errors import AssistantError, ModelUnusable
from assistant.llm.server_tokens import ServerTokens
from assistant.models.server.address import Served, ServerAddress
from assistant.security.network_guard import permit

_CONNECT = 5.0  # seconds
_SILENCE = 300.0  # seconds without a word: a processor reads a long prompt for minutes
_NO_KEY = "none"  # the client wants one
# What breaks off in the middle of an answer is an error of the http library that openai uses.
_HTTP: Any = import_module(openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])


class ServerChat(BaseChatOpenAI):
    """A model of a server. What goes wrong there is a ModelUnusable that says what to do."""

    _address: ServerAddress = PrivateAttr()
    _tokens: ServerTokens = PrivateAttr()

    def get_name(self, suffix: str | None = None, *, name: str | None = None) -> str:
        """The name of the model at its server."""
        return self.model_name

    def tokens_in(self, text: str) -> int:
        """The tokens of a text: an estimate where the server does not tell."""
        return self._tokens.count(text)

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


def connect(address: ServerAddress, key: str = "", answer: int = 400) -> ServerChat:
    """The model of an address; `answer`: tokens that it may write. The server is asked nothing
    where the address names the model. Raises ModelUnusable."""
    named = address if address.model else choose(address, key)
    http = _http(named, "chat")
    model = ServerChat(
        model=named.model, base_url=named.url, api_key=SecretStr(key or _NO_KEY), temperature=0.0,
        max_tokens=answer, seed=0, max_retries=0, stream_usage=True,
        http_client=http,
    )  # fmt: skip
    model._address, model._tokens = named, ServerTokens(named, http, key)
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
