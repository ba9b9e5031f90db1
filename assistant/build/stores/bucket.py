"""The bucket that settings name, with its key."""

from dataclasses import replace

from assistant.errors import SettingsError
from assistant.models.server.key import kept
from assistant.security.network_guard import permit
from assistant.settings import Settings
from vectorstore.files.s3 import Bucket


def bucket(settings: Settings) -> Bucket | None:
    """Where the files of libraries are, which the network guard lets through from now on; None
    where they are in the home. Raises SettingsError without an address of its server, or a key."""
    if not settings.files:
        return None
    if not settings.files_endpoint:
        raise SettingsError(
            f"The setting 'files' names {settings.files}, and none says at which server: set"
            " PINCITE_FILES_ENDPOINT, as in https://s3.eu-central-1.amazonaws.com."
        )
    found = Bucket(
        settings.files, settings.files_endpoint, settings.files_region,
        settings.files_key.get_secret_value(), settings.files_secret.get_secret_value(),
        settings.files_cache_mb,
    )  # fmt: skip
    if not found.secret:
        found = replace(found, secret=kept(f"{found.host}:{found.port}"))
    if not (found.key and found.secret):
        raise SettingsError(
            f"There is no key for {found.place}: set PINCITE_FILES_KEY and PINCITE_FILES_SECRET, or"
            f" keep the secret in the keyring of the system (`keyring set pincite"
            f" {found.host}:{found.port}`)."
        )
    if not found.is_here:
        permit(found.host, found.port, "files")
    return found
