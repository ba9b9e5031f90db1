"""Every chat model keeps the contract."""

from pathlib import Path

import pytest
from langchain_core.language_models import BaseChatModel

from assistant.llm.chat_model import LlamaCppChat
from tests.assistant.fakes import ScriptedChat
from tests.contracts.chat_models import ChatModelContract


class TestScriptedChat(ChatModelContract):
    @pytest.fixture
    def model(self) -> BaseChatModel:
        return ScriptedChat(replies=["There are thirty days of leave."])


@pytest.mark.slow
class TestLlamaCppChat(ChatModelContract):
    @pytest.fixture
    def model(self, smallest_model: Path) -> BaseChatModel:
        chat = LlamaCppChat.from_file(smallest_model, context=2048)
        return chat.model_copy(update={"max_tokens": 24})
