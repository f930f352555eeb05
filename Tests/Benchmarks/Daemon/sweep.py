"""How fast the daemon reads a thousand nodes, beside wrk on the same server: sweep.py CROWD NAGI ROUNDS"""

import pathlib
import subprocess
import sys
import tempfile
import time

from stage import Crowd, Daemon, cluster, median, row, until

crowd_program, nagi, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
NODES = 1_000
SCRIPT = """wrk.method = "POST"
wrk.headers["x-sora-target"] = "Sora_20211215.GetMode"
wrk.headers["Content-Length"] = "0"
"""


def by_daemon(crowd):
    """Asked for ten reads of each node a second, which nobody manages: it reads as fast as it can."""
    daemon = Daemon(nagi, {
        "cluster.yaml": cluster("c", crowd.nodes, "  observe: {interval: 100ms, staleAfter: 20s}\n"),
        "night.yaml": "apiVersion: nagi/v1\nkind: MaintenanceWindow\nmetadata: {name: night}\nspec:\n  cluster: c\n"
                      "  windows: [{name: far, at: 2099-01-01T00:00, duration: 1h, timeZone: UTC}]\n  sequence: drain-then-block\n"})
    try:
        calls = 0

        def are_all_read():
            nonlocal calls
            calls += crowd.counts()["calls"].get("GetMode", 0)
            return calls > 3 * NODES

        if not until(are_all_read, 30):
            sys.exit("the nodes were not read\n" + daemon.tail())
        before, begun = daemon.processor(), time.monotonic()
        crowd.counts()
        time.sleep(4)
        counts = crowd.counts()
        took, processor = time.monotonic() - begun, daemon.processor() - before
        calls = sum(counts["calls"].values())
        return calls / took, counts["calls"]["GetMode"] / took, processor / calls * 1e6, counts["connections"] / calls
    finally:
        daemon.end()


def by_wrk(crowd):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT)
        script.flush()
        text = subprocess.run(
            ["wrk", "-t1", "-c64", "-d4s", "-s", script.name, crowd.nodes[0][1]], capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Requests/sec:" not in text:
        sys.exit(f"wrk measured nothing:\n{text}")
    return float(text.split("Requests/sec:")[1].split()[0])


crowd = Crowd(crowd_program, NODES)
try:
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(by_wrk(crowd))
        ours.append(by_daemon(crowd))
finally:
    crowd.end()
rate, reads, each, connects = (median([run[place] for run in ours]) for place in range(4))
ratio = rate / median(theirs)
rates = [run[0] for run in ours]
print(f"{NODES} nodes read as fast as it goes, medians of {rounds} interleaved rounds")
row("  calls, beside wrk with 64 connections", "≥ 0.4 ×",
    f"{ratio:.2f} × ({rate:.0f}/s: {min(rates):.0f}–{max(rates):.0f}, wrk {median(theirs):.0f}/s)", ratio >= 0.4)
row("  whole reads", "", f"{reads:.0f}/s, all in {NODES / reads:.2f} s", None)
row("  processor for each call", "", f"{each:.0f} µs, {connects:.2f} connections for each call", None)
