"""Embeddings of a model server: a real HTTP server on loopback that speaks OpenAI's protocol."""

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.cli.main import main
from assistant.errors import ModelUnusable
from assistant.llm import server as module
from assistant.llm.server import ServerEmbedder, connect_embedder
from assistant.models.installed import Models
from assistant.models.server_address import ServerAddress
from assistant.settings import Settings
from assistant.wiring.chosen_models import embedder, server_embedder
from tests.assistant.fakes import WordEmbedder
from tests.assistant.llm.model_server import ModelHandler
from tests.contracts.embedders import EmbedderContract
from vectorstore.embedding.embedder import Habits

pytestmark = pytest.mark.timeout(60)


class Handler(ModelHandler):
    """Vectors of words, three times as long as they should be, in another order than asked."""

    def do_POST(self) -> None:
        asked = self._asked()
        if self._refused():
            return
        if self.server.failures:
            self.server.failures -= 1
            self._json(503, {"error": {"message": "loading"}})
        elif max(map(len, asked["input"])) > self.server.window:
            self._json(400, {"error": {"message": "input has too many tokens"}})
        else:
            self._json(200, {"object": "list", "model": asked["model"], "data": self._rows(asked)})

    def _rows(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        vectors = 3 * WordEmbedder().passages(asked["input"])[:, : self.server.dimensions]
        rows = [{"object": "embedding", "index": at, "embedding": vector.tolist()}
                for at, vector in enumerate(vectors)]  # fmt: skip
        return rows[::-1]


@pytest.fixture
def server() -> Iterator[Any]:
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.models, made.key, made.got = ["small-embedder"], "", []
    made.failures, made.window, made.dimensions = 0, 10_000, None
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def address(server: Any, model: str = "") -> ServerAddress:
    found = ServerAddress.parse(f"http://127.0.0.1:{server.server_port}/v1#{model}")
    assert found
    return found


@pytest.fixture(autouse=True)
def quick_and_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Between retries nobody waits, and what a test connects is closed."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    with ExitStack() as clients:
        make = module.client
        monkeypatch.setattr(module, "client", lambda *how: clients.enter_context(make(*how)))
        yield


class TestContract(EmbedderContract):
    @pytest.fixture
    def embedder(self, server: Any) -> ServerEmbedder:
        return connect_embedder(address(server), "")


def test_many_texts_go_in_batches_and_come_back_in_their_order(server: Any) -> None:
    texts = [f"word{number} and more" for number in range(70)]
    found = connect_embedder(address(server), "").passages(texts)
    assert np.allclose(found, WordEmbedder().passages(texts), atol=1e-5)
    assert [len(asked["input"]) for asked in server.got[1:]] == [32, 32, 6]
    assert server.got[0]["encoding_format"] == "float"


def test_a_server_that_is_busy_is_asked_again(server: Any) -> None:
    server.failures = 2
    assert connect_embedder(address(server), "").query("leave").shape
    assert len(server.got) == 4


def test_of_a_text_beyond_its_window_the_beginning_is_embedded(server: Any) -> None:
    server.window = 500
    long = "leave " * 300
    found = connect_embedder(address(server), "").passages(["short", long])
    assert np.allclose(found[0], WordEmbedder().query("short"), atol=1e-5)
    assert len(server.got[-1]["input"][0]) <= server.window


def test_a_long_text_costs_its_neighbours_nothing(server: Any) -> None:
    server.window = 500
    alone = connect_embedder(address(server), "").passages(["leave " * 80])
    beside = connect_embedder(address(server), "").passages(["leave " * 80, "leave " * 300])
    assert np.allclose(alone[0], beside[0])
    assert ["leave " * 80] in [sent["input"] for sent in server.got[2:]]


def test_what_a_model_wants_to_read_before_a_text_is_put_there(server: Any) -> None:
    habits = Habits("query: ", "passage: ", 0.7, True)
    made = connect_embedder(address(server), "", lambda _: habits)
    made.query("leave")
    made.passages(["leave"])
    assert [asked["input"][0] for asked in server.got[1:]] == ["query: leave", "passage: leave"]
    assert (made.unrelated, made.multilingual) == (0.7, True)


def test_the_identity_tells_models_servers_and_dimensions_apart(server: Any) -> None:
    first = connect_embedder(address(server), "").identity
    server.dimensions = 5
    assert first.startswith("small-embedder:http") and first.rpartition(":")[0] in first
    assert (
        connect_embedder(address(server), "").identity == f"{first.rpartition(':')[0]}:5" != first
    )


def test_another_model_behind_the_same_name_is_a_sentence(server: Any) -> None:
    made = connect_embedder(address(server), "")
    server.dimensions = 5
    with pytest.raises(ModelUnusable, match=r"gave 1 vectors of \[5\] numbers .* models use embed"):
        made.query("leave")


def test_a_server_that_is_gone_is_a_sentence(server: Any) -> None:
    made = connect_embedder(address(server), "")
    server.failures = 99
    with pytest.raises(ModelUnusable, match=r"answers with an error \(503\)"):
        made.query("leave")
    server.shutdown()
    server.server_close()
    with pytest.raises(ModelUnusable, match=r"does not answer .*Start it"):
        connect_embedder(address(server), "")


def test_the_key_is_its_own(server: Any) -> None:
    server.key = "s3cret"
    with pytest.raises(ModelUnusable, match="PINCITE_EMBEDDING_KEY"):
        server_embedder(address(server), Settings(chat_key="s3cret"))  # type: ignore[arg-type]
    assert server_embedder(address(server), Settings(embedding_key="s3cret"))  # type: ignore[arg-type]


def test_it_is_chosen_by_its_address(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{server.server_port}/v1"
    assert main(["--home", str(tmp_path), "models", "use", "embedding", url]) == 0
    assert "the text of all documents" in capsys.readouterr().out
    settings = Settings(home=tmp_path)
    chosen = Models(settings).server("embedding")
    assert str(chosen) == f"{url}#small-embedder"
    assert embedder(settings).identity.startswith("small-embedder:")


def test_a_host_elsewhere_is_permitted_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, str]] = []
    monkeypatch.setattr("assistant.llm.server.permit", lambda *asked: told.append(asked))
    far = ServerAddress.parse("https://models.example:8443/v1#m")
    assert far
    module.client(far, "", "embedding").close()
    assert told == [("models.example", 8443, "embeddings")]


def test_speech_has_no_server(tmp_path: Path) -> None:
    models = Models(Settings(home=tmp_path))
    with pytest.raises(ModelUnusable, match=re.escape("only for chat and embedding")):
        models.use("speech", "http://127.0.0.1:1/v1")
