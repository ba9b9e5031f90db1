"""What a model writes and no line states is not shown."""

from assistant.answering import notices
from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.request import Request
from assistant.llm import prompts
from tests.assistant.answering.test_pipeline import FULL_TIME, PART_TIME, UNSURE, Shelf
from tests.assistant.fakes import ScriptedChat


def test_what_no_line_states_is_refused_with_the_reason_and_kept_for_the_receipt() -> None:
    model = ScriptedChat(replies=["They get 31 days of leave."], yes=UNSURE)
    reply = AnswerTool(model, Budget()).run(
        Request("How many days of annual leave?", Shelf(FULL_TIME))
    )
    assert "".join(reply) == prompts.REFUSAL
    assert reply.finish().notices[0] == notices.UNSTATED
    assert reply.trace.withheld.strip() == "They get 31 days of leave."


def test_a_model_that_refuses_is_asked_once_and_all_that_was_read_is_shown() -> None:
    model = ScriptedChat(replies=[prompts.REFUSAL], yes=0.0)
    request = Request("How many days of annual leave?", Shelf(FULL_TIME, PART_TIME), threshold=0.0)
    reply = AnswerTool(model, Budget()).run(request)
    assert "".join(reply) == prompts.REFUSAL
    assert reply.finish().refused
    assert [passage.page for passage in reply.finish().passages] == [1, 2]
    assert len(model.asked) == 1
