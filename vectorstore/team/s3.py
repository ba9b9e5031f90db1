"""A bucket of a server that speaks S3: its address, its objects, and its errors as sentences.

The only module that imports s3fs. Keys are never part of an address, so that no log, error or list
of settings can show them.
"""

import os
import re
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ingest.errors import PinciteError
from ingest.platform.process import is_this_machine, require
from vectorstore.copies import LEFT_OVER, SCRATCH, Copy, sha256_of, sweep_scratch
from vectorstore.errors import DamagedCopy, HomeNotWritable, LibraryAway, LibraryError

# -- Copies that were fetched from a server, on this machine: bounded, and checked before use


class Cache:
    """A folder of `<sha256><suffix>`; what was not used for longest goes first."""

    def __init__(self, folder: Path, most: int) -> None:
        """`most`: bytes. The file that was put last stays, also when it alone has more."""
        self.folder = folder
        self._most = most
        self._checked: dict[str, tuple[int, int]] = {}  # name -> time of change and size

    def find(self, start: str) -> Path | None:
        """The file whose name begins so, with its bytes; one with other bytes is deleted."""
        for path in self.folder.glob(f"{start}*"):
            with suppress(OSError):
                if self._whole(path):
                    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
                    return path
                path.unlink()
        return None

    def put(self, copy: Path, name: str) -> Path:
        """Move a file in, whose bytes were checked. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / name
        os.utime(copy, ns=(time.time_ns(), copy.stat().st_mtime_ns))
        copy.replace(target)
        self._checked[name] = _state(target)
        self._shrink(target)
        return target

    def drop(self, start: str) -> None:
        """Delete the file whose name begins so."""
        for path in self.folder.glob(f"{start}*"):
            path.unlink(missing_ok=True)
            self._checked.pop(path.name, None)

    def keep_to(self, known: Collection[str]) -> None:
        """Delete all files but those with these sha256, which the library has."""
        for path in self.folder.glob("*"):
            if not path.name.startswith(SCRATCH) and path.name[:64] not in known:
                with suppress(OSError):
                    path.unlink()

    def _whole(self, path: Path) -> bool:
        """Hashes once in each process, and again when the file has changed."""
        state = _state(path)
        if self._checked.get(path.name) != state:
            if sha256_of(path) != path.name[:64]:
                return False
            self._checked[path.name] = state
        return True

    def _shrink(self, newest: Path) -> None:
        found = []
        for path in self.folder.glob("*"):
            with suppress(OSError):  # another process was faster
                about = path.stat()
                found.append((path == newest, about.st_atime_ns, about.st_size, path))
        total = sum(size for _, _, size, _ in found)
        for is_newest, _, size, path in sorted(found):
            if total <= self._most or is_newest:
                return
            if not path.name.startswith(SCRATCH):
                with suppress(OSError):
                    path.unlink()
                    total -= size


def _state(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_mtime_ns, about.st_size


# -- Errors of an S3 server and its client as sentences, without keys and words of documents


def code(error: BaseException) -> str:
    """What the server called its error: `NoSuchBucket`."""
    cause = error.__cause__ or error
    response = getattr(cause, "response", None)
    return str(response["Error"].get("Code", "")) if isinstance(response, dict) else ""


def not_offered(error: BaseException) -> bool:
    """Whether the server has no such request."""
    has_none = ("NotImplemented", "501", "MethodNotAllowed")
    return isinstance(error, NotImplementedError) or code(error) in has_none


def _of_objects(error: Exception) -> bool:
    """Whether it is of the disk here, or says that an object is not there."""
    if isinstance(error, FileNotFoundError) and code(error) != "NoSuchBucket":
        return True
    return isinstance(error, OSError) and bool(error.filename or error.strerror in _DISK)


_DISK = {os.strerror(number) for number in (5, 28, 30, 122)}  # input/output, full, read-only, quota


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


# -- A bucket, and the copies in it

SCHEME = "s3://"
_ADDRESS = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w!.*'()-]+)*/?", re.ASCII)
_PART = 50 << 20  # bytes; a larger file goes in parts, of which two are in memory
_CONNECTS, _READS = 5, 60  # seconds
_TRIES = 2
_LEFT_OVER = 86_400.0  # seconds; the clock of the server may be another
_WRITTEN = "pincite-written"  # metadata: when the file was changed, in nanoseconds since 1970
_PORTS = {"http": 80, "https": 443}
_MARKS = ("ContinuationToken", "KeyMarker", "VersionIdMarker", "UploadIdMarker")  # of a next page


@dataclass(frozen=True)
class Bucket:
    """`s3://bucket/prefix` at a server: where the libraries of a home keep their files."""

    address: str
    endpoint: str  # "https://s3.example.org"
    region: str = "us-east-1"
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    cache_mb: int = 1024  # of fetched files, for each library

    @property
    def name(self) -> str:
        return urlsplit(self.address).netloc

    @property
    def root(self) -> str:
        """The address without its scheme: `bucket/prefix`, or `bucket`."""
        return self.address.removeprefix(SCHEME).rstrip("/")

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.endpoint)
        return parts.port or _PORTS[parts.scheme]

    @property
    def place(self) -> str:
        """For people: `s3://bucket/prefix at s3.example.org:443`."""
        return f"{self.address.rstrip('/')} at {self.host}:{self.port}"

    def store(self, root: str, cache: Path) -> "S3Store":
        """The copies below a path. Raises LibraryError where the extra is missing."""
        require("s3", "s3fs", to="keep files in a bucket", error=LibraryError)
        return S3Store(self, root, Cache(cache, self.cache_mb << 20))

    def versioned(self) -> bool:
        """Whether the server keeps older versions of objects. Raises LibraryAway or LibraryError:
        also where there is no such bucket."""
        store = self.store(self.root, Path(os.devnull))
        with store.sentences():
            store.call("list_objects_v2", Prefix="pincite", MaxKeys=1)
            try:
                status = store.call("get_bucket_versioning").get("Status")
            except Exception as error:
                if not not_offered(error):
                    raise
                status = ""
        return status in ("Enabled", "Suspended")


def problem(address: str) -> str:
    """Why an address of files is invalid, as part of a sentence; empty where it is valid."""
    told = "files are kept at an address like s3://bucket/prefix"
    return "" if _ADDRESS.fullmatch(address) else told


def endpoint_problem(endpoint: str) -> str:
    """The same for the address of the server."""
    try:
        parts = urlsplit(endpoint)
        told = parts.port or parts.hostname
    except ValueError:
        told = None
    if not told or parts.scheme not in _PORTS or parts.path.strip("/") or "@" in parts.netloc:
        return "the server of files has an address like https://s3.example.org, and no more"
    if parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
        return "the server of files is on another machine, so its address begins with https://"
    return ""


class S3Store:
    """`Copies` below one path of a bucket; errors never show keys or words of documents. What is in
    use is on this machine, too."""

    near = False
    left_over = _LEFT_OVER

    def __init__(self, bucket: Bucket, root: str, cache: Cache) -> None:
        """`root` is the path of all copies, `bucket/prefix`."""
        self._bucket = bucket
        self._root = root
        self._prefix = root.partition("/")[2]  # of keys in the bucket
        self._cache = cache
        self.arriving = cache.folder
        self.place = bucket.place

    def call(self, method: str, **more: Any) -> Mapping[str, Any]:
        """One request about the bucket, by botocore's name of it. Raises OSError and others."""
        answer: Mapping[str, Any] = self._system.call_s3(method, Bucket=self._bucket.name, **more)
        return answer

    def names(self, start: str = "") -> Iterator[Copy]:
        with self.sentences():
            yield from self._listed(start)

    def take(self, copy: Path, name: str) -> None:
        """See `Copies`. It stays on this machine, too: its pages will be looked at."""
        self.put(copy, name)
        if name[:64] == sha256_of(copy):
            self._cache.put(copy, name)
        else:
            self._cache.drop(name)

    def put(self, copy: Path, name: str) -> None:
        """Write a local file, which stays where it is, under a name."""
        about, key = copy.stat(), self._key(name)
        with self.sentences():
            self._system.put_file(
                str(copy), key, chunksize=_PART, max_concurrency=1,
                Metadata={_WRITTEN: str(about.st_mtime_ns)},
                ContentType="application/octet-stream",
            )  # fmt: skip
            # The server compares the checksum of what comes in one request.
            if about.st_size >= 2 * _PART and self.sha256(name) != sha256_of(copy):
                self._system.rm_file(key)
                raise LibraryError(
                    f"{self.place} did not keep the bytes of a file of {about.st_size >> 20:,} MB:"
                    " it puts the parts of large files together wrongly. Update that server."
                )

    def path(self, start: str) -> Path:
        """See `Copies`. Raises DamagedCopy, and HomeNotWritable where it cannot be kept here."""
        if kept := self._cache.find(start):
            return kept
        found = next(iter(self.names(start)), None)
        try:
            if found is not None:
                with self.fetched(found.name) as copy:
                    self._check(copy, found.name)
                    return self._cache.put(copy, found.name)
        except FileNotFoundError:  # it was removed meanwhile
            pass
        except OSError as error:
            raise HomeNotWritable(
                f"{self._cache.folder} cannot be written: {error.strerror}."
            ) from error
        return self._cache.folder / f"{start}.pdf"

    def _check(self, copy: Path, name: str) -> None:
        if sha256_of(copy) != name[:64]:
            raise DamagedCopy(
                f"A copy in {self.place} is damaged: {name[:12]} has other bytes than were put"
                " there. `pincite verify` makes it again while its file is there."
            )

    def sha256(self, name: str) -> str:
        with self.fetched(name) as copy:
            return sha256_of(copy)

    def remove(self, start: str, versions: bool = False) -> int:
        self._cache.drop(start)
        with self.sentences():
            for copy in self._listed(start):
                with suppress(FileNotFoundError):
                    self._system.rm_file(self._key(copy.name))
            return self._remove_versions(start) if versions else 0

    def keep_to(self, known: Collection[str]) -> None:
        """Delete from this machine all files but those with these sha256."""
        self._cache.keep_to(known)

    def clear(self) -> None:
        """Delete all. Raises LibraryAway or LibraryError."""
        for copy in list(self.names()):
            with self.sentences():
                self._system.rm_file(self._key(copy.name))

    @cached_property
    def _system(self) -> Any:
        import s3fs  # takes half a second

        return s3fs.S3FileSystem(
            key=self._bucket.key, secret=self._bucket.secret, endpoint_url=self._bucket.endpoint,
            client_kwargs={"region_name": self._bucket.region},
            config_kwargs={
                "s3": {"addressing_style": "path"},  # one host, which the network guard knows
                "connect_timeout": _CONNECTS, "read_timeout": _READS,
                "retries": {"max_attempts": _TRIES},
            },
            use_listings_cache=False,
            skip_instance_cache=True,  # fsspec would keep keys as names of instances
        )  # fmt: skip

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def fetched(self, name: str) -> Iterator[Path]:
        """A file of this machine with the bytes, deleted at the end unless it was moved. Raises
        FileNotFoundError."""
        self._cache.folder.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=self._cache.folder, prefix=SCRATCH)
        os.close(handle)
        try:
            with self.sentences():
                # One stream: several at once would need their ranges to be put together.
                self._system.get_file(self._key(name), scratch, max_concurrency=1)
                about = self.call("head_object", Key=f"{self._prefix}/{name}")
                if (written := str(about.get("Metadata", {}).get(_WRITTEN, ""))).isdigit():
                    os.utime(scratch, ns=(int(written), int(written)))
            yield Path(scratch)
        finally:
            Path(scratch).unlink(missing_ok=True)

    def tidy(self, older: float) -> int:
        """See `Copies`: also parts of files whose upload was killed, which no list shows."""
        swept = sweep_scratch(self._cache.folder, min(older, LEFT_OVER))
        with self.sentences():
            for one in list(self._all("list_multipart_uploads", "Uploads")):
                if time.time() - one["Initiated"].timestamp() > older:
                    self.call("abort_multipart_upload", Key=one["Key"], UploadId=one["UploadId"])
                    swept += 1
        return swept

    @contextmanager
    def sentences(self) -> Iterator[None]:
        """Turns errors of the server into sentences; those of a disk stay what they are."""
        try:
            yield
        except PinciteError:
            raise
        except Exception as error:
            if _of_objects(error):
                raise
            raise sentence(self._bucket.place, error) from error

    def _listed(self, start: str) -> list[Copy]:
        found = []
        for about in self._all("list_objects_v2", "Contents", start=start):
            name = about["Key"][len(self._prefix) + 1 :]
            if name and "/" not in name:
                found.append(Copy(name, about["LastModified"].timestamp(), int(about["Size"])))
        return found

    def _all(self, method: str, *kinds: str, start: str = "") -> Iterator[Mapping[str, Any]]:
        """What a list of the server has, page by page. Some servers have no lists of versions and
        of parts: then there are none."""
        more: dict[str, str] = {}
        while True:
            try:
                answer = self.call(method, Prefix=f"{self._prefix}/{start}", **more)
            except (OSError, NotImplementedError) as error:
                if not_offered(error) and method != "list_objects_v2":
                    return
                raise
            for kind in kinds:
                yield from answer.get(kind, ())
            if not answer.get("IsTruncated"):
                return
            more = {mark: answer[f"Next{mark}"] for mark in _MARKS if answer.get(f"Next{mark}")}

    def _remove_versions(self, start: str) -> int:
        """The bucket may keep them by a lock, or let only its administrator delete them."""
        left = 0
        try:
            for one in self._all("list_object_versions", "Versions", "DeleteMarkers", start=start):
                try:
                    self.call("delete_object", Key=one["Key"], VersionId=one["VersionId"])
                except PermissionError:
                    left += 1
        except PermissionError:  # of the list
            left += 1
        return left
