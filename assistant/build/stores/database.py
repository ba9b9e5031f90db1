"""The PostgreSQL servers that settings name, each with its password."""

from assistant.models.server.key import kept
from assistant.security.network_guard import permit
from assistant.settings import Settings
from vectorstore.postgres.server import Server


def opened(address: str, settings: Settings, reason: str) -> Server:
    """The server, which the network guard lets through from now on. Its password is of the
    settings, else of the keyring; without one the driver may know another way."""
    password = settings.database_password.get_secret_value()
    server = Server(address, password or kept(Server(address).place))
    if server.host and not server.is_here:
        permit(server.host, server.port, reason)
    return server


def catalogue(settings: Settings) -> Server | None:
    """The one that has the catalogues; None where they are in the home."""
    return opened(settings.catalogue, settings, "catalogue") if settings.catalogue else None
