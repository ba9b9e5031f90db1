"""The app over fakes, to look at: `python -m tests.assistant.ui.fake_server HOME PORT [empty]`."""

import sys
from pathlib import Path

from streamlit.web import cli

from assistant.build import composition
from assistant.settings import Settings
from assistant.ui import server
from tests.assistant.ui import fakes


def main(home: str, port: str, *options: str) -> None:
    """Serves until it is stopped."""
    names = [] if "empty" in options else [fakes.HANDBOOK, "Security Policy v2 (2026).pdf"]
    library = fakes.FakeLibrary(*(fakes.SAMPLES / name for name in names))
    if names:
        library.put(fakes.SAMPLES / names[1], f"{fakes.HOSTILE.replace('/', '-')}.pdf")
    assistant = fakes.assistant(library, Path(home), fakes.FakeTool(pause=0.08))
    composition.library = lambda settings, name, make: library  # type: ignore[assignment,return-value]
    composition.assistant = lambda settings, library, *_: assistant
    arguments = server.command(Settings(home=Path(home)), int(port))[3:]
    cli.main(arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
