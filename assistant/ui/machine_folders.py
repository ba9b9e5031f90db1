"""Who may name folders of the machine: Pincite reads what is in them, where it is."""

from assistant.accounts.permitted import NotAllowed
from assistant.ui import resources, who


def may_name() -> bool:
    """Whether this visitor is an owner who sits at the machine."""
    return resources.is_owner() and who.at_machine()


def check() -> None:
    """The page was drawn before, and a right may be gone since: raises NotAllowed."""
    if not may_name():
        raise NotAllowed("Only the owner can name folders, at this machine itself.")
