"""A stream of RTF text: paragraphs, cells and rows are added to a draft when they end."""

from collections import defaultdict

from ingest.office.rtf.table import Layout, grid
from ingest.page_builder import OfficePage

_TITLES = {"title": 1}


class Story:
    """The body, a note, a comment, a text box or a header."""

    def __init__(self, kind: str, draft: OfficePage, mark: str = "") -> None:
        self.kind = kind
        self.mark = mark  # its prefix where it is shown
        self.draft = draft
        self.layout = Layout()
        self._text: dict[str, str] = defaultdict(str)
        self._hanging: list[Story] = []
        self._cell: OfficePage | None = None
        self._cells: list[str] = []
        self._rows: list[tuple[Layout, list[str]]] = []

    def write(self, text: str, hidden: str = "") -> None:
        self._text[hidden] += text

    def hang(self, story: "Story") -> None:
        """Show another story after the paragraph."""
        self._hanging.append(story)

    def end_paragraph(self, heading: int, caption: bool, in_table: bool) -> None:
        if in_table:
            self._cell = self._cell or self.draft.inner()
            self._flush(self._cell, 0, False)
        else:
            self.end_table()
            self._flush(self.draft, heading, caption)

    def end_cell(self) -> None:
        self.end_paragraph(0, False, in_table=True)
        assert self._cell is not None
        self._cells.append(self.draft.take(self._cell))
        self._cell = None

    def end_row(self) -> None:
        if self._cell is not None or any(text.strip() for text in self._text.values()):
            self.end_cell()
        if self._cells:
            self._rows.append((self.layout, self._cells))
            self._cells = []

    def end_table(self) -> None:
        if self._cells or self._cell is not None:
            self.end_row()
        if self._rows:
            heads = 0
            while heads < len(self._rows) - 1 and self._rows[heads][0].header:
                heads += 1
            self.draft.table(grid(self._rows), heads)
            self._rows = []

    def end(self) -> None:
        self.end_paragraph(0, False, in_table=self._cell is not None)
        self.end_table()

    def _flush(self, draft: OfficePage, heading: int, caption: bool) -> None:
        for hidden, text in self._text.items():
            draft.line(text, heading, hidden, caption)
        self._text.clear()
        hanging, self._hanging = self._hanging, []
        for story in hanging:
            _show(story, draft)


def _show(story: Story, draft: OfficePage) -> None:
    if not story.mark:  # a text box: lines of their own
        draft.lines += story.draft.lines
        story.draft.lines = []
    draft.remark(story.mark, story.draft)
