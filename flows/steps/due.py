"""Whether a forecast is due, and on which days: the one rule of schedules, of catching up and of new data.

A forecast is due where nothing is published yet; where a forecast date has come since the last publication;
and where something was captured since then that is not as it was before. So what is published is never more
than a day behind its source, a date that was missed (the machine was down) or that came before its data (the
source was late) is made good by the next daily capture, and a forecast that failed is tried again with it.
"""

from datetime import UTC, date, datetime, time, timedelta

from flows.home import record, warehouse
from flows.project import schema_of
from flows.settings import Home

# Early morning in the Americas.
FORECAST_HOUR_UTC = 11
# Where the calendar names no date to come: of every month.
DAY_OF_MONTH = 5


def reason(home: Home, now: datetime) -> str | None:
    """Why a forecast is due now (UTC), in words; None where it is not."""
    published = last_publication(home)
    if published is None:
        return "nothing is published yet"
    date_ = last_date(forecast_dates(home), now)
    if date_ and published < date_:
        return f"the forecast date {date_:%Y-%m-%d} has come"
    changed = warehouse.last_change(home)
    if changed and published < changed.replace(tzinfo=UTC):
        return f"new data was captured at {changed:%Y-%m-%d %H:%M} UTC"
    return None


def last_publication(home: Home) -> datetime | None:
    """When the last forecast from today's data was published, whichever release readers see since (UTC).

    From the records: a release that was gone back to would seem out of date, and be replaced at once.
    """
    moments = [
        datetime.fromisoformat(run.ended_at)
        for run in record.read_all(home)[0]
        if run.status == "published" and run.ended_at and run.as_of is None and run.period is None
    ]
    return max(moments, default=None)


def forecast_dates(home: Home) -> list[date]:
    """The days on which the calendar has a forecast made; none before the first run."""
    return warehouse.forecast_dates(home, schema_of("platinum"))


def last_date(dates: list[date], now: datetime) -> datetime | None:
    """The latest moment up to `now` at which a forecast was to be made; None before the first."""
    open_since = first_without_date(dates)
    of_calendar = [_moment(day) for day in dates]
    monthly = [_moment((now - timedelta(days=days)).date()) for days in range(31)]
    by_month = [
        m for m in monthly if m.day == DAY_OF_MONTH and (open_since is None or m.date() >= open_since)
    ]
    return max((moment for moment in of_calendar + by_month if moment <= now), default=None)


def first_without_date(dates: list[date]) -> date | None:
    """The first day of the month after the calendar's last date: from here on each month has one."""
    return (max(dates).replace(day=1) + timedelta(days=31)).replace(day=1) if dates else None


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(FORECAST_HOUR_UTC), UTC)
