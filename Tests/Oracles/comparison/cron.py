"""Cron expressions, read in the plainest way: every minute of every day is asked whether it matches."""

from datetime import date, datetime, timedelta

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
DAYS = "sun mon tue wed thu fri sat".split()


def numbers(field, low, high, names=(), base=0):
    found = set()
    for item in field.split(","):
        if "#" in item or item.endswith("L"):
            continue
        item, _, step = item.partition("/")
        if item == "*":
            first, last = low, high
        else:
            first, _, last = item.partition("-")
            first = names.index(first) + base if first in names else int(first)
            if last:
                last = names.index(last) + base if last in names else int(last)
            else:
                last = high if step else first
        found.update(range(first, last + 1, int(step or 1)))
    return found


def last_day(day):
    return (day + timedelta(days=1)).month != day.month


def matches_week(field, day):
    weekday = (day.weekday() + 1) % 7
    if weekday in {number % 7 for number in numbers(field, 0, 6, DAYS)}:
        return True
    for item in field.split(","):
        if "#" in item:
            name, ordinal = item.split("#")
        elif item.endswith("L"):
            name, ordinal = item[:-1], None
        else:
            continue
        wanted = DAYS.index(name) if name in DAYS else int(name) % 7
        if wanted != weekday:
            continue
        if ordinal is None and (day + timedelta(days=7)).month != day.month:
            return True
        if ordinal is not None and (day.day - 1) // 7 + 1 == int(ordinal):
            return True
    return False


def matches_day(fields, day):
    if day.month not in numbers(fields[3], 1, 12, MONTHS, 1):
        return False
    by_month = day.day in numbers(fields[2], 1, 31) or ("L" in fields[2].split(",") and last_day(day))
    by_week = matches_week(fields[4], day)
    # As in crontab(5): a field that starts with a star restricts nothing, and two that do restrict are an OR.
    if fields[2].startswith("*") or fields[4].startswith("*"):
        return by_month and by_week
    return by_month or by_week


def nominals(case, first, last):
    fields = case.rule.split()
    minutes, hours = numbers(fields[0], 0, 59), numbers(fields[1], 0, 23)
    times = [(hour, minute) for hour in range(24) if hour in hours for minute in range(60) if minute in minutes]
    day = max(first.date(), case.start.date() if case.start else date.min)
    found = []
    while day <= last.date():
        if matches_day(fields, day):
            found += [datetime(day.year, day.month, day.day, *time) for time in times]
        day += timedelta(days=1)
    return found
