"""What every tool promises, as tests."""

import json

import pytest

from assistant.contract.evidence import GivenPassages
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.tools.specialists import Work, stream
from tests.contracts import TEXTS
from tests.contracts.embedders import WordHashes


class ToolContract:
    """Fixture: `tool`, a function of a Request and a Reply."""

    @pytest.fixture
    def request_(self) -> Request:
        """The request of the tests. Override it for tools that need other evidence or files."""
        return Request("days of leave", GivenPassages(TEXTS, WordHashes()))

    @pytest.fixture
    def reply(self, tool: Work, request_: Request) -> Reply:
        return Reply(request_.question, lambda reply: stream(tool, request_, reply), "tool")

    def test_it_says_something(self, reply: Reply) -> None:
        assert reply.finish().text.strip()

    def test_its_answer_document_is_json(self, reply: Reply) -> None:
        assert json.loads(json.dumps(reply.to_json()))["tool"] == "tool"

    def test_what_it_has_made_is_there(self, reply: Reply) -> None:
        reply.finish()
        assert all(path.exists() for path in (*reply.images, *reply.audio))

    def test_it_can_be_stopped(self, reply: Reply) -> None:
        reply.stop()
        assert reply.finish().stopped
