"""The mixed folder that is added in the crash benchmark: office files, PDFs, archives, nonsense."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOO_LARGE = 500_000  # bytes: scans of minutes would make every trial long
LEFT_OUT = (
    "enormous", "francais",  # large scans
    "issue-1059-cmap-decode",  # PDFium places its missing fonts otherwise when it reads it again
)  # fmt: skip


@contextmanager
def mixed(evaluation: Path) -> Iterator[Path]:
    """Real office files and PDFs, some of them broken, and archives of some of them."""
    with tempfile.TemporaryDirectory(prefix="pincite-mixed-") as name:
        folder = Path(name)
        for part in ("office", "robust_pdfs"):
            (folder / part).mkdir()
            for path in sorted((evaluation / part / "files").iterdir()):
                if path.stat().st_size <= TOO_LARGE and not any(n in path.name for n in LEFT_OUT):
                    shutil.copy2(path, folder / part)
        _archives(folder)
        yield folder


def _archives(folder: Path) -> None:
    """One archive with files that are nowhere else, and one inside of another."""
    inner = folder / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        for number in range(5):
            archive.writestr(f"notes/{number}.txt", f"The plan covers visitor {number}.\n" * 9)
    with zipfile.ZipFile(folder / "outer.zip", "w") as archive:
        archive.write(inner, "deep/inner.zip")
        archive.writestr("readme.md", "# Plan\n\nThe plan covers travel and a laptop.\n")
        archive.writestr("broken.pdf", "no PDF at all")
    inner.unlink()
