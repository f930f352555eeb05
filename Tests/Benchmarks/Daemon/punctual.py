"""From the opening of a window to the first ChangeMode at a node: punctual.py CROWD NAGI OPENINGS

Clusters of three nodes take turns, so that one opens each second. A window is open for one second: its node is given back,
and there is time for that before the next one.
"""

import datetime
import sys
import time

from stage import Crowd, Daemon, cluster, quantile, row, until

crowd_program, nagi, openings = sys.argv[1], sys.argv[2], int(sys.argv[3])
CLUSTERS, NODES = 5, 3
WARM_UP = 8

crowd = Crowd(crowd_program, CLUSTERS * NODES, NODES)
start = int(time.time()) + WARM_UP
opens = [[] for _ in range(CLUSTERS)]
for number in range(openings):
    opens[number % CLUSTERS].append(start + number)


def window(at):
    text = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"    - {{name: w{at}, at: {text}, duration: 1s, timeZone: UTC}}\n"


texts = {}
for number in range(CLUSTERS):
    name = f"c{number}"
    texts[f"{name}.yaml"] = cluster(
        name, crowd.nodes[number * NODES:(number + 1) * NODES], topology="clustered") + (
        f"---\napiVersion: nagi/v1\nkind: MaintenanceWindow\nmetadata: {{name: {name}}}\nspec:\n  cluster: {name}\n"
        f"  sequence: drain-then-block\n  windows:\n{''.join(map(window, opens[number]))}")

daemon = Daemon(nagi, texts)
try:
    changes = []
    end = start + openings + 2
    while time.time() < end:
        time.sleep(min(5, max(0.1, end - time.time())))
        changes += crowd.counts()["changes"]
    # The first change of each window: those that give back come after it.
    late = []
    for number in range(openings):
        at = (start + number) * 10**9
        mine = [when - at for node, mode, when in changes
                if node // NODES == number % CLUSTERS and mode != "normal" and 0 <= when - at < 10**9]
        if mine:
            late.append(min(mine) / 1e6)
    if len(late) < openings:
        print(f"only {len(late)} of {openings} windows opened\n" + daemon.tail())
    p99 = quantile(late, 0.99)
    print(f"{openings} openings of windows, three nodes each")
    row("  from the opening to ChangeMode at the node, p99", "≤ 10 ms",
        f"{p99:.1f} ms (p50 {quantile(late, 0.5):.1f}, longest {max(late):.1f})",
        p99 <= 10 and len(late) == openings)
finally:
    daemon.end()
    crowd.end()
