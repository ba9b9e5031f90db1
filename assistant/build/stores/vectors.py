"""Where the vectors of a home are: in its folders, in a Chroma server or in PostgreSQL."""

from assistant.build.stores.database import opened
from assistant.models.server.address import ServerAddress
from assistant.security.network_guard import permit
from assistant.settings import Settings
from vectorstore.dense.serving import Address
from vectorstore.postgres.server import SCHEME


def server(settings: Settings) -> Address:
    """The server, which the network guard lets through from now on; empty for none. Raises
    ModelUnusable for an address that is none."""
    if settings.vectors.startswith(SCHEME):
        return opened(settings.vectors, settings, "vectors")
    address = ServerAddress.parse(settings.vectors) if settings.vectors else None
    if address is None:
        return ""
    if not address.is_here:
        permit(address.host, address.port, "vectors")
    return address.url
