"""OpenAI's own client, LangChain's, and a client that reads the wire."""

import json
from dataclasses import replace
from typing import Any

import httpx
import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from assistant.contract.reply import Reply
from assistant.contract.request import Turn
from assistant.conversation.assistant import Assistant
from assistant.team.api.errors import NotDone
from assistant.team.api.openai_protocol import marked, sources
from assistant.team.api.served_libraries import Libraries
from assistant.team.api.structured import Format
from tests.assistant.fakes import ScriptedChat, WordEmbedder
from tests.assistant.team.api.conftest import LEAVE, SAID, Server

USER = {"role": "user", "content": LEAVE}
SOURCE = f"[1] Handbook.pdf, page 1: “{SAID}”"


@pytest.fixture
def official(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.address}/v1", api_key="none", max_retries=0)


def test_libraries_are_models(official: openai.OpenAI) -> None:
    assert [model.id for model in official.models.list()] == ["staff"]
    assert official.models.retrieve("staff").owned_by == "pincite"


def test_an_answer_has_its_marks_and_sources_in_the_text_and_the_answer_document_beside_it(
    official: openai.OpenAI,
) -> None:
    done = official.chat.completions.create(model="staff", messages=[USER])
    assert done.choices[0].message.content == f"{SAID} [1]\n\n{SOURCE}"
    assert done.choices[0].finish_reason == "stop"
    assert done.usage and done.usage.total_tokens > 0
    answer = done.model_extra and done.model_extra["pincite"]
    assert answer and answer["citations"][0]["boxes"] and answer["id"] == done.id


def test_an_answer_streams_and_ends_with_its_sources(official: openai.OpenAI) -> None:
    chunks = list(
        official.chat.completions.create(
            model="staff", messages=[USER], stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.split("\n\n") == [f"{SAID} ", SOURCE]
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage and chunks[-1].usage.completion_tokens >= 0
    assert len(chunks) > 3


def test_a_filter_chooses_the_documents(official: openai.OpenAI) -> None:
    within = {"filter": {"tags": ["law"]}}
    with pytest.raises(openai.BadRequestError, match="No document of staff fits the filter"):
        official.chat.completions.create(model="staff", messages=[USER], extra_body=within)


def test_what_was_said_before_is_read(official: openai.OpenAI, chat: ScriptedChat) -> None:
    chat.replies = [SAID]
    before = [{"role": "user", "content": "Who works here?"}, {"role": "assistant", "content": "?"}]
    official.chat.completions.create(model="staff", messages=[*before, USER])  # type: ignore[arg-type]
    assert LEAVE in str(chat.asked[0][-1].content)


def test_instructions_of_a_client_do_not_reach_the_model(
    official: openai.OpenAI, chat: ScriptedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    histories, ask = [], Assistant.ask

    def seen(self: Assistant, question: str, **given: Any) -> Reply:
        histories.append(given["history"])
        return ask(self, question, **given)

    monkeypatch.setattr(Assistant, "ask", seen)
    system = {"role": "system", "content": "Answer from your imagination."}
    before = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Anna."}]
    said = [system, *before, system, USER]
    official.chat.completions.create(model="staff", messages=said)  # type: ignore[arg-type]
    assert histories == [[Turn("Who?", "Anna.")]]
    assert "imagination" not in str(chat.asked)


def test_langchain_is_a_client(server: Server) -> None:
    model = ChatOpenAI(base_url=f"{server.address}/v1", api_key="none", model="staff")  # type: ignore[arg-type]
    done = model.invoke([HumanMessage("Hello"), AIMessage("Hello."), HumanMessage(LEAVE)])
    assert str(done.content).startswith(SAID)


def test_embeddings_are_those_of_the_library(official: openai.OpenAI, client: httpx.Client) -> None:
    found = official.embeddings.create(model="staff", input=["leave", "train"])  # as base64
    asked = {"model": "staff", "input": "leave", "encoding_format": "float"}
    plain = client.post("/v1/embeddings", json=asked).json()["data"][0]["embedding"]
    assert found.data[0].embedding == pytest.approx(plain)
    assert found.data[0].embedding != found.data[1].embedding


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "send at least one text"),
        ([1, 2], "send texts, not"),
        ([[1], [2]], "send texts, not"),
        (["a", 2], "send texts, not"),
        (["a", None], "send texts, not"),
    ],
)
def test_what_is_no_text_is_not_embedded(
    client: httpx.Client, given: list[object], told: str
) -> None:
    wrong = client.post("/v1/embeddings", json={"model": "staff", "input": given})
    assert wrong.status_code == 400
    assert wrong.json()["error"]["message"].startswith(f"input: {told}")


def test_langchain_embeds_with_it(server: Server) -> None:
    embeddings = OpenAIEmbeddings(
        base_url=f"{server.address}/v1", api_key="none", model="staff",  # type: ignore[arg-type]
        check_embedding_ctx_length=False,
    )  # fmt: skip
    assert len(embeddings.embed_query("leave")) == len(WordEmbedder().query("leave"))


def test_an_unknown_library_is_said_with_those_that_there_are(official: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="no library 'other'"):
        official.chat.completions.create(model="other", messages=[USER])


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([], "messages"),
        ([{"role": "assistant", "content": "Yes."}], "user's question"),
        ([{"role": "system", "content": "Yes."}], "user's question"),
        ([{"content": "?"}], "messages.0.role"),
    ],
)
def test_a_request_that_is_none_is_refused_with_the_field(
    client: httpx.Client, messages: list[object], told: str
) -> None:
    answer = client.post("/v1/chat/completions", json={"model": "staff", "messages": messages})
    assert answer.status_code == 400
    assert told in answer.json()["error"]["message"]


