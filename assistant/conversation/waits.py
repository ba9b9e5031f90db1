"""How long people have waited for first words, by the model that wrote them."""

import json
from collections import defaultdict

from assistant.conversation.history import Conversations
from assistant.conversation.listing import HOME

_LATEST = 300  # turns: those of another machine or version are forgotten in time
_LOOKED_AT = 3000  # turns of a team
_TIMED = "json_valid(answer) AND json_extract(answer, '$.tool') = 'answer'"


class Waits(Conversations):
    """Of all people of a home; in a team, those for answers of this home's servers. No word of a
    question or an answer is read."""

    def by_model(self) -> dict[str, list[float]]:
        """Seconds to the first word of answers from documents. Raises AssistantError."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT json_extract(answer, '$.model'),"
                f" json_extract(answer, '$.seconds_first_token') {self._ours}"
                f" ORDER BY number DESC LIMIT {_LATEST}"
            ).fetchall()
        found: defaultdict[str, list[float]] = defaultdict(list)
        for model, seconds in rows:
            if isinstance(model, str) and seconds is not None:  # PostgreSQL gives a text
                found[model].append(float(seconds))
        return dict(found)

    @property
    def _ours(self) -> str:
        """In SQLite no answer beyond the latest ones is read, which a query of a query would do.
        Among those of a team ours are found as texts: JSON of all takes two to three times as
        long."""
        if not self._home:
            return f"FROM turn WHERE {_TIMED}"
        noted = json.dumps({HOME: self._home}).strip("{}")
        return (
            f"FROM (SELECT number, answer FROM turn ORDER BY number DESC LIMIT {_LOOKED_AT})"
            f" AS latest WHERE answer LIKE '%{noted}%' AND {_TIMED}"
            f" AND json_extract(answer, '$.{HOME}') = '{self._home}'"
        )
