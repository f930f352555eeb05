"""What the rows have in common: the crowd, a daemon, and what the system says of a process."""

import json
import math
import os
import pathlib
import shutil
import subprocess
import tempfile
import time


class Crowd:
    """Many nodes in another process."""

    def __init__(self, program, count, cluster_size=1):
        self.process = subprocess.Popen(
            [program, str(count), str(cluster_size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ports = json.loads(self.process.stdout.readline())
        self.nodes = [
            (f"node-{10_000 + place}", f"http://127.0.0.1:{ports[2 * place]}/",
             f"http://127.0.0.1:{ports[2 * place + 1]}/.ok")
            for place in range(count)
        ]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def counts(self):
        """What came in since this was asked for last."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


class Daemon:
    """`nagi daemon` with a state directory of its own."""

    def __init__(self, nagi, policies):
        self.nagi = nagi
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nagi-benchmark-"))
        (self.folder / "policies").mkdir()
        self.log = open(self.folder / "log", "w+")
        for name, text in policies.items():
            (self.folder / "policies" / name).write_text(text)
        self.started = time.time_ns()
        self.process = subprocess.Popen(
            [nagi, "daemon", self.folder / "policies", "--state", self.folder / "state", "--listen", "127.0.0.1:0"],
            stdout=self.log, stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    @property
    def pid(self):
        return self.process.pid

    def status(self):
        answer = subprocess.run(
            [self.nagi, "status", "--state", self.folder / "state", "--format", "json"], capture_output=True, text=True)
        return json.loads(answer.stdout) if answer.returncode == 0 else None

    def processor(self):
        """Seconds of processor so far."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """MiB that are resident, and the most that ever were."""
        lines = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return int(sizes["VmRSS"]) / 1024, int(sizes["VmHWM"]) / 1024

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def tail(self):
        """The end of what it wrote."""
        return (self.folder / "log").read_text()[-2000:]

    def end(self):
        self.process.terminate()
        self.process.wait(15)
        self.log.close()
        shutil.rmtree(self.folder)


def cluster(name, nodes, spec="", topology="standalone"):
    rows = "\n".join(f'    - {{name: {node}, api: "{api}", ready: "{ready}"}}' for node, api, ready in nodes)
    return (f"apiVersion: nagi/v1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec:\n  topology: {topology}\n"
            f"  nodes:\n{rows}\n{spec}")


def until(condition, seconds):
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def quantile(values, share):
    """The smallest value that so large a share is not above."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def median(values):
    return sorted(values)[len(values) // 2]


def row(name, target, measured, is_met):
    verdict = {None: "", True: "reached", False: "MISSED"}[is_met]
    print(f"{name:<58}  {target:<12}  {measured:<40}  {verdict}", flush=True)
