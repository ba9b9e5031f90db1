"""All settings and defaults, read once from `PINCITE_*` variables and `<home>/settings.toml`."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from assistant.errors import SettingsError
from ingest.platform.process import is_secure
from vectorstore.team.postgres import problem
from vectorstore.team.s3 import endpoint_problem
from vectorstore.team.s3 import problem as files_problem
from vectorstore.worker_address import parsed

PREFIX = "PINCITE_"
SOURCE_PASSWORD = f"{PREFIX}SOURCE_PASSWORD_"  # and the name of a source
NO_SETTINGS = (SOURCE_PASSWORD, f"{PREFIX}TEST_")
_LIBRARY_NAME = r"^[\w-]{1,64}$"
Gpu = Literal["auto", "off"] | int  # how many layers of a chat model go to a graphics device


def _unlike(fits: Callable[[str], object], what: str) -> Callable[[str], str]:
    """What is wrong with a value that does not fit."""
    return lambda value: "" if fits(value) else f"{value!r} is not {what}"


_ADDRESSES: dict[str, Callable[[str], str]] = {  # by setting, what is wrong with its address
    "workers": _unlike(parsed, "an address of Ray such as ray://127.0.0.1:10001"),
    "vectors": problem, "catalogue": problem, "files": files_problem,
    "files_endpoint": endpoint_problem,
    "oidc_issuer": _unlike(is_secure, "the address of a provider that begins with https://"),
}  # fmt: skip


def default_home() -> Path:
    """PINCITE_HOME, else the platform's user data folder."""
    named = os.environ.get(f"{PREFIX}HOME")
    return Path(named) if named else Path(platformdirs.user_data_dir("pincite", appauthor=False))


