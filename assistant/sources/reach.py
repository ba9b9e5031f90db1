"""Signs in to the server of a source, through the network guard for as long as that takes."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from assistant.security.network_guard import permit_meanwhile
from assistant.settings import Settings
from assistant.sources import store
from assistant.sources.address import parsed
from assistant.sources.password import keep_password, password_of
from assistant.sources.servers.client import Client
from assistant.sources.store import EVERY, Source
from ingest.platform.loopback import is_this_machine


@contextmanager
def reached(source: Source, password: str) -> Iterator[Client]:
    """Signed in; the network guard lets this address through until the block ends. Raises
    SourceFailed."""
    from assistant.sources.servers.imap import Mailbox
    from assistant.sources.servers.webdav import Shared

    address = parsed(source.address)
    here = is_this_machine(address.host)
    why = f"source {source.name}"
    with nullcontext() if here else permit_meanwhile(address.host, address.port, why):
        client = (Mailbox if address.kind == "imap" else Shared)(address, password)
        try:
            yield client
        finally:
            client.close()


def add_checked(
    settings: Settings, library: str, address: str, password: str = "", mirror: bool = False,
    every: int = EVERY, name: str = "",
) -> Source:  # fmt: skip
    """A new source whose server has let us in; a password that is given goes into the keyring.
    Nothing is kept where the server or the keyring refuses. Raises SourceFailed, UnknownLibrary,
    HomeNotWritable."""
    made = store.new(settings, library, address, name, mirror, every)
    with reached(made, password or password_of(made)) as client:
        client.check()
    if password:
        keep_password(made, password)
    return store.add(settings, library, address, made.name, mirror, every)


def renew_password(settings: Settings, source: Source, password: str) -> None:
    """Another password, once the server has let us in with it; then the source is fetched again.
    Raises SourceFailed, HomeNotWritable."""
    with reached(source, password) as client:
        client.check()
    keep_password(source, password)
    store.change(settings, source, paused=source.paused)
