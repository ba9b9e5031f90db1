"""Which tool answers: the first that knows its kind of question, else the general one."""

from collections.abc import Sequence

from assistant.reply import Reply
from assistant.tools import Request, Specialist, Tool
from assistant.tools.ask_back import completed


class Choosing:
    """Specialists are asked in order; a request that none of them takes is answered in general."""

    name = "choosing"

    def __init__(self, specialists: Sequence[Specialist], general: Tool) -> None:
        self._specialists = tuple(specialists)
        self._general = general

    def run(self, request: Request) -> Reply:
        """The reply of the tool that takes the request; it names that tool.

        What answers a question back is asked together with the question that was unclear.
        """
        whole = completed(request)
        offers = (specialist.offer(whole) for specialist in self._specialists)
        reply = next(filter(None, offers), None) or self._general.run(whole)
        reply.question, reply.meant = request.question, whole.question  # as typed, and as answered
        return reply
