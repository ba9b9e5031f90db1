"""Prepares everything in `.venv` and the home: dependencies, llama.cpp, models, sample library.

Needs nothing but Python. Each step that is done leaves a stamp, so that a second run takes no
time and an interrupted one continues. Usage: python3 scripts/set_up.py [EXTRA ...]

llama.cpp comes ready: from a wheel that was compiled here earlier, from the index of the
llama-cpp-python project, or inside of xllamacpp, which is one of the locked packages. COMPILE=1
compiles it for this processor.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parents[1])
)  # run as a file, it knows its folder only

from scripts.setting_up import llama, packages, steps

OLDEST = (3, 11)
ASK = """from assistant.settings import default_home
from ingest.chunking import VERSION
from ingest.loaders import stamp
print(default_home(), VERSION + " " + stamp("pdf"), sep="\\n")"""
TEST_MODELS = ["smollm2-135m", "qwen2.5-coder-0.5b"]  # small ones, for the slow tests


def main(extras: list[str]) -> int:
    if sys.version_info < OLDEST:
        steps.say("Pincite needs Python 3.11 or newer; this is " + platform.python_version() + ".")
        return 1
    os.chdir(steps.ROOT)
    try:
        packages.make_environment()
        packages.install_packages(["all", *extras])
        packages.install_torch()
        packages.install_pincite()
        if not llama.install_llama():
            steps.say(
                "Set-up goes on: answers will be sentences of the documents until it is there."
            )
        fetch_models(TEST_MODELS if "dev" in extras else [])
        index_samples()
    except steps.StepFailed as failure:
        steps.say(str(failure))
        return 1
    except KeyboardInterrupt:
        steps.say("\nStopped. Run the same command again to continue from here.")
        return 130
    return 0


def fetch_models(more: list[str]) -> None:
    commands = [[], more] if more else [[]]  # without a name: the defaults
    if any([subprocess.call([str(steps.BIN / "pincite"), "models", "pull", *c]) for c in commands]):
        steps.say("Not all models are here. To try again: .venv/bin/pincite models pull")


def index_samples() -> None:
    documents = sorted(Path("samples").glob("*.pdf"))
    states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in documents]
    told = subprocess.run(
        [str(steps.PYTHON), "-c", ASK], capture_output=True, text=True, check=True
    )
    home, makers = told.stdout.splitlines()
    key = steps.digest(repr((home, states, makers)).encode())
    if steps.done("samples", key) and Path(home, "libraries", "samples").exists():
        return
    steps.say("Indexing the sample company")
    command = [str(steps.BIN / "pincite"), "add", *map(str, documents), "--library", "samples"]
    if subprocess.call(command) in (0, 3):  # 3: some could not be read, and it said which
        steps.stamp("samples", key)
    else:
        steps.say("The sample company is not indexed; your own documents are not affected.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
