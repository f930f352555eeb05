"""Local times and instants by the standard library's zoneinfo, and the spans of an occurrence by the rules of section 5
of the design: the start and the end are resolved separately, a gap shifts forward by its length, an end is never skipped."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1)
LONGEST = 400 * 86400


def instant(local, zone, gap="shift", overlap="first"):
    """Seconds since 1970 in UTC; None where the rule for gaps skips the time."""
    first = local.replace(tzinfo=zone, fold=0)
    seconds = int(first.timestamp())
    there = datetime.fromtimestamp(seconds, zone).replace(tzinfo=None)
    if there != local:
        # PEP 495: of a time in a gap, fold 0 takes the offset from before it, which is a shift by the gap.
        return seconds if gap == "shift" else None
    return int(local.replace(tzinfo=zone, fold=1).timestamp()) if overlap == "last" else seconds


def local(seconds, zone):
    return datetime.fromtimestamp(seconds, zone).replace(tzinfo=None)


def text(local):
    return local.strftime("%Y-%m-%dT%H:%M" if local.second == 0 else "%Y-%m-%dT%H:%M:%S")


def read(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M" if len(text) == 16 else "%Y-%m-%dT%H:%M:%S")


def end(nominal, start, length, zone, overlap):
    """The instant at which the occurrence is over."""
    if length.endswith("s"):
        return start + int(length[:-1])
    if length.startswith("u"):
        hour, minute = length[1:].split(":")
        wall = nominal.replace(hour=int(hour), minute=int(minute), second=0)
        if wall <= nominal:
            wall += timedelta(days=1)
    elif length.startswith("e"):
        wall = read(length[1:])
    else:
        wall = nominal + timedelta(days=int(length[:-1]))
    return instant(wall, zone, "shift", overlap)


def spans(case, nominals):
    """`nominal/start/end` of those that overlap the case's span, as the program under test prints them."""
    zone = ZoneInfo(case.zone)
    gap, overlap = case.dst.split(",")
    found = []
    for nominal in nominals:
        start = instant(nominal, zone, gap, overlap)
        if start is None:
            continue
        stop = end(nominal, start, case.length, zone, overlap)
        if case.kind != "at":
            stop = min(stop, start + LONGEST)
        if start < stop and start < case.until and case.since < stop:
            found.append((start, nominal, stop))
    found.sort()
    return [f"{text(nominal)}/{start}/{stop}" for start, nominal, stop in found]


def utc(moment):
    return int(moment.replace(tzinfo=timezone.utc).timestamp())
