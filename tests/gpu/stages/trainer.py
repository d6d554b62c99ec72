"""The packed trainer as a child process, spoken to as the hub does: JSON lines in, JSON lines out."""
import json
import os
import queue
import subprocess
import tempfile
import threading
import time


SELF_TEST_SECONDS = 95


def environment(context, **more):
    return {**os.environ, "EXPERIMENTHUB_LIBTORCH": context.libtorch, "DOTNET_ROOT": context.dotnet, "CUDA_DEVICE_ORDER": "PCI_BUS_ID", **more}


def self_test(context, **more):
    """The report of --selftest --json; None and the output where there is none."""
    try:
        # A little more than the trainer gives each GPU (GpuTrials.Limit).
        told = subprocess.run([context.trainer, "--selftest", "--json"], env=environment(context, **more), capture_output=True, text=True, timeout=SELF_TEST_SECONDS)
    except subprocess.TimeoutExpired as ended:
        return None, f"no answer within {ended.timeout:.0f} s: {(ended.stderr or b'').decode(errors='replace')[-1500:]}"
    try:
        return json.loads(told.stdout), told.stderr[-1500:]
    except ValueError:
        return None, f"exit code {told.returncode}: {(told.stdout + told.stderr)[-1500:]}"


def kept_self_test(context):
    """The same with nothing set, asked once for all stages."""
    kept = os.path.join(context.work, "self-test.json")
    if not os.path.exists(kept):
        answer = self_test(context)
        with open(kept + ".new", "w") as file:
            json.dump(answer, file)
        os.replace(kept + ".new", kept)
    with open(kept) as file:
        return tuple(json.load(file))


def why_not(context):
    """Why the trainer cannot train with this libtorch, in its own words; None where it can."""
    report, log = kept_self_test(context)
    if report is None:
        return f"the self-test said nothing ({log})"
    return None if report.get("torchVersion") and any(d["kind"] == "cpu" for d in report["devices"]) else f"{report.get('problem')} {report.get('remedy') or ''}".strip()


class Trainer:
    """A run. Every event is kept with the seconds since the process was started."""

    def __init__(self, context, spec, device, folder=None, attempt=1, resume=None, **more):
        self.folder = folder or tempfile.mkdtemp(dir=context.work)
        self.events, self._queue = [], queue.Queue()
        self.begun = time.monotonic()
        self._log = tempfile.TemporaryFile(dir=context.work)
        self.process = subprocess.Popen([context.trainer], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, env=environment(context, **more))
        threading.Thread(target=self._read, daemon=True).start()
        start = {"type": "start", "runId": "a" * 32, "attempt": attempt, "spec": spec, "device": device, "scratchFolder": self.folder, "datasetFolder": context.mnist, "appVersion": "proof"}
        if resume:
            start["resume"] = resume
        self._say(start)

    def stop(self):
        self._say({"type": "stop"})

    def until(self, *types, limit=60):
        """The next event of one of these types, or the last word; everything before it is kept."""
        end = time.monotonic() + limit
        while True:
            try:
                at, event = self._queue.get(timeout=max(0.1, end - time.monotonic()))
            except queue.Empty:
                raise RuntimeError(f"the trainer said none of {types} within {limit} s, and last {str(self.events[-1:])[-300:]}: {self.log()}") from None
            if event is None:
                raise RuntimeError(f"the trainer ended without {types}: {self.log()}")
            if "type" not in event:
                raise RuntimeError(f"the trainer wrote a line that is no event: {event['line'][:300]!r}: {self.log()}")
            self.events.append((at, event))
            if event["type"] in types or event["type"] in ("finished", "stopped", "failed"):
                return at, event

    def rest(self, limit=60):
        at, event = self.until("finished", limit=limit)
        self.process.stdin.close()
        self.process.wait(timeout=10)
        return at, event

    def of(self, kind):
        return [event for _, event in self.events if event["type"] == kind]

    def log(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-1500:]

    def _say(self, command):
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
        except OSError:
            # It has ended; whoever waits for its words learns that, with its log.
            pass

    def _read(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
                event["type"]
            except (ValueError, TypeError, KeyError):
                event = {"line": line}
            self._queue.put((time.monotonic() - self.begun, event))
        self._queue.put((0, None))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()
