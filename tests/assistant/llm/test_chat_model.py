"""What the chat model adapter does with words, tools and wrong files, without a model."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from assistant.errors import ModelUnusable
from assistant.llm.chat_model import LlamaCppChat
from assistant.llm.llama import engine
from assistant.llm.llama.chat_format import (
    CallReader,
    StopWords,
    ToolCall,
    _folded,
    call_schema,
    chosen_tools,
    in_words,
    turn,
)

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
TIME = {"type": "function", "function": {"name": "time"}}


def shown(reader: StopWords | CallReader, pieces: list[str]) -> list[str]:
    return [reader.feed(piece) for piece in pieces]


def test_a_stop_word_is_never_shown_even_in_pieces() -> None:
    stops = StopWords(["END"])
    assert "".join(shown(stops, ["one E", "N two EN", "D three"])) == "one EN two "
    assert stops.found


def test_what_only_looked_like_a_stop_word_is_shown_at_the_end() -> None:
    stops = StopWords(["END", ""])
    assert shown(stops, ["the E", "N"]) == ["the ", ""]
    assert (stops.rest(), stops.found) == ("EN", False)


def test_the_earliest_stop_word_decides() -> None:
    assert StopWords(["later", "now"]).feed("stop now or later") == "stop "


def test_without_stop_words_everything_passes_at_once() -> None:
    assert shown(StopWords([]), ["a", "<", ""]) == ["a", "<", ""]


def test_a_tool_call_is_taken_out_of_the_words() -> None:
    reader = CallReader(["weather"])
    pieces = [
        "Let me look. <tool",
        '_call>\n{"name": "weather", ',
        '"arguments": {"city": "Bonn"}}',
    ]
    assert "".join(shown(reader, pieces)) == "Let me look. "
    assert reader.finish() == ("", [ToolCall("weather", '{"city": "Bonn"}')])


def test_several_calls_are_found_in_their_order() -> None:
    call = '<tool_call>{{"name": "weather", "arguments": {{"city": "{}"}}}}</tool_call>'
    reader = CallReader(["weather"])
    reader.feed(call.format("Bonn") + "\n" + call.format("Köln"))
    _, calls = reader.finish()
    assert [json.loads(call.arguments)["city"] for call in calls] == ["Bonn", "Köln"]


@pytest.mark.parametrize("text", ['{"name": "time", "arguments": {}}', '{"name": "time"}'])
@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```", "```\n{}```"])
def test_a_call_without_its_tags_is_still_a_call(text: str, fence: str) -> None:
    reader = CallReader(["time"])
    assert reader.feed(fence.format(text)) == ""
    assert reader.finish() == ("", [ToolCall("time", "{}")])


@pytest.mark.parametrize(
    "text",
    ['{"name": "unknown", "arguments": {}}', '{"name": "time", "arguments": 3}', '{"a', "[1]", "7"],
)
def test_json_that_is_no_call_of_a_known_tool_stays_words(text: str) -> None:
    reader = CallReader(["time"])
    begun = reader.feed(text)
    rest, calls = reader.finish()
    assert (begun + rest, calls) == (text, [])


def test_a_broken_call_stays_words() -> None:
    reader = CallReader(["time"])
    begun = reader.feed('Yes. <tool_call>{"name": "ti')
    assert begun + reader.finish()[0] == 'Yes. <tool_call>{"name": "ti'


def test_a_forced_call_has_a_schema_with_its_definitions_at_the_root() -> None:
    city = {"type": "object", "properties": {"at": {"$ref": "#/$defs/P"}}, "$defs": {"P": {}}}
    schema = json.loads(call_schema([{"function": {"name": "f", "parameters": city}}, TIME]))
    first, second = schema["anyOf"]
    assert schema["$defs"] == {"P": {}}
    assert "$defs" not in first["properties"]["arguments"]
    assert second["properties"]["name"] == {"const": "time"}


@pytest.mark.parametrize("choice", [None, False, "auto"])
def test_tools_are_offered_but_not_forced(choice: str | bool | None) -> None:
    assert chosen_tools([WEATHER, TIME], choice) == ([WEATHER, TIME], [])


@pytest.mark.parametrize("choice", [True, "any", "required"])
def test_any_tool_can_be_forced(choice: str | bool) -> None:
    assert chosen_tools([WEATHER, TIME], choice) == ([WEATHER, TIME], [WEATHER, TIME])


@pytest.mark.parametrize("choice", ["time", {"type": "function", "function": {"name": "time"}}])
def test_one_tool_can_be_forced(choice: str | dict[str, object]) -> None:
    assert chosen_tools([WEATHER, TIME], choice) == ([WEATHER, TIME], [TIME])


def test_tools_can_be_kept_back_and_a_wrong_name_is_an_error() -> None:
    assert chosen_tools([TIME], "none") == ([], [])
    with pytest.raises(ValueError, match="'weathr'"):
        chosen_tools([WEATHER], "weathr")


def test_messages_become_the_turns_of_a_template() -> None:
    call = {"name": "time", "args": {"zone": "CET"}, "id": "1", "type": "tool_call"}
    assert turn(SystemMessage("Be brief."))["role"] == "system"
    assert turn(HumanMessage([{"type": "text", "text": "Hi"}])) == {"role": "user", "content": "Hi"}
    assert turn(ToolMessage("noon", tool_call_id="1"))["role"] == "tool"
    function = {"name": "time", "arguments": {"zone": "CET"}}
    assert turn(AIMessage("", tool_calls=[call]))["tool_calls"] == [
        {"type": "function", "id": "1", "function": function}
    ]


def test_a_picture_is_refused_rather_than_dropped() -> None:
    with pytest.raises(ValueError, match="text only, not image_url"):
        turn(HumanMessage([{"type": "image_url", "image_url": {"url": "data:"}}]))


def test_a_template_without_tools_gets_them_in_words() -> None:
    asked = {"role": "user", "content": "When?"}
    call = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "time"}}]}
    result = {"role": "tool", "content": "noon", "tool_call_id": "1"}
    system, user, spoken, answer = in_words([asked, call, result], [TIME])
    assert (system["role"], user) == ("system", asked)
    assert '"name": "time"' in system["content"]
    assert spoken["content"] == '<tool_call>\n{"name": "time"}\n</tool_call>'
    assert answer["role"] == "user"
    assert "noon" in answer["content"]


def test_tools_in_words_join_the_system_message_that_is_there() -> None:
    (first,) = in_words([{"role": "system", "content": "Be brief."}], [TIME])
    assert first["content"].startswith("Be brief.\n\n# Tools")


def test_a_strict_template_gets_alternating_turns_without_a_system_role() -> None:
    turns = [("system", "Be brief."), ("user", "Hi"), ("assistant", "a"), ("assistant", "b")]
    folded = _folded([{"role": role, "content": text} for role, text in turns])
    assert [message["role"] for message in folded] == ["user", "assistant"]
    assert folded[0]["content"] == "Be brief.\n\nHi"


def test_a_missing_model_file_is_named() -> None:
    with pytest.raises(ModelUnusable, match=r"no model file at .*none\.gguf"):
        LlamaCppChat.from_file(Path("none.gguf"))


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"version https://git-lfs"])
def test_a_file_that_is_not_a_gguf_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match="is not a GGUF model file"):
        LlamaCppChat.from_file(path)


def test_a_folder_is_not_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="no model file"):
        LlamaCppChat.from_file(tmp_path)


def test_the_cancel_event_is_not_given_to_tracers() -> None:
    model = LlamaCppChat(model_path=Path("some/model.gguf"))
    params = model._get_invocation_params(stop=["x"], cancel=threading.Event(), max_tokens=3)
    assert "cancel" not in params
    assert params["model_name"] == "model"
    assert params["max_tokens"] == 3


def test_the_reused_prefix_is_the_longest_common_one() -> None:
    assert engine._common_prefix([1, 2, 3], [1, 2, 9]) == 2
    assert engine._common_prefix([1, 2], [1, 2, 3]) == 2
    assert engine._common_prefix([], [1]) == 0


def test_waiting_for_the_model_ends_when_cancelled() -> None:
    lock, cancel = threading.Lock(), threading.Event()
    lock.acquire()
    threading.Timer(0.05, cancel.set).start()
    assert engine._acquire(lock, cancel) is False


def test_importing_the_chat_model_does_not_load_llama_cpp() -> None:
    code = "import sys, assistant.llm.chat_model; sys.exit('llama_cpp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
