"""Korea's time: which day it is there, and when what the tables hold in UTC was there."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


def today() -> date:
    """Give the day it is in Korea now."""
    return datetime.now(SEOUL).date()


def in_seoul(at: datetime) -> datetime:
    """Turn a time in UTC, as the tables hold it, into Korea's."""
    return at.replace(tzinfo=UTC).astimezone(SEOUL)
