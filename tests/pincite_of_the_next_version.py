"""The command line of a version whose tables each have a step more than today's:
`python -m tests.pincite_of_the_next_version`. Where the variable KILLED_AT names a schema, the
process is killed when that step has run and nothing has been committed.
"""

import os
import runpy
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from vectorstore.database import schema, sqlite

STEP = schema.Step("CREATE TABLE of_{what} (added TEXT); INSERT INTO of_{what} VALUES ('later');")


def later(*arguments: Any, **options: Any) -> schema.Schema:
    """A schema as the code declares it, with one more step."""
    made = today(*arguments, **options)
    script = STEP.script.replace("{what}", made.what.replace(" ", "_"))
    return replace(made, steps=(*made.steps, schema.Step(script)))


def statements(script: str) -> Iterator[str]:
    yield from of_today(script)
    if (name := os.environ.get("KILLED_AT")) and f"of_{name}" in script:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    today, of_today = schema.Schema, schema.statements
    schema.Schema, sqlite.statements = later, statements  # type: ignore[assignment,misc]
    runpy.run_module("tests.pincite_with_words", run_name="__main__")
