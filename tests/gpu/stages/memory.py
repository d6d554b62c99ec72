"""E: a GPU whose memory somebody else holds: the run must end with a reason and advice, and the next one must train."""
import json
import subprocess
import sys

import torch

from stages import torchscript, trainer
from stages.torchscript import Program, Training, arithmetic

# Enough for a process to start on the GPU (its context takes half a gigabyte), and too little for the first activations of the small CNN at a batch of 60,000 images, which are 3.3 GB.
LEFT = 3 << 30

# Holds all but what is named, with plain allocations, and says so; ends with its input.
NEIGHBOUR = """
import sys, torch
free, _ = torch.cuda.mem_get_info(sys.argv[1])
held = []
while free > int(sys.argv[2]) + (256 << 20):
    held.append(torch.ones(min(free - int(sys.argv[2]), 8 << 30) >> 2, device=sys.argv[1]))
    torch.cuda.synchronize(sys.argv[1])
    free, _ = torch.cuda.mem_get_info(sys.argv[1])
print(free, flush=True)
sys.stdin.read()
"""


def run(context, report):
    if context.device == "cpu":
        report.add("a neighbour that holds the memory", None, skipped="it needs a GPU")
        return
    neighbour = subprocess.Popen([sys.executable, "-c", NEIGHBOUR, context.device, str(LEFT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if not report.attempt("the neighbour", held, neighbour):
            return
        report.attempt("a program that needs more than is left", program_alone, context)
        report.attempt("a run that needs more than is left", run_of_trainer, context)
    finally:
        neighbour.kill()
        neighbour.wait()
    report.attempt("a run once the neighbour has gone", run_after, context)


def held(neighbour):
    told = neighbour.stdout.readline()
    return bool(told), dict(left_bytes=int(told)) if told else dict(error=f"it ended with {neighbour.wait()}; the stage's log says why")


def program_alone(context):
    """In a process of its own: this one would keep the memory that it took, and the trainer after it would have none to start with."""
    code = ("import json, sys; sys.path.insert(0, sys.argv[1])\nfrom types import SimpleNamespace\nfrom stages import memory\n"
            "print(json.dumps(memory.program(SimpleNamespace(**json.loads(sys.argv[2])))))")
    told = subprocess.run([sys.executable, "-W", "ignore", "-c", code, sys.path[0], json.dumps(dict(device=context.device, programs=context.programs, mnist=context.mnist))],
                          capture_output=True, text=True, timeout=45)
    return tuple(json.loads(told.stdout)) if told.returncode == 0 else (False, dict(error=f"it ended with {told.returncode}: {told.stderr[-800:]}"))


def program(context):
    """Whether torch's words are among those that the trainer knows (Failures.cs)."""
    pixels, labels = torchscript.mnist(context.mnist)
    try:
        with arithmetic("fp32", False, context.device, "gpu"):
            training = Training(Program(context.programs, "small-cnn"), "gpu", context.device, pixels, labels, initial="random")
            training.take(torch.arange(len(labels)).to(context.device), 0, 1, len(labels), torch.full((1,), 0.01, dtype=torch.float64), torch.zeros(1, dtype=torch.int64))[0].tolist()
    except RuntimeError as failure:
        words = str(failure).splitlines()[-1]
        return any(known in str(failure) for known in ("out of memory", "STATUS_ALLOC_FAILED", "ALLOCATION_FAILED", "unable to find an engine")), dict(words=words[:500])
    return False, dict(error="it trained, although the memory was held")


def run_of_trainer(context):
    why = trainer.why_not(context)
    if why:
        return None, dict(skipped=why)
    with trainer.Trainer(context, {"model": {"kind": "small-cnn"}, "batchSize": 60000, "epochs": 1}, context.device) as big:
        after, last = big.rest(limit=30)
    return last["type"] == "failed" and "memory" in last["reason"] and bool(last.get("remedy")), dict(after=after, **last)


def run_after(context):
    why = trainer.why_not(context)
    if why:
        return None, dict(skipped=why)
    with trainer.Trainer(context, {"epochs": 1}, context.device) as small:
        after, last = small.rest(limit=30)
    return last["type"] == "finished", dict(after=after, **last)
