"""Sorts conversations by the day of their last turn, as people look for them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from assistant.conversation.listing import ConversationInfo
from assistant.i18n.translation import N_

PINNED, TODAY, YESTERDAY = N_("Pinned"), N_("Today"), N_("Yesterday")
WEEK, OLDER = N_("The last seven days"), N_("Older")

Group = tuple[str, list[ConversationInfo]]


def by_day(infos: Sequence[ConversationInfo], now: datetime, zone: tzinfo | None) -> list[Group]:
    """Groups with at least one conversation; in each the order stays. `zone` is the person's
    (None: that of this machine)."""
    groups: dict[str, list[ConversationInfo]] = {
        name: [] for name in (PINNED, TODAY, YESTERDAY, WEEK, OLDER)
    }
    today = now.astimezone(zone).date()
    for info in infos:
        groups[PINNED if info.pinned else _age(info.latest, today, zone)].append(info)
    return [(name, found) for name, found in groups.items() if found]


def _age(latest: str, today: date, zone: tzinfo | None) -> str:
    """A time that cannot be read is old."""
    try:
        day = datetime.fromisoformat(latest).replace(tzinfo=UTC).astimezone(zone).date()
    except (ValueError, TypeError, OverflowError):
        return OLDER
    if day >= today:  # also where a clock went ahead
        return TODAY
    days = (today - day) // timedelta(days=1)
    return YESTERDAY if days == 1 else WEEK if days <= 7 else OLDER
