"""The job queue for people: running, waiting and failed files.

Knows no Streamlit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.i18n.told import told
from assistant.i18n.translation import N_, _
from assistant.uploads.upload import Upload, describe_step
from vectorstore.indexing.jobs import Job
from vectorstore.library import Library

_RANK = {N_("indexing"): 0, N_("reading"): 1, N_("waiting"): 2}


@dataclass(frozen=True)
class Work:
    """A file on its way in, and how far it is."""

    name: str
    words: str


@dataclass(frozen=True)
class Waiting:
    """Files that are not in the library yet."""

    work: tuple[Work, ...] = ()  # what is read now comes first
    left: tuple[Job, ...] = ()  # stopped by a person, or left behind by a process that has ended
    failed: tuple[Job, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.work or self.left or self.failed)


def waiting(library: Library, uploads: Sequence[Upload]) -> Waiting:
    """The queue of all processes; `uploads` are those of this one, which know the pages."""
    jobs = library.jobs.all()
    moving = sorted((job for job in jobs if job.state in _RANK), key=lambda job: _RANK[job.state])
    left = [job for job in jobs if job.state == "cancelled"]
    if moving and not uploads and not library.jobs.running():
        moving, left = [], left + moving
    work = _work(moving, uploads)
    failed = tuple(job for job in jobs if job.state == "failed")
    return Waiting(tuple([*work, *_unsaved(jobs, uploads)]), tuple(left), failed)


def _work(jobs: Sequence[Job], uploads: Sequence[Upload]) -> list[Work]:
    # A file is read before its turn to be indexed, and only its run knows.
    steps = {name: step for upload in uploads for name, step in upload.pages.items()}
    found = [Work(job.name, describe_step(steps[job.name])) for job in jobs if job.name in steps]
    return found + [Work(job.name, told(job.state)) for job in jobs if job.name not in steps]


def _unsaved(jobs: Sequence[Job], uploads: Sequence[Upload]) -> list[Work]:
    """Files of uploads that have not begun: they are not in the queue of the catalogue yet."""
    known = {job.path for job in jobs if job.state in _RANK}
    paths = [path for upload in uploads if not upload.pages for path in upload.paths]
    return [Work(path.name, _("waiting")) for path in paths if str(path) not in known]
