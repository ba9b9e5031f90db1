"""Where the vectors of a home are: in its folders, or in a Chroma server that settings name."""

from assistant.models.server.address import ServerAddress
from assistant.security.network_guard import permit
from assistant.settings import Settings


def server(settings: Settings) -> str:
    """The address of the server, which the network guard lets through from now on; empty for
    none. Raises ModelUnusable for an address that is none."""
    address = ServerAddress.parse(settings.vectors) if settings.vectors else None
    if address is None:
        return ""
    if not address.is_here:
        permit(address.host, address.port, "vectors")
    return address.url
