"""Answers from a model server: a real HTTP server on loopback that speaks OpenAI's protocol."""

import json
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from assistant.errors import ModelUnusable, NoOdds
from assistant.llm.odds import TokenOdds
from assistant.llm.server import ServerChat, ServerOdds, choose, connect_chat
from assistant.models.server_address import ServerAddress
from ingest.text.reflow import about_tokens
from tests.assistant.llm.model_server import ModelHandler

pytestmark = pytest.mark.timeout(60)

ASKED = [HumanMessage("How long is the leave?")]
WORDS = ["25 ", "days."]


class Handler(ModelHandler):
    """What a test wants the server to do is in `server.does`; what it was asked in `server.got`."""

    def do_POST(self) -> None:
        said = self._asked()
        if self._refused():
            return
        if self.path == "/tokenize" and self.server.counts:
            self._json(200, {"tokens": list(range(len(said["content"].split())))})
        elif said["model"] not in self.server.models or not self.path.startswith("/v1/"):
            self._json(404, {"error": {"message": "no such model"}})
        elif self.server.does == "fails":
            self._json(500, {"error": {"message": "out of memory"}})
        elif not said.get("stream"):
            self._whole()
        else:
            self._stream()

    def _whole(self) -> None:
        listed = [{"token": t, "logprob": math.log(p), "bytes": None, "top_logprobs": []}
                  for t, p in self.server.listed.items()]  # fmt: skip
        first = {"token": "Yes", "logprob": 0.0, "bytes": None, "top_logprobs": listed}
        choice = {
            "index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "Y"},
            "logprobs": {"content": [first]} if listed else None,
        }  # fmt: skip
        whole = {"id": "1", "object": "chat.completion", "model": "m", "created": 1}
        self._json(200, {**whole, "choices": [choice]})

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for word in WORDS if self.server.does != "endless" else iter(lambda: "on ", None):
            try:
                self._event({"choices": [{"index": 0, "delta": {"content": word}}]})
            except OSError:
                self.server.left.set()
                return
            if self.server.does == "dies":
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if self.server.does == "endless":
                time.sleep(0.01)
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, event: dict[str, Any]) -> None:
        whole = {"id": "1", "object": "chat.completion.chunk", "model": "m", "created": 1, **event}
        self._chunk(f"data: {json.dumps(whole)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


@pytest.fixture
def server() -> Iterator[Any]:
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.models, made.key, made.does, made.got = ["small"], "", "answers", []
    made.listed, made.counts = {}, True
    made.left = threading.Event()
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def at(server: Any, model: str = "") -> ServerAddress:
    named = f"#{model}" if model else ""
    found = ServerAddress.parse(f"http://127.0.0.1:{server.server_address[1]}/v1{named}")
    assert found
    return found


def said(model: ServerChat) -> str:
    with closing(model):
        return "".join(str(part.content) for part in model.stream(ASKED))


def test_an_answer_streams_from_the_only_model_there(server: Any) -> None:
    model = connect_chat(at(server), answer=77)
    assert said(model) == "25 days."
    [asked] = server.got
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("small", 0.0, 77)
    assert asked["messages"] == [{"role": "user", "content": "How long is the leave?"}]


def test_its_odds_are_asked_for_apart(server: Any) -> None:
    """A model of ours takes turns and counts tokens; a server's does not."""
    with closing(connect_chat(at(server))) as model:
        assert not isinstance(model, TokenOdds)
        assert isinstance(ServerOdds(model), TokenOdds)


def odds(server: Any, *candidates: str) -> list[float]:
    with closing(connect_chat(at(server))) as model:
        return ServerOdds(model).next_token_logprobs(ASKED, candidates)


def test_odds_are_the_log_probabilities_of_the_first_token(server: Any) -> None:
    server.listed = {" Yes": 0.6, "Yes": 0.1, "No": 0.2}
    assert odds(server, "Yes", "No") == pytest.approx([math.log(0.6), math.log(0.2)])
    [asked] = server.got
    assert (asked["logprobs"], asked["top_logprobs"], asked["max_tokens"]) == (True, 20, 1)
    assert asked["messages"] == [{"role": "user", "content": "How long is the leave?"}]


def test_what_is_not_listed_is_no_likelier_than_the_rest(server: Any) -> None:
    server.listed = {"Yes": 0.9, "Well": 0.04}
    assert odds(server, "No") == pytest.approx([math.log(0.04)])
    server.listed = {"Yes": 0.9, "Well": 0.09}
    assert odds(server, "No") == pytest.approx([math.log(0.01)])


def test_a_server_without_log_probabilities_is_told(server: Any) -> None:
    with pytest.raises(NoOdds, match="small comes without log-probabilities"):
        odds(server, "Yes")


def test_tokens_are_counted_by_the_server(server: Any) -> None:
    with closing(connect_chat(at(server), "secret")) as model:
        assert model.tokens_in("The leave is long.") == 4
        assert model.tokens_in("The leave is long.") == 4  # which is not asked again

    [asked] = server.got
    assert asked["content"] == "The leave is long." and not asked["parse_special"]


def test_tokens_are_estimated_where_the_server_does_not_count(server: Any) -> None:
    server.counts = False
    with closing(connect_chat(at(server))) as model:
        assert model.tokens_in("The leave is long.") == about_tokens("The leave is long.")
        model.tokens_in("Another one.")

    assert len(server.got) == 1  # it is asked once


def test_the_key_is_sent_and_in_no_text(server: Any) -> None:
    server.key = "s3cret"
    model = connect_chat(at(server), "s3cret")
    assert said(model) == "25 days."
    assert "s3cret" not in repr(model) + str(model.model_dump())


def test_a_wrong_key_is_told(server: Any) -> None:
    server.key = "s3cret"
    with pytest.raises(ModelUnusable, match=r"refuses the key\. Set PINCITE_CHAT_KEY"):
        connect_chat(at(server), "other")


def test_one_of_several_models_has_to_be_named(server: Any) -> None:
    server.models = ["small", "large"]
    with pytest.raises(ModelUnusable, match=r"several models\. It has: small, large"):
        choose(at(server))
    assert choose(at(server, "large")).model == "large"
    with pytest.raises(ModelUnusable, match="no model 'huge'"):
        choose(at(server, "huge"))


def test_a_model_that_is_gone_is_told_when_it_is_asked(server: Any) -> None:
    with pytest.raises(ModelUnusable, match=r"does not know .* or the model 'gone'"):
        said(connect_chat(at(server, "gone")))


def test_an_error_of_the_server_is_told(server: Any) -> None:
    server.does = "fails"
    with pytest.raises(ModelUnusable, match=r"an error \(500\): .*out of memory"):
        said(connect_chat(at(server)))


def test_a_server_that_dies_in_mid_answer_is_told(server: Any) -> None:
    server.does = "dies"
    with pytest.raises(ModelUnusable, match="does not answer"):
        said(connect_chat(at(server)))


def test_no_server_is_told(server: Any) -> None:
    address = at(server, "small")
    server.shutdown()
    server.server_close()
    with pytest.raises(ModelUnusable, match=r"does not answer \(.*refused.*\). Start it"):
        said(connect_chat(address))


def test_who_stops_listening_closes_the_connection(server: Any) -> None:
    server.does = "endless"
    with closing(connect_chat(at(server))) as model:
        parts = model.stream(ASKED)
        next(parts)
        parts.close()  # type: ignore[attr-defined]
        assert server.left.wait(60)


def test_a_proxy_of_the_environment_gets_nothing(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert said(connect_chat(at(server))) == "25 days."
