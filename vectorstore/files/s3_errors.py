"""Errors of an S3 server and its client as sentences, without keys and words of documents."""

import os

from vectorstore.errors import HomeNotWritable, LibraryAway, LibraryError


def code(error: BaseException) -> str:
    """What the server called its error: `NoSuchBucket`."""
    cause = error.__cause__ or error
    response = getattr(cause, "response", None)
    return str(response["Error"].get("Code", "")) if isinstance(response, dict) else ""


def no_bucket(error: BaseException) -> bool:
    """Whether the bucket is not there, rather than an object of it."""
    return code(error) == "NoSuchBucket"


def of_this_disk(error: OSError) -> bool:
    """A file here, and not an object there."""
    return bool(error.filename) or (error.errno is not None and error.strerror in _DISK)


_DISK = {os.strerror(number) for number in (5, 28, 30, 122)}  # input/output, full, read-only, quota


def not_offered(error: BaseException) -> bool:
    """Whether the server has no such request."""
    return isinstance(error, NotImplementedError) or code(error) in (
        "NotImplemented", "501", "MethodNotAllowed",
    )  # fmt: skip


_REFUSED = (
    HomeNotWritable,
    "does not let this key do that: it has to list, read, write and delete below the address",
)
_SENTENCES: dict[str, tuple[type[LibraryError], str]] = {
    "NoSuchBucket": (LibraryError, "has no such bucket: make it there, or check `files`"),
    "InvalidAccessKeyId": (LibraryAway, "does not know the key: set PINCITE_FILES_KEY"),
    "SignatureDoesNotMatch": (LibraryAway, "refuses the secret: set PINCITE_FILES_SECRET"),
    "AccessDenied": _REFUSED,
    "403": _REFUSED,
    "QuotaExceeded": (HomeNotWritable, "is full: make space there"),
    "EntityTooLarge": (HomeNotWritable, "does not take a file as large as this one"),
    "RequestTimeTooSkewed": (LibraryAway, "has another time: set the clock of this machine"),
    "AuthorizationHeaderMalformed": (LibraryAway, "is in another region: set `files_region`"),
    "PermanentRedirect": (LibraryAway, "is in another region: set `files_endpoint`"),
    "SlowDown": (LibraryAway, "has too many requests just now: try again"),
}


def sentence(place: str, error: Exception) -> LibraryError:
    """The error to raise; `place` is the bucket, for people."""
    found = code(error)
    if found in _SENTENCES:
        kind, said = _SENTENCES[found]
        return kind(f"The server of {place} {said}.")
    if isinstance(error, TimeoutError) or not found:
        return LibraryAway(
            f"The server of {place} does not answer ({type(error).__name__}):"
            " start it, or check the setting `files_endpoint`. Nothing is lost: try again then."
        )
    return LibraryError(f"The server of {place} refused a request ({found[:60]}).")