def test_an_error_in_a_stream_is_an_event(client: httpx.Client, chat: ScriptedChat) -> None:
    asked = {"model": "staff", "messages": [{**USER, "content": "word " * 5000}], "stream": True}
    events = client.post("/v1/chat/completions", json=asked).text.split("\n\n")
    assert "tokens" in json.loads(events[1].removeprefix("data: "))["error"]["message"]


def test_marks_stand_behind_their_sentences() -> None:
    answer = {
        "answer": "A is 1. B is 2.\nNothing.",
        "sentences": [
            {"text": "A is 1.", "marks": [1]},
            {"text": "B is 2.", "marks": [1, 2]},
            {"text": "Nothing.", "marks": []},
        ],
        "citations": [{"mark": 1, "document": "a.pdf", "page": 3, "quote": "A  is\n1"}],
    }
    assert marked(answer) == "A is 1. [1] B is 2. [1] [2]\nNothing."
    assert sources(answer) == "\n\n[1] a.pdf, page 3: “A is 1”"


@pytest.mark.parametrize(
    ("given", "param"),
    [({"n": 2}, "n"), ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
     ({"logprobs": True}, "logprobs"), ({"stop": ["."]}, "stop"), ({"extra": 1}, "extra"),
     ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "?"}}}},
      "response_format"),
     ({"messages": [{"role": "user", "content": [
         {"type": "text", "text": LEAVE}, {"type": "image_url", "image_url": {"url": "data:,"}}]}]},
      "messages")],
)  # fmt: skip
def test_what_is_not_done_is_refused_with_its_name(
    client: httpx.Client, given: dict[str, Any], param: str
) -> None:
    asked = {"model": "staff", "messages": [USER], **given}
    answer = client.post("/v1/chat/completions", json=asked)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["param"]) == (
        400, "invalid_request_error", param,
    )  # fmt: skip


def test_what_does_no_harm_is_taken(official: openai.OpenAI) -> None:
    done = official.chat.completions.create(
        model="staff", messages=[USER], temperature=0.2, max_tokens=500, n=1, user="u", tools=[],
        stop=None,
    )  # fmt: skip
    assert done.choices[0].message.content and done.choices[0].message.refusal is None


def test_embeddings_have_the_dimensions_of_the_model_and_no_others(
    official: openai.OpenAI,
) -> None:
    has = len(official.embeddings.create(model="staff", input="leave").data[0].embedding)
    official.embeddings.create(model="staff", input="leave", dimensions=has)
    with pytest.raises(openai.BadRequestError, match=f"has {has}, and no others"):
        official.embeddings.create(model="staff", input="leave", dimensions=has - 1)


_TWICE = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
_DEEP = json.loads('{"not":' * 100 + "{}" + "}" * 100)


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "#"}, {"$ref": "http://127.0.0.1/x"}, {"$ref": "#/$defs/none"}, _DEEP,
     {"$ref": "#/$defs/d0", "$defs": {**_TWICE, "d40": {}}},
     {"anyOf": [{"pattern": "(a+)+$"}, {"const": "a" * 50 + "!"}]},
     {"patternProperties": {"(a+)+$": {}}, "additionalProperties": False}],
)  # fmt: skip
def test_a_schema_that_could_take_for_ever_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(NotDone):
        Format.model_validate(
            {"type": "json_schema", "json_schema": {"schema": schema}}
        ).schema_wanted()


def test_references_in_a_schema_are_followed() -> None:
    told = {"type": "json_schema", "json_schema": {"schema": Days.model_json_schema()}}
    wanted = Format.model_validate(told).schema_wanted()
    assert wanted and wanted["properties"]["leave"]["properties"]["days"]["type"] == "string"


class Leave(BaseModel):
    """What an answer says."""

    days: str


class Days(BaseModel):
    """One within another."""

    leave: Leave


def test_an_answer_is_json_of_the_clients_schema_with_its_citations_beside_it(
    libraries: Libraries, server: Server, official: openai.OpenAI, chat: ScriptedChat,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    writing = replace(libraries._how(), model=chat)
    monkeypatch.setitem(vars(libraries), "_answering", writing)
    model = ChatOpenAI(base_url=f"{server.address}/v1", api_key="none", model="staff")  # type: ignore[arg-type]
    chat.replies = [SAID, '{"days": "thirty"}']
    assert model.with_structured_output(Leave).invoke(LEAVE) == Leave(days="thirty")
    assert SAID in str(chat.asked[-1][-1].content)

    chat.replies = [SAID, '{"day": "thirty"}', '{"days": "thirty"}']  # the first does not fit
    done = official.chat.completions.parse(model="staff", messages=[USER], response_format=Leave)
    assert done.choices[0].message.parsed == Leave(days="thirty")
    assert done.model_extra and done.model_extra["pincite"]["citations"]

    chat.replies = [SAID, "{}", "none"]
    with pytest.raises(openai.BadRequestError, match="nothing that fits the schema"):
        official.chat.completions.parse(model="staff", messages=[USER], response_format=Leave)

    chat.replies = ["The moon is far away."]
    done = official.chat.completions.parse(model="staff", messages=[USER], response_format=Leave)
    assert done.choices[0].message.refusal and done.choices[0].message.content is None
