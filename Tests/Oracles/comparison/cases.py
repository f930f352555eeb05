"""Random windows. The same seed gives the same cases."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import walls

ZONES = [
    "America/New_York",  # an hour, northern
    "Europe/Berlin",
    "Europe/Dublin",  # negative: winter is the exception
    "Australia/Sydney",  # southern
    "Australia/Lord_Howe",  # half an hour
    "America/Santiago",  # changes at midnight, and its rules changed often
    "Pacific/Apia",  # no 30 December 2011
    "Asia/Tokyo",  # none
    "UTC",
]
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@dataclass
class Case:
    id: str
    zone: str
    kind: str
    rule: str
    # DTSTART of a rule, the first date of the others; None: none.
    start: datetime | None
    length: str
    since: int
    until: int
    dst: str

    def line(self):
        start = walls.text(self.start) if self.start else "-"
        fields = [self.id, self.zone, self.kind, self.rule, start, self.length, str(self.since), str(self.until), self.dst]
        return "\t".join(fields)


class Cases:
    def __init__(self, seed):
        self.seed = seed

    def random(self, id):
        return random.Random(f"{self.seed} {id}")

    def time(self, r):
        """Often where clocks change."""
        if r.random() < 0.7:
            return r.choice([(0, 0), (0, 30), (1, 0), (1, 30), (1, 59), (2, 0), (2, 15), (2, 30), (3, 0), (23, 30)])
        return r.randrange(24), r.randrange(60)

    def date(self, r, zone):
        if zone == "Pacific/Apia" and r.random() < 0.5:
            return datetime(2011, 1, 1) + timedelta(days=r.randrange(400))
        return datetime(2004, 1, 1) + timedelta(days=r.randrange(365 * 26))

    def length(self, r):
        kind = r.random()
        if kind < 0.5:
            return f"{r.choice([1, 600, 1800, 3600, 5400, 7200, 10800, 86400, 200000])}s"
        if kind < 0.8:
            return "u%02d:%02d" % self.time(r)
        return f"{r.choice([1, 1, 2, 3, 7])}d"

    def dst(self, r):
        if r.random() < 0.6:
            return "shift,first"
        return r.choice(["shift", "skip"]) + "," + r.choice(["first", "last"])

    def span(self, r, start, days):
        since = walls.utc(start) + (r.randrange(days * 86400) if r.random() < 0.5 else -3 * 86400)
        return since, since + r.randrange(1, days) * 86400

    def case(self, r, id, kind, rule, zone, start, days, length=None):
        since, until = self.span(r, start, days)
        return Case(id, zone, kind, rule, start, length or self.length(r), since, until, self.dst(r))

    def weekly(self, id):
        r = self.random(id)
        zone = r.choice(ZONES)
        days = r.sample(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], r.choice([1, 1, 2, 3, 7]))
        rule = ",".join(days) + " %02d:%02d" % self.time(r)
        return self.case(r, id, "weekly", rule, zone, self.date(r, zone), 900)

    def at(self, id):
        r = self.random(id)
        zone = r.choice(ZONES)
        nominal = self.date(r, zone).replace(hour=(time := self.time(r))[0], minute=time[1])
        length = self.length(r)
        if r.random() < 0.3:
            length = "e" + walls.text(nominal + timedelta(minutes=r.randrange(1, 5000)))
        since = walls.utc(nominal) - r.randrange(3 * 86400)
        return Case(id, zone, "at", walls.text(nominal), None, length, since, since + 10 * 86400, self.dst(r))

    def cron(self, id):
        r = self.random(id)
        zone = r.choice(ZONES)
        hour, minute = self.time(r)
        fields = [
            self.cron_field(r, 0, 59, [], str(minute), 0.7),
            self.cron_field(r, 0, 23, [], str(hour), 0.6),
            self.cron_field(r, 1, 31, [], "*", 0.5, ["L", "1,L", "L,15"]),
            self.cron_field(r, 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec".split(), "*", 0.6),
            self.cron_field(
                r, 0, 7, "sun mon tue wed thu fri sat".split(), "*", 0.4,
                ["sun#2", "mon#1", "fri#5", "friL", "0L", "sat#1,sat#3", "wed#4,mon", "7#3"]),
        ]
        return self.case(r, id, "cron", " ".join(fields), zone, self.date(r, zone), 120)

    def cron_field(self, r, low, high, names, usual, often, special=()):
        if r.random() < often:
            return usual
        if special and r.random() < 0.5:
            return r.choice(special)
        items = []
        for _ in range(r.choice([1, 1, 2, 3])):
            a, b = sorted((r.randint(low, high), r.randint(low, high)))
            form = r.random()
            if form < 0.4:
                named = names and r.random() < 0.5
                items.append(names[(a - low) % len(names)] if named else str(a))
            elif form < 0.6:
                items.append(f"{a}-{b}")
            elif form < 0.75:
                items.append(f"{a}-{b}/{r.randint(1, 5)}")
            elif form < 0.9:
                items.append(f"*/{r.randint(1, 6)}")
            else:
                items.append("*")
        return ",".join(items)

    def rule(self, id):
        r = self.random(id)
        zone = r.choice(ZONES)
        hour, minute = self.time(r)
        start = self.date(r, zone).replace(hour=hour, minute=minute, second=30 if r.random() < 0.05 else 0)
        frequency = r.choice(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
        days = {"DAILY": 500, "WEEKLY": 1200, "MONTHLY": 2500, "YEARLY": 5000}[frequency]
        parts = [f"FREQ={frequency}"]
        if r.random() < 0.5:
            parts.append(f"INTERVAL={r.choice([1, 2, 2, 3, 4, 5, 6, 7, 12, 13] if frequency != 'YEARLY' else [1, 2, 3, 4])}")
        limits = self.limits(r, frequency)
        parts += limits
        if limits and r.random() < 0.25:
            positions = r.sample([1, 1, 2, 3, 4, 5, -1, -1, -2, -3], r.choice([1, 1, 2]))
            parts.append("BYSETPOS=" + ",".join(str(p) for p in dict.fromkeys(positions)))
        if r.random() < 0.35:
            parts.append("WKST=" + r.choice(WEEKDAYS))
        bound = r.random()
        if bound < 0.3:
            parts.append(f"COUNT={r.choice([1, 2, 3, 5, 10, 30, 100, 400])}")
        elif bound < 0.55:
            last = start + timedelta(days=r.randrange(1, days), hours=r.choice([0, 0, 1, -1, 7]))
            parts.append("UNTIL=" + last.strftime(r.choice(["%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ", "%Y%m%d"])))
        head, *rest = parts
        r.shuffle(rest)
        return self.case(r, id, "rrule", ";".join([head] + rest), zone, start, days)

    def limits(self, r, frequency):
        parts = []
        months = []
        if r.random() < 0.3:
            months = r.sample(range(1, 13), r.choice([1, 1, 2, 3, 6]))
            parts.append("BYMONTH=" + ",".join(map(str, months)))
        if frequency != "WEEKLY" and r.random() < 0.35:
            days = [r.choice([-1, 1]) * r.randint(1, 31) for _ in range(r.choice([1, 1, 2, 5, 12]))]
            if r.random() < 0.3:
                days.append(r.choice([-1, 31, 30, 29, -31]))
            parts.append("BYMONTHDAY=" + ",".join(map(str, dict.fromkeys(days))))
        if r.random() < 0.5:
            parts.append("BYDAY=" + self.weekdays(r, frequency, bool(months)))
        if r.random() < 0.25:
            hours = {self.time(r)[0] for _ in range(r.choice([1, 2, 3]))}
            parts.append("BYHOUR=" + ",".join(map(str, r.sample(sorted(hours), len(hours)))))
        if r.random() < 0.2:
            minutes = {self.time(r)[1] for _ in range(r.choice([1, 2, 3]))}
            parts.append("BYMINUTE=" + ",".join(map(str, r.sample(sorted(minutes), len(minutes)))))
        return parts

    def weekdays(self, r, frequency, in_month):
        days = r.sample(WEEKDAYS, r.choice([1, 1, 2, 3, 5]))
        if frequency in ("DAILY", "WEEKLY") or r.random() < 0.35:
            return ",".join(days)
        highest = 53 if frequency == "YEARLY" and not in_month else 5
        mixed = r.random() < 0.15
        words = []
        for day in days:
            ordinal = r.choice([1, 2, 3, 4, 5, -1, -2, r.randint(1, highest), -r.randint(1, highest)])
            words.append(day if mixed and r.random() < 0.5 else f"{'+' if ordinal > 0 and r.random() < 0.1 else ''}{ordinal}{day}")
        return ",".join(words)
