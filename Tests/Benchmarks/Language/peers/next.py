"""Next occurrences by python-dateutil, called like next.go: next.py rrule ZONE RULE QUERIES ANSWERS NUMBER"""

import sys
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

zone = ZoneInfo(sys.argv[2])
start, text = sys.argv[3].removeprefix("DTSTART=").split(";", 1)
start = datetime.strptime(start, "%Y%m%dT%H%M%S").replace(tzinfo=zone)
rule = rrulestr("RRULE:" + text, dtstart=start)
with open(sys.argv[4]) as file:
    queries = [datetime.fromtimestamp(int(line), zone) for line in file][: int(sys.argv[6])]


def following(query):
    # Begun anew two months before: from its own start it would count through all the years.
    begin = (query - timedelta(days=62)).replace(hour=start.hour, minute=start.minute, second=0, fold=0)
    return int(rule.replace(dtstart=begin).after(query).timestamp())


with open(sys.argv[5], "w") as file:
    file.writelines(f"{following(query)}\n" for query in queries)
print("ready", flush=True)
for _ in sys.stdin:
    begun = time.process_time_ns()
    for query in queries:
        following(query)
    print(time.process_time_ns() - begun, flush=True)
