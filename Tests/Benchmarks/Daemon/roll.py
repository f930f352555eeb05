"""One rollout over nodes that stand alone, by the daemon and by ansible-playbook: roll.py CROWD NAGI PLAYBOOK ROUNDS

Both make the same calls of each node: GetMode, ChangeMode, ChangeMode back, and a last look, so many nodes at once.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

from stage import Crowd, Daemon, cluster, median, row, until

crowd_program, nagi, playbook = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).absolute()
rounds = int(sys.argv[4])
NODES, AT_ONCE = 100, 10

ROLLOUT = f"""apiVersion: nagi/v1
kind: Rollout
metadata: {{name: roll}}
spec:
  cluster: c
  revision: "2"
  strategy: {{maxUnavailable: {AT_ONCE}}}
  sequence: {{steps: [block: {{}}, restore: {{}}]}}
"""
CALL = """      uri: {{url: "{{{{ api }}}}", method: POST, headers: {{x-sora-target: Sora_20211215.{target}}}{body}, return_content: true}}
"""


def plays():
    def task(name, target, body="", after=""):
        return f"    - name: {name}\n" + CALL.format(target=target, body=body) + after

    def change(mode):
        return f", body_format: json, body: {{mode: {mode}}}"

    wants = "      register: seen\n      failed_when: seen.json.mode != '{}'\n"
    return (f"- hosts: all\n  connection: local\n  gather_facts: false\n  serial: {AT_ONCE}\n  tasks:\n"
            + task("look", "GetMode", after=wants.format("normal"))
            + task("block", "ChangeMode", change("block_new_connection"))
            + task("open", "ChangeMode", change("normal"))
            + task("look again", "GetMode", after=wants.format("normal")))


def by_daemon():
    crowd = Crowd(crowd_program, NODES)
    daemon = Daemon(nagi, {
        "cluster.yaml": cluster("c", crowd.nodes, f"  budget: {{maxUnavailable: {AT_ONCE}}}\n"), "roll.yaml": ROLLOUT})
    changes = []

    def is_through():
        changes.extend(crowd.counts()["changes"])
        return len(changes) >= 2 * NODES

    try:
        if not until(is_through, 120):
            sys.exit(f"only {len(changes)} changes\n" + daemon.tail())
        wall, processor = (changes[-1][2] - daemon.started) / 1e9, daemon.processor()
        if not until(lambda: not [run for run in daemon.status()["runs"] if run["phase"] == "running"], 10):
            sys.exit(f"the run has not ended: {daemon.status()['runs']}")
        return wall, processor
    finally:
        daemon.end()
        crowd.end()


def by_ansible():
    crowd = Crowd(crowd_program, NODES)
    with tempfile.TemporaryDirectory(prefix="nagi-benchmark-") as folder:
        folder = pathlib.Path(folder)
        (folder / "hosts").write_text("".join(
            f"{name} api={api} ansible_python_interpreter={pathlib.Path(playbook).parent / 'python3'}\n"
            for name, api, _ in crowd.nodes))
        (folder / "roll.yml").write_text(plays())
        environment = os.environ | {
            "ANSIBLE_HOME": str(folder), "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
            "ANSIBLE_REMOTE_TEMP": str(folder / "remote"), "LC_ALL": "C.UTF-8"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        done = subprocess.run(
            [playbook, "-i", folder / "hosts", "-f", str(AT_ONCE), folder / "roll.yml"], env=environment,
            capture_output=True, text=True)
        wall = time.monotonic() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        changes = crowd.counts()["changes"]
        if done.returncode != 0 or len(changes) != 2 * NODES:
            sys.exit(f"ansible-playbook: {len(changes)} changes\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    crowd.end()
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


ours, theirs = [], []
for _ in range(rounds):
    for _ in range(3):
        ours.append(by_daemon())
    theirs.append(by_ansible())
print(f"a rollout of {NODES} nodes, {AT_ONCE} at once, medians of {len(ours)} and {len(theirs)}")
for place, (name, target) in enumerate([("wall", 100), ("processor", 300)]):
    mine, other = [run[place] for run in ours], [run[place] for run in theirs]
    ratio = median(other) / median(mine)
    row(f"  {name}", f"≥ {target} ×",
        f"{ratio:.0f} × ({median(mine):.2f} s: {min(mine):.2f}–{max(mine):.2f}, "
        f"ansible {median(other):.1f} s: {min(other):.1f}–{max(other):.1f})", ratio >= target)