class Settings(BaseModel):
    """All settings; an unknown name is an error that names the nearest known one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Path = Field(default_factory=default_home)
    library: str = Field("main", pattern=_LIBRARY_NAME)
    chat_model: str = ""  # a catalogue name, a GGUF file, a server; empty: chosen by `models use`
    chat_key: SecretStr = SecretStr("")  # for a server that answers; best as PINCITE_CHAT_KEY
    embedding_model: str = ""  # a catalogue name, a folder, a server; empty: by `models use`
    embedding_key: SecretStr = SecretStr("")  # for a server that embeds; best in the environment
    speech_model: str = ""  # the same, for recordings
    drawing_model: str = ""  # a catalogue name, a diffusers folder or a .safetensors file
    vision_model: str = ""  # a catalogue name or a folder: describes pictures
    voice_model: str = ""  # a catalogue name or a folder: reads aloud
    tags_model: str = ""  # a catalogue name or a folder: names things on pictures
    reranker: str = ""  # a catalogue name or a folder; "off": none
    ocr: Literal["rapidocr", "tesseract", "off"] = "rapidocr"  # how scans are read
    ocr_languages: tuple[str, ...] = ("en",)  # of scans, as ISO 639-1 codes: "en,de"
    context_tokens: int = Field(4096, ge=1024)  # the window of the chat model
    passage_tokens: int = Field(450, ge=200)  # of it, for what is read from documents
    answer_tokens: int = Field(400, ge=64)
    read_ahead: bool = True  # the chat model reads while a question is typed
    # Where the vectors are: an address of PostgreSQL with pgvector,
    # "postgresql://user@host:5432/database"; empty: in the home.
    vectors: str = ""
    # Where the catalogues of libraries are: an address of PostgreSQL; empty: in the home. The
    # vectors are there, too, unless `vectors` says something else.
    catalogue: str = ""
    # Who reads and embeds the files of an `add`: a Ray cluster, "ray://host:10001", or "host:6379"
    # on a machine of it; empty: processes of this machine.
    workers: str = ""
    database_password: SecretStr = SecretStr("")  # of PostgreSQL; best in the environment
    # Where the library's copies of files are: "s3://bucket/prefix" of a server that speaks S3;
    # empty: in the home.
    files: str = ""
    files_endpoint: str = ""  # the address of that server, "https://s3.example.org"
    files_region: str = "us-east-1"  # as the server calls it
    files_key: SecretStr = SecretStr("")  # the id of an access key; best as PINCITE_FILES_KEY
    files_secret: SecretStr = SecretStr("")  # best as PINCITE_FILES_SECRET, or in the keyring
    files_cache_mb: int = Field(1024, ge=1)  # of fetched files on this machine, of each library
    threads: int = Field(0, ge=0)  # 0: one for each core
    gpu: Gpu = "auto"  # as many layers as fit; "off": none; or a number of them
    refusal_threshold: float = Field(0.35, ge=0, le=1)  # of answers; higher refuses more
    extensions_first: tuple[str, ...] = ()  # names that an extension takes from what is built in
    questions_an_hour: int = Field(0, ge=0)  # of each person with an account; 0: no limit
    added_mb_a_day: int = Field(0, ge=0)  # the same, of files
    audit_days: int = Field(365, ge=1)  # for which lines of the audit log are kept
    oidc_issuer: str = ""  # an OpenID provider where people sign in, "https://login.example.org"
    oidc_client: str = ""  # the name of this Pincite there
    oidc_secret: SecretStr = SecretStr("")  # best as PINCITE_OIDC_SECRET; empty: a public client
    oidc_claim: str = "preferred_username"  # which claim is the name of the account
    oidc_makes_readers: bool = False  # who has no account yet gets one, as a reader
    metrics_token: SecretStr = SecretStr("")  # for `/metrics` of `pincite serve`; empty: none
    logs: Literal["text", "json"] = "text"  # of `pincite serve`
    stop_seconds: int = Field(30, ge=1)  # that running answers have to end in
    port: int = Field(8501, ge=1, le=65535)
    # Reverse proxies that are believed for whom they ask: addresses, or networks as "10.1.2.0/24".
    proxy: tuple[str, ...] = ("127.0.0.1", "::1")
    # What reading one file may cost, see ingest/document/source.py for the reasons:
    file_gb: int = Field(16, ge=1)  # how large it may be
    file_seconds: int = Field(7200, ge=1)  # in all
    file_silence_seconds: int = Field(60, ge=5)  # without a page read
    file_memory_mb: int = Field(4096, ge=1024)  # address space of a process that reads
    file_text_mb: int = Field(200, ge=1)  # of what was read
    unpacked_mb: int = Field(2048, ge=1)  # of archives and attachments, with all that is nested
    unpacked_files: int = Field(10_000, ge=1)  # the same in files
    unpacked_depth: int = Field(4, ge=0)  # archives in archives

    @field_validator("ocr_languages", "extensions_first", "proxy", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("proxy")
    @classmethod
    def _proxy_places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in value:
            try:
                everybody = ip_network(proxy).prefixlen == 0
            except ValueError as error:
                raise ValueError(
                    f"{proxy!r} is not an address or network such as 10.1.2.3"
                ) from error
            if everybody:
                raise ValueError(f"{proxy!r} is everybody: name the proxy's address")
        return value

    @field_validator("gpu", mode="before")
    @classmethod
    def _layers(cls, value: Any) -> Any:
        text = str(value).lower()
        if text in ("auto", "off"):
            return text
        if text.isdigit():
            return int(text)
        raise ValueError("use auto, off, or a number of layers")

    @field_validator(*_ADDRESSES)
    @classmethod
    def _address(cls, value: str, about: ValidationInfo) -> str:
        name = str(about.field_name)
        if value and (wrong := _ADDRESSES[name](value)):
            raise ValueError(wrong)
        return value if name == "oidc_issuer" else value.rstrip("/")  # compared to the letter

    @property
    def models_folder(self) -> Path:
        return self.home / "models"

    @property
    def libraries_folder(self) -> Path:
        return self.home / "libraries"

    def sources_folder(self, library: str) -> Path:
        """What its mailboxes and WebDAV folders have brought: a folder for each of them."""
        return self.libraries_folder / library / "sources"

    @property
    def sheets_file(self) -> Path:
        """The SQLite file that stores the cells of sheets."""
        return self.home / "sheets.sqlite"

    def model(self, role: str) -> str:
        """The setting for a role of the catalogue; empty: chosen by `models use`."""
        return str(getattr(self, self.field_of(role)))

    @staticmethod
    def field_of(role: str) -> str:
        """The name of the setting that names the model of a role."""
        return role if role == "reranker" else f"{role}_model"

    def by_hand(self, name: str) -> bool:
        """Whether it was set explicitly, even to the default."""
        return name in self.model_fields_set

    @classmethod
    def load(cls, **overrides: Any) -> "Settings":
        """Defaults, then the home's TOML file, then the environment, then `overrides`.

        Raises SettingsError for an unknown name or an impossible value.
        """
        given = {name: value for name, value in overrides.items() if value is not None}
        home = Path(given.get("home") or default_home())
        values = {**_from_file(home / "settings.toml"), **_from_environment(), **given}
        for name in values:
            if name not in cls.model_fields:
                near = difflib.get_close_matches(name, cls.model_fields, n=1, cutoff=0.0)
                raise SettingsError(f"There is no setting {name!r}. Did you mean {near[0]!r}?")
        try:
            return cls(**{**values, "home": home})
        except ValidationError as error:
            first = error.errors()[0]
            said = _NAMES if first["type"] == "string_pattern_mismatch" else first["msg"]
            said = said.removeprefix("Value error, ")
            raise SettingsError(f"The setting {first['loc'][0]!r}: {said}.") from error


_NAMES = "use 1 to 64 letters, digits, hyphens and underscores, without spaces"


def check_library_name(name: str) -> None:
    """A new library's name becomes a folder. Raises SettingsError for one that cannot."""
    if not re.fullmatch(_LIBRARY_NAME, name):
        raise SettingsError(f"{name!r} cannot be the name of a library: {_NAMES}.")


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}. Fix or delete it.") from error
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}. Fix or delete it."
        ) from error


def _from_environment() -> dict[str, str]:
    # PINCITE_TEST_... belongs to the test suite, and the others are passwords of single sources.
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(PREFIX) and not name.startswith(NO_SETTINGS)
    }
