"""Starts children with an environment of their own: that of the server holds passwords."""

import io
import os
import sys
from collections.abc import Mapping
from multiprocessing import context, spawn
from typing import Any

# What programs and libraries of a reader look for, and what forbids libraries to tell of their use.
# All else may be a password, however short.
_NAMES = {
    "ANONYMIZED_TELEMETRY", "DO_NOT_TRACK", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "HF_HUB_OFFLINE",
    "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "ORT_DISABLE_TELEMETRY", "PATH", "TEMP",
    "TESSDATA_PREFIX", "TMP", "TMPDIR", "TRANSFORMERS_OFFLINE", "TZ",
}  # fmt: skip
_FAMILIES = ("GOMP_", "LC_", "MKL_", "OMP_", "OPENBLAS_", "PYTHON")


def environment(of: Mapping[str, str]) -> dict[str, str]:
    """What a child gets of it."""
    return {
        name: value for name, value in of.items() if name in _NAMES or name.startswith(_FAMILIES)
    }


def import_main(module: Mapping[str, str]) -> None:
    """In the child: import what the parent runs, for what is pickled by a name in it."""
    if module:
        spawn.prepare(dict(module))


def started() -> context.SpawnContext:
    """How children are started. Not by fork: the parent has threads, and its models would count as
    the child's memory. Not by a server: a child could ask it, which is not confined, for a process.
    """
    return context.SpawnContext() if sys.platform == "win32" else _Context()


if sys.platform != "win32":
    from multiprocessing import popen_spawn_posix, reduction, util
    from multiprocessing.context import set_spawning_popen

    class _Popen(popen_spawn_posix.Popen):
        """As the library's, without the parent's environment, its key for connections and the way
        to its tracker of shared memory. The parent's main module comes as an argument `main` of the
        child's function, which imports it when it is confined: threads that were started before
        would not be."""

        _fds: list[int]  # that the child gets

        def _launch(self, process_obj: Any) -> None:
            data = io.BytesIO()
            told = spawn.get_preparation_data(process_obj._name)
            told.pop("authkey", None)
            main = {name: told.pop(name) for name in list(told) if name.startswith("init_main")}
            process_obj._kwargs["main"] = {name: str(value) for name, value in main.items()}
            set_spawning_popen(self)
            try:
                reduction.dump(told, data)
                reduction.dump(process_obj, data)
            finally:
                set_spawning_popen(None)
            self._begin(data.getbuffer())

        def _begin(self, told: memoryview) -> None:
            ours, its_end = os.pipe()
            its_own, theirs = os.pipe()
            try:
                command = spawn.get_command_line(pipe_handle=its_own)
                given = [f"{name}={value}" for name, value in environment(os.environ).items()]
                arguments = ["env", "-i", *given, *command]
                handles = [*self._fds, its_own, its_end]
                self.pid = util.spawnv_passfds(b"/usr/bin/env", arguments, handles)
                self.sentinel = ours
                with open(theirs, "wb", closefd=False) as pipe:
                    pipe.write(told)
            finally:
                self.finalizer = util.Finalize(self, _close, (ours, theirs))
                _close(its_own, its_end)

    def _close(*pipes: int) -> None:
        for pipe in pipes:
            os.close(pipe)

    class _Process(context.SpawnProcess):
        @staticmethod
        def _Popen(process_obj: Any) -> Any:
            return _Popen(process_obj)

    class _Context(context.SpawnContext):
        Process = _Process
