#!/usr/bin/env python3
"""Proves on a machine with an NVIDIA GPU what the hub's trainer does there. Usage: proof.py [--device cuda:0|cpu] [--out FOLDER] [--only BD] [--quick]

It needs Linux, Python with torch, and what lies beside it (pack.sh makes it): no .NET, no network. Each stage is a process with a time limit, so that one that crashes or hangs costs its own
figures and no other's. Everything is over within eight minutes. The figures go to FOLDER (default: figures): figures.json and summary.md. The exit code is 0 where nothing that was tried failed.
"""
import argparse
import ctypes
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ALL_SECONDS = 480

# Letter (--only takes the first), function, what it is, its seconds. The first import of torch on a cold machine alone can take half a minute.
STAGES = [
    ("A", "driver.run", "driver, libraries and missing symbols", 90),
    ("B1", "programs.measure", "what decides how programs are written for a GPU", 80),
    ("B2", "programs.on_gpu", "the trainer's programs in Python's own torch, on the GPU", 90),
    ("B3", "programs.on_cpu", "the trainer's programs in Python's own torch, on the CPU", 60),
    ("C", "selftest.run", "the trainer's self-test", 100),
    ("D", "training.run", "training: precisions, resume, stop, first step", 120),
    ("E", "memory.run", "too little memory beside a neighbour", 90),
    ("F", "devices.run", "devices that are not there, and PCI addresses", 45),
    ("G", "speed.run", "images a second on CPU and GPU", 150),
]


class Context:
    """What the stages are given; the same in every process of a proof."""

    def __init__(self, arguments, work):
        self.device, self.quick, self.work = arguments.device, arguments.quick, work
        self.programs = os.path.join(HERE, "programs")
        self.mnist = os.path.join(work, "mnist")
        self.trainer = os.path.join(work, "trainer", "ExperimentHub.Trainer")
        self.dotnet = os.path.join(work, "dotnet")
        self.libtorch = arguments.libtorch


class Report:
    """One line of JSON for each thing that was tried, written at once: a stage that is ended keeps what it has."""

    def __init__(self, path):
        self._file = open(path, "a", buffering=1)

    def add(self, what, ok, **figures):
        """ok: True, False, or None where something is only measured or was left out (figures then say 'skipped')."""
        self._file.write(json.dumps({"what": what, "ok": ok, **figures}) + "\n")

    def attempt(self, what, function, *arguments):
        try:
            ok, figures = function(*arguments)
        except Exception as failure:
            ok, figures = False, dict(error=f"{type(failure).__name__}: {str(failure).strip()[-1500:]}")
        self.add(what, ok, **figures)
        return ok


def unpack(work):
    os.makedirs(os.path.join(work, "mnist"))
    for name in os.listdir(os.path.join(HERE, "mnist")):
        with gzip.open(os.path.join(HERE, "mnist", name)) as packed, open(os.path.join(work, "mnist", name[:-3]), "wb") as plain:
            shutil.copyfileobj(packed, plain)
    with tarfile.open(os.path.join(HERE, "trainer.tar.gz")) as archive:
        archive.extractall(work, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))


def adopt_orphans():
    """From here on, what a stage leaves behind becomes a child of this process, whatever session or group it made for itself (the trainer makes one)."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def descendants():
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                # The name of the program, which may hold anything, ends with the last parenthesis; then state and parent.
                parent = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(name))
    found, open_ends = [], [os.getpid()]
    while open_ends:
        below = children.get(open_ends.pop(), [])
        found += below
        open_ends += below
    return found


def end_what_is_left():
    """Kills all that was started from here and still runs. A process that hangs in the driver may outlive that; it is not waited for."""
    end = time.monotonic() + 5
    while time.monotonic() < end and (left := descendants()):
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        time.sleep(0.05)


def run_stage(letter, function, limit, arguments, work):
    """A stage in a process of its own; whatever is left of it at its end is killed."""
    lines, log = os.path.join(work, f"{letter}.jsonl"), os.path.join(work, f"{letter}.log")
    begun = time.monotonic()
    with open(log, "wb") as output:
        process = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--stage", function, "--work", work, "--lines", lines, "--device", arguments.device, "--libtorch", arguments.libtorch]
                                   + (["--quick"] if arguments.quick else []), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            ending = process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            ending = None
        end_what_is_left()
    results = [json.loads(line) for line in open(lines)] if os.path.exists(lines) else []
    if ending != 0:
        with open(log, errors="replace") as text:
            results.append({"what": f"stage {letter} to its end", "ok": False,
                            "error": f"ended after its limit of {limit:.0f} s" if ending is None else f"ended with {ending}", "log": text.read()[-2000:]})
    return {"seconds": round(time.monotonic() - begun, 1), "limit": round(limit), "results": results}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0", help="cuda:N, or cpu for a rehearsal without a GPU")
    parser.add_argument("--out", default="figures")
    parser.add_argument("--only", default="ABCDEFG", help="letters of the stages")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a rehearsal")
    parser.add_argument("--libtorch", help="the folder with libtorch_cpu.so that the trainer uses; default: that of Python's torch")
    for hidden in ("--stage", "--work", "--lines"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    # cuda:N is what nvidia-smi calls N, for Python's torch as for the trainer.
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    if arguments.libtorch is None:
        # Without importing it: a torch that does not load is a finding of stage A.
        import importlib.util
        found = importlib.util.find_spec("torch")
        arguments.libtorch = os.path.join(os.path.dirname(found.origin), "lib") if found else ""
    if arguments.stage:
        import importlib
        sys.path.insert(0, HERE)
        module, function = arguments.stage.split(".")
        getattr(importlib.import_module("stages." + module), function)(Context(arguments, arguments.work), Report(arguments.lines))
        return 0

    from stages import summary
    adopt_orphans()
    begun = time.monotonic()
    work = tempfile.mkdtemp(prefix="gpu-proof-")
    proof = {"device": arguments.device, "quick": arguments.quick, "startedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "stages": {}}
    try:
        unpack(work)
        for letter, function, title, limit in STAGES:
            if letter[0] not in arguments.only:
                continue
            left = ALL_SECONDS - (time.monotonic() - begun)
            print(f"{letter}: {title} ...", flush=True)
            # A rehearsal shares its machine with others.
            stage = run_stage(letter, function, min(limit * (2 if arguments.quick else 1), left), arguments, work) if left > 5 else {"seconds": 0, "limit": 0, "results": [{"what": f"stage {letter}", "ok": False, "error": "no time was left"}]}
            proof["stages"][letter] = {"title": title, **stage}
            counts = summary.counts(stage["results"])
            print(f"   {counts['held']} held, {counts['failed']} failed, {counts['only']} measured or left out, {stage['seconds']} s", flush=True)
            # After each, so that a machine that is taken away leaves what there is.
            proof["seconds"], proof["trainer"] = round(time.monotonic() - begun, 1), summary.trainer(proof)
            summary.write(arguments.out, proof)
    finally:
        end_what_is_left()
        shutil.rmtree(work, ignore_errors=True)
    failed = sum(summary.counts(stage["results"])["failed"] for stage in proof["stages"].values())
    print(f"The trainer itself: {summary.trainer(proof)}\n{failed} failed; the figures are in {os.path.abspath(arguments.out)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
