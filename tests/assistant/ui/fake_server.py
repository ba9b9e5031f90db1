"""The app over fakes, to look at: `python -m tests.assistant.ui.fake_server HOME PORT
[empty] [many] [token] [--host=NAME]`."""

import sys
from pathlib import Path

from assistant import first_run
from assistant.settings import Settings
from assistant.ui import serving
from assistant.wiring import composition
from tests.assistant.ui import conftest, fakes

VERSIONS = ("Security Policy v1 (2024).pdf", "Security Policy v2 (2026).pdf")


def main(home: str, port: str, *options: str) -> None:
    """Serves until it is stopped."""
    conftest.write_catalog(Path(home), "main")
    first_run.set_mark(Settings(home=Path(home)), "over")
    files = [] if "empty" in options else [fakes.HANDBOOK, *VERSIONS]
    library = fakes.FakeLibrary(*(fakes.SAMPLES / name for name in files))
    if files:
        library.newer[VERSIONS[0]] = VERSIONS[1]
        library.put(fakes.SAMPLES / VERSIONS[1], f"{fakes.HOSTILE.replace('/', '-')}.pdf")
    for number in range(8) if "many" in options else ():  # so many that they are filtered
        library.put(fakes.SAMPLES / VERSIONS[0], f"Site rules {number}.pdf")
    assistant = fakes.assistant(library, Path(home), fakes.FakeTool(pause=0.02))
    composition.library = lambda settings, name, make=False: library  # type: ignore[assignment,return-value]
    composition.assistant_of = lambda settings, library, *_, **__: assistant
    names = [option.removeprefix("--host=") for option in options if "--host=" in option]
    serving.serve(Settings.load(home=Path(home)), int(port), names=names, asks="token" in options)


if __name__ == "__main__":
    main(*sys.argv[1:])
