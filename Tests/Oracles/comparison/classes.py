"""The known classes of difference. A rule belongs to one only if the difference goes away with its cause; README.md has
the table."""

from datetime import timedelta
from itertools import combinations

import rules


def of_dateutil(rule, last):
    """The name of the class, where dateutil agrees with the plain reading once the cause is taken away."""
    plain = rules.plainly(rule, last)
    words = rule.weekdays()
    if any(ordinal for _, ordinal in words) and any(not ordinal for _, ordinal in words):
        # The same rule with every plain weekday spelled out.
        highest = 53 if rule.frequency == "YEARLY" and "BYMONTH" not in rule.parts else 5
        spelled = [
            f"{number}{rules.WEEKDAYS[weekday]}" for weekday, ordinal in words
            for number in ([ordinal] if ordinal else range(1, highest + 1))]
        if rules.by_dateutil(rule.changed(BYDAY=",".join(spelled)), last) == plain:
            return "BYDAY with plain and ordinal weekdays: both are asked for, not either"
    if rule.frequency == "WEEKLY" and "BYSETPOS" in rule.parts:
        # The same rule from the first day of its first week on.
        earlier = rule.changed(COUNT=None, BYDAY=rule.parts.get("BYDAY", rules.WEEKDAYS[rule.start.weekday()]))
        earlier.parts.setdefault("BYHOUR", str(rule.start.hour))
        earlier.parts.setdefault("BYMINUTE", str(rule.start.minute))
        earlier.start = rules.period(rule, rule.start)[0] + timedelta(seconds=rule.start.second)
        found = [nominal for nominal in rules.by_dateutil(earlier, last) if nominal >= rule.start]
        if found[:rule.numbers("COUNT", [10**9])[0]] == plain:
            return "WEEKLY with BYSETPOS: positions of the first week are counted from the start"
    return None


def of_libical(rule, last, nominals):
    """The name of the class, where libical agrees with the plain reading once the cause is taken away.

    `nominals` answers with the starts by libical of another rule."""
    causes = []
    if "BYSETPOS" in rule.parts:
        causes.append(("BYSETPOS", {"BYSETPOS": None}))
    if rule.frequency == "DAILY" and any(day < 0 for day in rule.numbers("BYMONTHDAY")):
        days = [str(day) for day in rule.numbers("BYMONTHDAY") if day > 0]
        causes.append(("DAILY with negative BYMONTHDAY", {"BYMONTHDAY": ",".join(days) or None}))
    if rule.frequency == "YEARLY" and "BYMONTHDAY" in rule.parts and "BYMONTH" not in rule.parts:
        every = ",".join(map(str, range(1, 13)))
        causes.append(("YEARLY with BYMONTHDAY without BYMONTH: only the month of the start", {"BYMONTH": every}))
    if rule.frequency == "YEARLY" and "BYMONTHDAY" in rule.parts and "BYDAY" in rule.parts:
        causes.append(("YEARLY with BYMONTHDAY and BYDAY", {"BYDAY": None}))
    if rule.frequency == "WEEKLY" and "INTERVAL" in rule.parts:
        causes.append(("WEEKLY with INTERVAL: another week is the first", {"INTERVAL": None}))
    for name in ("BYHOUR", "BYMINUTE"):
        numbers = rule.numbers(name)
        if numbers != sorted(numbers):
            causes.append((f"{name} not in order", {name: ",".join(map(str, sorted(numbers)))}))
    # As few causes as explain it.
    for size in range(1, len(causes) + 1):
        for attempt in combinations(causes, size):
            without = rule
            for _, change in attempt:
                without = without.changed(**change)
            if nominals(without) == rules.plainly(without, last):
                return " + ".join(name for name, _ in attempt)
    return None
