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
import sys
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parents[1])
)  # run as a file, it knows its folder only

from scripts.setting_up import console, library, llama, packages, place

OLDEST = (3, 11)
TEST_MODELS = ["smollm2-135m", "qwen2.5-coder-0.5b"]  # small ones, for the slow tests


def main(extras: list[str]) -> int:
    if sys.version_info < OLDEST:
        console.say(
            "Pincite needs Python 3.11 or newer; this is " + platform.python_version() + "."
        )
        return 1
    os.chdir(place.ROOT)
    try:
        packages.make_environment()
        packages.install_packages(["all", *extras])
        packages.install_torch()
        packages.install_pincite()
        if not llama.install_llama():
            console.say(
                "Set-up goes on: answers will be sentences of the documents until it is there."
            )
        library.fetch_models(TEST_MODELS if "dev" in extras else [])
        library.index_samples()
    except console.StepFailed as failure:
        console.say(str(failure))
        return 1
    except KeyboardInterrupt:
        console.say("\nStopped. Run the same command again to continue from here.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
