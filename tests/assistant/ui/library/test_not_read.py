"""What an upload found and did not read."""

from collections.abc import Callable
from dataclasses import dataclass

from streamlit.testing.v1 import AppTest

from assistant.ui.resources import UPLOAD
from tests.assistant.ui.conftest import LIBRARY_PAGE
from vectorstore.add_report import AddSummary, LeftOut


@dataclass
class Ended:
    summary: AddSummary
    ended: bool = True
    error: str = ""
    is_rebuild: bool = False

    def added(self, queued: object) -> list[object]:
        return []


def test_it_is_named_in_the_summary(visit: Callable[..., AppTest]) -> None:
    app = visit(LIBRARY_PAGE)
    summary = AddSummary(added=1, unsupported=["/in/a.exe", "/in/b.exe", "/in/c"])
    summary.left_out.append(LeftOut("/in/pipe.pdf", "a pipe, not a file"))
    app.session_state[UPLOAD] = Ended(summary)

    app.run()

    shown = " ".join(caption.value for caption in app.caption).replace("\\", "")
    assert not app.exception
    assert "Of kinds that cannot be read: 3 files (2 .exe, 1 without a suffix)" in shown
    assert "/in/pipe.pdf was left out: a pipe, not a file" in shown
