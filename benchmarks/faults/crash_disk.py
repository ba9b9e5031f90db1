"""A disk that becomes full while files are added: a small file system in memory, root only."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import common
from benchmarks.faults.crash_contents import contents, differences, foreign

if TYPE_CHECKING:
    from benchmarks.faults.crash import Bench, Trial

SHARES = (0.2, 0.5, 0.8, 0.95)  # of what an undisturbed library takes


def fill(bench: "Bench", trial: "Trial") -> str:
    sizes = [f"{round(share * bench.size / 2**20)}m" for share in SHARES]
    with common.fresh_home() as home:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={sizes[0]}", "none", str(home)]
        if subprocess.run(mount, capture_output=True).returncode:
            return "skipped: no file system can be mounted"
        try:
            return _fill_and_go_on(bench, home, trial, sizes)
        finally:
            subprocess.run(["umount", str(home)], check=False)


def _fill_and_go_on(bench: "Bench", home: Path, trial: "Trial", sizes: Sequence[str]) -> str:
    log = bench.folder.parent / f"{bench.folder.name}.log"
    told = []
    for size in sizes:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(home)], check=True)
        log.write_text("")
        status = bench.finish(home, log)
        last = log.read_text("utf-8").strip().splitlines()[-1:]
        told.append(f"{size}: status {status}")
        problems = [] if status in (1, 3) else [f"status {status}: {last}"]
        if "Traceback" in log.read_text("utf-8"):
            problems.append("a traceback instead of a sentence")
        trial.note(f"disk of {size}", [*problems, *foreign(home, bench.expected)])
        search = [*bench.command, "--home", str(home), "search", "leave"]
        done = subprocess.run(search, cwd=common.ROOT, env=bench.environment, capture_output=True)
        if done.returncode:
            trial.note(f"disk of {size}", [f"search failed: {done.stderr.decode()[-300:]}"])
    subprocess.run(["mount", "-o", "remount,size=4g", str(home)], check=True)
    status = bench.finish(home, log)
    log.unlink()
    trial.note("after the full disk", differences(contents(home), bench.expected))
    return f"{', '.join(told)}; with room again: status {status}"
