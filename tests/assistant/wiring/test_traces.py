"""Spans reach a real collector on loopback: four stages of an answer, and no word of it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.reply import _nothing, _opened, record_spans
from assistant.contract.request import Request
from assistant.security import network_guard
from assistant.settings import Settings
from assistant.wiring import composition
from tests.assistant.fakes import ScriptedChat, WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library

SAID = "There are thirty days of leave."


class Collector:
    """Keeps what is sent to it."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        sent = self.sent

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                sent.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    record_spans(None)
    running.server.shutdown()
    running.server.server_close()


def test_the_stages_of_an_answer_are_one_trace_with_its_id(
    collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in network_guard.QUIET.items():
        monkeypatch.setenv(name, value)
    made: list[BatchSpanProcessor] = []
    begin = BatchSpanProcessor.__init__

    def noted(self: BatchSpanProcessor, *given: object, **named: object) -> None:
        begin(self, *given, **named)  # type: ignore[arg-type]
        made.append(self)

    monkeypatch.setattr(BatchSpanProcessor, "__init__", noted)
    for _ in range(2):
        composition.install_traces(Settings(home=tmp_path, traces=collector.address))
    assert len(made) == 1, "one exporter, with its thread, for each address"
    write_pdf(tmp_path / "Handbook.pdf", ["# Leave", "", SAID])
    with Library(tmp_path / "library", "main", WordEmbedder) as library:
        library.add([tmp_path / "Handbook.pdf"])
        tool = AnswerTool(ScriptedChat(replies=[SAID]), Budget(), model_name="scripted")
        reply = tool.run(Request("How many days of leave are there?", library))
        reply.finish()
    made[0].force_flush()
    made[0].shutdown()
    found = [
        span
        for data in collector.sent
        for resource in ExportTraceServiceRequest.FromString(data).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    stages = {"retrieve", "write", "attribute", "check"}
    assert {span.name for span in found} == stages
    assert {span.trace_id.hex() for span in found} == {reply.id}
    assert all(span.end_time_unix_nano > span.start_time_unix_nano for span in found)
    assert not any(word in data for data in collector.sent for word in (b"leave", b"Handbook"))


def test_without_the_setting_nothing_is_recorded(tmp_path: Path) -> None:
    composition.install_traces(Settings(home=tmp_path))
    assert _opened is _nothing
