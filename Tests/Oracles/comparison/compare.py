"""Compares the occurrences of the calendar with those of other programs, over random windows.

usage: compare.py OCCURRENCES LIBICAL SEED COUNT

OCCURRENCES and LIBICAL are the two programs of this folder; COUNT is that of recurrence rules. The exit code is 1 where
a difference belongs to none of the classes of README.md, or the rule that settles it does not confirm the calendar."""

import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import classes
import cron
import rules
import walls
from cases import Cases

LAST_YEAR = datetime(2037, 12, 1)


def ask(program, lines):
    done = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"{program} ended with {done.returncode}: {done.stderr[-500:]}")
    return dict(line.split("\t", 1) for line in done.stdout.splitlines())


def last_local(case):
    return walls.local(case.until, ZoneInfo("UTC")) + timedelta(days=3)


def weekly(case):
    days, time = case.rule.split()
    wanted = [["mon", "tue", "wed", "thu", "fri", "sat", "sun"].index(day) for day in days.split(",")]
    hour, minute = map(int, time.split(":"))
    day = case.start.replace(hour=hour, minute=minute)
    found = []
    while day <= last_local(case):
        if day.weekday() in wanted:
            found.append(day)
        day += timedelta(days=1)
    return found


def rule_spans(case, nominals, limit):
    """An UNTIL in UTC bounds the resolved starts."""
    found = walls.spans(case, nominals)
    return found if limit is None else [span for span in found if int(span.split("/")[1]) <= limit]


class Comparison:
    def __init__(self, name):
        self.name = name
        self.equal = 0
        self.occurrences = 0
        self.classes = Counter()
        self.unexplained = []

    def note(self, case, ours, theirs, explain=None):
        if ours == theirs:
            self.equal += 1
            self.occurrences += len(theirs)
            return
        why = explain() if explain else None
        if why:
            self.classes[why] += 1
        else:
            self.unexplained.append((case, ours, theirs))

    def report(self):
        total = self.equal + sum(self.classes.values()) + len(self.unexplained)
        print(f"{self.name}: {total} windows, {self.equal} equal with {self.occurrences} occurrences, "
              f"{sum(self.classes.values())} explained, {len(self.unexplained)} unexplained")
        for name, number in sorted(self.classes.items()):
            print(f"    {number:5}  {name}")
        for case, ours, theirs in self.unexplained[:8]:
            print("    UNEXPLAINED", case.line().replace("\t", " | "))
            print("        ours  ", difference(ours, theirs))
            print("        theirs", difference(theirs, ours))
        return not self.unexplained and self.equal > 0


def difference(some, others):
    known = set(others)
    odd = [span for span in some if span not in known]
    return f"{len(some)} in all, {len(odd)} of its own: {' '.join(odd[:4])}"


def main():
    occurrences, libical, seed, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    made = Cases(seed)
    simple = [(made.weekly(f"weekly-{n}"), weekly) for n in range(count // 5)]
    simple += [(made.at(f"at-{n}"), lambda case: [walls.read(case.rule)]) for n in range(count // 5)]
    simple += [
        (made.cron(f"cron-{n}"), lambda case: cron.nominals(case, case.start, last_local(case)))
        for n in range(count // 5)]
    ruled = [made.rule(f"rule-{n}") for n in range(count)]
    ours = ask(occurrences, [case.line() for case, _ in simple] + [case.line() for case in ruled])

    results = []
    for kind in ("weekly", "at", "cron"):
        comparison = Comparison(f"{kind}, a plain reading in Python")
        for case, nominals in simple:
            if case.kind == kind:
                comparison.note(case, ours[case.id].split(), walls.spans(case, nominals(case)))
        results.append(comparison)
    results += compare_rules(ruled, ours, libical)
    print(f"seed {seed}")
    fine = [comparison.report() for comparison in results]
    zones = Counter(case.zone for case in ruled)
    print("rules by zone: " + ", ".join(f"{zone} {number}" for zone, number in sorted(zones.items())))
    sys.exit(0 if all(fine) else 1)


def question(id, rule, last):
    return f"{id}\t{rule.text()}\t{rule.start:%Y%m%dT%H%M%S}\t{min(last, LAST_YEAR):%Y%m%dT%H%M%S}"


def read_nominals(answer):
    return [] if "!" in answer else [datetime.strptime(time, "%Y-%m-%dT%H:%M:%S") for time in answer.split()]


def nominals_of(libical, rule, last):
    return read_nominals(ask(libical, [question("other", rule, last)])["other"])


def compare_rules(ruled, ours, libical):
    by_dateutil, by_libical = Comparison("rrule, python-dateutil"), Comparison("rrule, libical")
    refused = Comparison("rrule, refused by the calendar")
    asked = []
    for case in ruled:
        rule, _ = rules.bounded(rules.Rule(case.rule, case.start))
        last = min(last_local(case), LAST_YEAR)
        asked.append(question(case.id, rule, last))
    theirs = ask(libical, asked)
    for case in ruled:
        rule, limit = rules.bounded(rules.Rule(case.rule, case.start))
        last = last_local(case)
        own = ours[case.id]
        if own.startswith("!"):
            # Nothing that has an occurrence may be refused.
            why = own[1:] if not rules.plainly(rule, case.start + timedelta(days=4500)) else None
            refused.note(case, [own], [], lambda: f"has no occurrence: {why}" if why else None)
            continue
        whole = own = own.split()

        def settled():
            return rule_spans(case, rules.plainly(rule, last), limit) == whole

        found = rule_spans(case, rules.by_dateutil(rule, last), limit)
        by_dateutil.note(case, own, found, lambda: settled() and classes.of_dateutil(rule, last))

        nominals = read_nominals(theirs[case.id])
        if last > LAST_YEAR:
            own = [span for span in own if span[:4] < "2037"]
            found = [span for span in rule_spans(case, nominals, limit) if span[:4] < "2037"]
        else:
            found = rule_spans(case, nominals, limit)
        by_libical.note(
            case, own, found, lambda: settled() and ("no answer in half a second" if "gave up" in theirs[case.id] else classes.of_libical(rule, min(last, LAST_YEAR), lambda other: nominals_of(libical, other, last))))
    refused.equal = refused.equal or 1
    return [by_dateutil, by_libical, refused]


main()
