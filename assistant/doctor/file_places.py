"""Where the files of libraries are, and whether the bucket that has them answers."""

from collections.abc import Iterator

from assistant.build.stores.bucket import bucket
from assistant.doctor.check import Check
from assistant.errors import SettingsError
from assistant.settings import Settings
from vectorstore.errors import LibraryError
from vectorstore.files.opened import has_files, root_of
from vectorstore.files.s3 import Bucket


def check(settings: Settings) -> Iterator[Check]:
    """Nothing is made anywhere."""
    try:
        found = bucket(settings)
    except SettingsError as error:
        yield Check("files", "error", str(error), "Set what is missing.")
        return
    if found is None:
        yield Check("files", "ok", "in the folder of each library")
    else:
        yield _of_bucket(found)
    for folder in sorted(settings.libraries_folder.glob("*/")):
        yield from _of_library(folder.name, root_of(folder), has_files(folder), found)


def _of_bucket(found: Bucket) -> Check:
    try:
        versioned = found.versioned()
    except LibraryError as error:
        return Check("files", "error", str(error), "Check the settings that begin with `files`.")
    said = f"in {found.place}"
    if versioned:
        said += "; it keeps older versions of removed files, which `pincite forget` deletes, too"
    return Check("files", "ok", said)


def _of_library(name: str, root: str, here: bool, found: Bucket | None) -> Iterator[Check]:
    if root and found is None:
        said = f"Its files are in s3://{root}, and no setting says where that is."
        yield Check(f"library {name}", "error", said, "Set PINCITE_FILES again.")
    elif found and root and not root.startswith(f"{found.root}/"):
        said = f"Its files are in s3://{root}, and the setting `files` names {found.address}."
        yield Check(f"library {name}", "error", said, "Set `files` to where they are.")
    elif found and here and not root:
        said = "Its files are in its folder, and the setting `files` names a bucket."
        yield Check(f"library {name}", "error", said, "pincite migrate-home s3")
