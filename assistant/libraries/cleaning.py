"""What a home takes on the disk, and its cleaning, also of what has parts on a server."""

from pathlib import Path

from assistant.build.stores.answer_files import answer_files
from assistant.i18n.translation import N_
from assistant.libraries import waiting
from assistant.settings import Settings
from assistant.storage.used_space import Kind, Used, clean, used_space

NAMES: dict[Kind, str] = {
    "models": N_("Models"), "libraries": N_("Libraries"),
    "attached": N_("Files attached to questions"), "made": N_("Pictures and sounds that were made"),
    "orphans": N_("Files that no conversation has"),
    "pictures": N_("Small copies of pictures"), "uploads": N_("Uploads under way"),
    "deleted": N_("Deleted libraries"), "measurements": N_("Measurements"),
    "other": N_("Conversations and the rest"),
}  # fmt: skip
LOST: dict[Kind, str] = {
    "attached": N_("Conversations keep their words and lose these files."),
    "made": N_("Conversations keep their words and lose these pictures and sounds."),
    "orphans": N_("Their conversations were deleted, or the answers were kept in none."),
    "pictures": N_("The next search for pictures makes them again."),
    "deleted": N_("They cannot be brought back afterwards."),
}


def orphans(settings: Settings) -> frozenset[Path]:
    """Files of answers that are not there any more. Raises AssistantError where that cannot be
    known."""
    return answer_files(settings).orphans()


def clean_home(settings: Settings, kind: Kind) -> Used:
    """Delete all files of a kind that can be cleaned; what that has freed. Raises
    AssistantError."""
    left = orphans(settings) if kind == "orphans" else frozenset()
    before = _of(settings.home, kind, left)
    if kind == "deleted":  # a library may have its catalogue or its files on a server
        waiting.clear(settings, everything=True)
    else:
        clean(settings.home, kind, left)
    after = _of(settings.home, kind, left)
    return Used(kind, before.bytes - after.bytes, before.files - after.files)


def _of(home: Path, kind: Kind, orphans: frozenset[Path]) -> Used:
    return next(used for used in used_space(home, orphans) if used.kind == kind)
