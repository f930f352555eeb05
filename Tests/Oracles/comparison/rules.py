"""Nominal starts of recurrence rules: by python-dateutil, and by a plain reading of RFC 5545 that asks every day of a
period whether it belongs. The second is slow and settles what the others disagree about."""

import calendar
import datetime as standard
from datetime import datetime, timedelta
from functools import cached_property

from dateutil.rrule import rrulestr

WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


class Rule:
    def __init__(self, text, start):
        self.parts = dict(part.split("=") for part in text.split(";"))
        self.start = start

    def text(self):
        return ";".join(f"{name}={value}" for name, value in self.parts.items())

    def numbers(self, name, default=()):
        return [int(number) for number in self.parts[name].split(",")] if name in self.parts else list(default)

    def weekdays(self):
        """Pairs of a weekday and an ordinal, which is 0 for every one."""
        words = self.parts["BYDAY"].split(",") if "BYDAY" in self.parts else []
        return [(WEEKDAYS.index(word[-2:]), int(word[:-2] or 0)) for word in words]

    @property
    def frequency(self):
        return self.parts["FREQ"]

    @cached_property
    def limits(self):
        """Months, days of the month, weekdays, and whether their ordinals count within the year. What the rule leaves
        open comes from the start."""
        months, month_days, weekdays = self.numbers("BYMONTH"), self.numbers("BYMONTHDAY"), self.weekdays()
        in_year = self.frequency == "YEARLY" and not months
        if not month_days and not weekdays:
            if self.frequency == "WEEKLY":
                weekdays = [(self.start.weekday(), 0)]
            elif self.frequency in ("MONTHLY", "YEARLY"):
                month_days = [self.start.day]
            if self.frequency == "YEARLY" and not months:
                months = [self.start.month]
        return months, month_days, weekdays, in_year

    def changed(self, **parts):
        """The same with other parts; None takes one away."""
        other = Rule(self.text(), self.start)
        for name, value in parts.items():
            if value is None:
                other.parts.pop(name, None)
            else:
                other.parts[name] = value
        return other


def bounded(rule):
    """The rule with an UNTIL that every library takes as a local time, and an UNTIL in UTC, which is compared with
    resolved starts, apart: seconds since 1970, or None. A date alone is all of that date."""
    until = rule.parts.get("UNTIL", "")
    if until.endswith("Z"):
        return rule.changed(UNTIL=None), datetime.strptime(until + "+0000", "%Y%m%dT%H%M%SZ%z").timestamp()
    if len(until) == 8:
        return rule.changed(UNTIL=until + "T235959"), None
    return rule, None


def by_dateutil(rule, last):
    # dateutil looks for the next start up to this year, where there is none.
    standard.MAXYEAR = last.year
    found = []
    for nominal in rrulestr("RRULE:" + rule.text(), dtstart=rule.start):
        if nominal > last:
            break
        found.append(nominal)
    return found


def plainly(rule, last):
    """Section 3.3.10, word by word: the days of each period, limited by each part; the times of each; BYSETPOS; then
    nothing before the start, and COUNT, UNTIL."""
    interval = rule.numbers("INTERVAL", [1])[0]
    count = rule.numbers("COUNT", [10**9])[0]
    until = datetime.strptime(rule.parts["UNTIL"], "%Y%m%dT%H%M%S") if "UNTIL" in rule.parts else datetime.max
    hours = sorted(set(rule.numbers("BYHOUR", [rule.start.hour])))
    minutes = sorted(set(rule.numbers("BYMINUTE", [rule.start.minute])))
    positions = rule.numbers("BYSETPOS")
    found = []
    first, following = period(rule, rule.start)
    while first <= last:
        days = [first + timedelta(days=day) for day in range((following - first).days)]
        moments = [
            day.replace(hour=hour, minute=minute, second=rule.start.second)
            for day in days if belongs(rule, day) for hour in hours for minute in minutes]
        if positions:
            wanted = {position - 1 if position > 0 else len(moments) + position for position in positions}
            moments = [moment for place, moment in enumerate(moments) if place in wanted]
        for moment in moments:
            if moment > until or moment > last or len(found) == count:
                return found
            if moment >= rule.start:
                found.append(moment)
        for _ in range(interval - 1):
            following = period(rule, following)[1]
        first, following = period(rule, following)
    return found


def period(rule, day):
    """The day, week, month or year that contains the day: its first day and the first day after it."""
    day = datetime(day.year, day.month, day.day)
    if rule.frequency == "DAILY":
        return day, day + timedelta(days=1)
    if rule.frequency == "WEEKLY":
        week_start = WEEKDAYS.index(rule.parts.get("WKST", "MO"))
        first = day - timedelta(days=(day.weekday() - week_start) % 7)
        return first, first + timedelta(days=7)
    if rule.frequency == "MONTHLY":
        first = day.replace(day=1)
        return first, first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
    return datetime(day.year, 1, 1), datetime(day.year + 1, 1, 1)


def belongs(rule, day):
    months, month_days, weekdays, in_year = rule.limits
    if months and day.month not in months:
        return False
    length = calendar.monthrange(day.year, day.month)[1]
    if month_days and day.day not in month_days and day.day - length - 1 not in month_days:
        return False
    if not weekdays:
        return True
    if in_year:
        place, size = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
    else:
        place, size = day.day, length
    ordinals = {0, (place - 1) // 7 + 1, -((size - place) // 7 + 1)}
    return any(weekday == day.weekday() and ordinal in ordinals for weekday, ordinal in weekdays)
