"""Which tool answers: the wished one, else the first that knows its kind of question."""

from collections.abc import Sequence

from assistant.reply import Reply
from assistant.tools import Request, Specialist, Tool
from assistant.tools.ask_back import completed
from assistant.wishes import Answer


class Choosing:
    """A wish goes to its tool. Of questions to the documents, specialists are asked in order; what
    none of them takes is answered in general."""

    name = "choosing"

    def __init__(
        self, specialists: Sequence[Specialist], general: Tool, makers: Sequence[Specialist] = ()
    ) -> None:
        """`makers` take wishes other than an answer."""
        self._specialists = tuple(specialists)
        self._general = general
        self._makers = tuple(makers)

    def run(self, request: Request) -> Reply:
        """The reply of the tool that takes the request; it names that tool."""
        reply = self._made(request) or self._answered(request)
        reply.question = request.question  # as typed
        return reply

    def _made(self, request: Request) -> Reply | None:
        if request.wish is None or isinstance(request.wish, Answer):
            return None
        offers = (maker.offer(request) for maker in self._makers)
        reply = next(filter(None, offers), None)
        if reply is not None:
            reply.wish = request.wish
        return reply

    def _answered(self, request: Request) -> Reply:
        """What answers a question back is asked together with the question that was unclear."""
        whole = completed(request)
        offers = (specialist.offer(whole) for specialist in self._specialists)
        reply = next(filter(None, offers), None) or self._general.run(whole)
        reply.meant = whole.question  # as answered
        return reply
