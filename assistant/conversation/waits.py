"""How long people have waited for first words, by the model that wrote them."""

from collections import defaultdict

from assistant.conversation.history import Conversations

_LATEST = 300  # turns: those of another machine or version are forgotten in time


class Waits(Conversations):
    """Of all people of a home; no word of a question or an answer is read."""

    def by_model(self) -> dict[str, list[float]]:
        """Seconds to the first word of answers from documents. Raises AssistantError."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT answer ->> '$.model', answer ->> '$.seconds_first_token' FROM turn"
                " WHERE json_valid(answer) AND answer ->> '$.tool' = 'answer'"
                " ORDER BY number DESC LIMIT ?",
                (_LATEST,),
            ).fetchall()
        found: defaultdict[str, list[float]] = defaultdict(list)
        for model, seconds in rows:
            if isinstance(model, str) and isinstance(seconds, int | float):
                found[model].append(float(seconds))
        return dict(found)
