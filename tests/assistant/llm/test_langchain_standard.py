"""LangChain's own standard suites, run on the adapter with a real small GGUF model.

They skip what the adapter does not claim: tools, pictures, sound and PDFs as input, JSON without a
schema, another model for a single call, serialisation. Stop words are refused.
"""

import inspect
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from assistant.llm.chat_model import LlamaCppChat

from .conftest import SMALL, model_file

pytestmark = pytest.mark.slow


class OurModel:
    """What the suites have to know about the adapter."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return LlamaCppChat

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model_path": model_file(SMALL), "context": 2048}

    @property
    def supports_model_override(self) -> bool:
        return False  # one object is one file in memory


class TestUnit(OurModel, ChatModelUnitTests):
    pass


@pytest.fixture(scope="module")
def loaded() -> LlamaCppChat:
    return LlamaCppChat.from_file(model_file(SMALL), context=2048)


class TestIntegration(OurModel, ChatModelIntegrationTests):
    @pytest.fixture
    def model(self, request: Any, loaded: LlamaCppChat) -> BaseChatModel:
        """Each test has its own settings, all of them the same weights in memory. Of answers the
        first words will do."""
        return loaded.model_copy(update={"max_tokens": 12, **getattr(request, "param", {})})

    @pytest.mark.xfail(raises=ValueError, strict=True, reason="stop words are refused in words")
    def test_stop_sequence(self, model: BaseChatModel) -> None:
        super().test_stop_sequence(model)


def _mark_the_suite() -> None:
    for name, test in inspect.getmembers(ChatModelIntegrationTests, inspect.isfunction):
        if name.startswith("test_") and inspect.iscoroutinefunction(test):
            pytest.mark.asyncio(test)


_mark_the_suite()
