"""Where the files of a library are: in its folder, or in a bucket.

A library whose files are in a bucket has a mark in its folder, which names their path there. So the
folder may be renamed, deleted and brought back without moving a file.
"""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from vectorstore.catalog.opened import keep_names
from vectorstore.errors import HomeNotWritable, LibraryError
from vectorstore.files.copies import Copies
from vectorstore.files.folder import Folder
from vectorstore.files.s3 import Bucket, S3Store

MARK = "files.s3"
FOLDER = "files"
CACHE = "fetched"


def copies(folder: Path, library: str, bucket: Bucket | None = None) -> Copies:
    """The copies of a library. Raises HomeNotWritable or LibraryError: also where they are in
    another place than asked for."""
    root = root_of(folder)
    if bucket is None:
        if root:
            raise LibraryError(
                f"The files of {library!r} are in s3://{root}, and no setting says where that is:"
                " set `files` again. With it, `pincite migrate-home folder` moves them back."
            )
        return Folder(folder / FOLDER)
    if not root and has_files(folder):
        raise LibraryError(
            f"The files of {library!r} are in {folder / FOLDER}, and the setting `files` names"
            f" {bucket.address}: move them there with `pincite migrate-home s3`."
        )
    if root and not root.startswith(f"{bucket.root}/"):
        raise _elsewhere(library, root, bucket)
    return store(folder, root or mark(folder, new_root(bucket)), bucket)


def store(folder: Path, root: str, bucket: Bucket) -> S3Store:
    """The copies below a path of the bucket. Raises LibraryError where the path is of another
    bucket, as if there was nothing, or where the extra is missing."""
    if root.partition("/")[0] != bucket.name:
        raise _elsewhere(folder.name, root, bucket)
    return bucket.store(root, folder / CACHE)


def _elsewhere(library: str, root: str, bucket: Bucket) -> LibraryError:
    return LibraryError(
        f"The files of {library!r} are in s3://{root}, and the setting `files` names"
        f" {bucket.address}: set it to where they are."
    )


def root_of(folder: Path) -> str:
    """The path of a library's files, `bucket/prefix/pincite-...`; empty where they are in it."""
    try:
        return (folder / MARK).read_text("utf-8").strip()
    except OSError:
        return ""


def staying(folder: Path) -> Callable[[], bool]:
    """Tells whether the files are still in the place where they are now."""
    root = root_of(folder)
    return lambda: root_of(folder) == root


def has_files(folder: Path) -> bool:
    """Whether there are copies in the folder of a library."""
    return next((folder / FOLDER).glob("*"), None) is not None


def new_root(bucket: Bucket) -> str:
    """A path that no other library has."""
    return f"{bucket.root}/pincite-{uuid4().hex}"


def mark(folder: Path, root: str) -> str:
    """Say in a folder where its files are, also after a loss of power; what it says, when another
    process was faster. Raises HomeNotWritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = folder / f".{root.rpartition('/')[2]}"
        with scratch.open("w", encoding="utf-8") as file:
            file.write(root)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(scratch, folder / MARK)  # completely or not at all; the first process wins
        except FileExistsError:
            return root_of(folder)
        except OSError:  # a file system without links
            scratch.replace(folder / MARK)
        finally:
            scratch.unlink(missing_ok=True)
        keep_names(folder)
    except OSError as error:
        raise HomeNotWritable(f"{folder} cannot be written: {error.strerror}.") from error
    return root


def drop(folder: Path, bucket: Bucket | None) -> None:
    """Delete what a folder has in a bucket, before it is deleted itself. Raises LibraryError."""
    root = root_of(folder)
    if root and bucket is None:
        raise LibraryError(f"{folder} has files in s3://{root}, and no setting says where that is.")
    if root and bucket:
        store(folder, root, bucket).clear()
