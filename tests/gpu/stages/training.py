"""D: real training on MNIST: the precisions, going on after a stop, how soon it stops, how soon the first step is done. By the trainer where it loads, and always by its programs in Python's torch."""
import statistics
import subprocess
import sys
import time

import torch

from stages import torchscript, trainer
from stages.torchscript import Program, Training, arithmetic

# Of the mean training loss of an epoch, against fp32.
CLOSE = {"fp32": 0, "tf32": 0.05, "bf16": 0.1}
SMALL_CNN = {"model": {"kind": "small-cnn"}, "batchSize": 256, "epochs": 2}
ADAM = {"kind": "adam", "learningRate": 0.002}


def run(context, report):
    report.attempt("time to the first step, programs", first_step, context)
    with_programs(context, report)
    why = trainer.why_not(context)
    if why:
        report.add("the trainer", None, skipped=f"it does not train with this libtorch: {why}")
        return
    by_trainer(context, report)


def with_programs(context, report):
    pixels, labels = torchscript.mnist(context.mnist)
    if context.quick:
        pixels, labels = pixels[:6000], labels[:6000]
    style, losses = ("cpu" if context.device == "cpu" else "gpu"), {}

    def epoch(program, batch, precision, rate):
        with arithmetic(precision, False, context.device, style):
            torch.manual_seed(1)
            order = torch.randperm(len(labels)).to(context.device)
            steps = (len(labels) + batch - 1) // batch
            rates, seeds = torch.full((steps,), rate, dtype=torch.float64), torch.zeros(steps, dtype=torch.int64)
            # What is loaded at the first steps (the context, cuBLAS, cuDNN) is no part of an epoch's time.
            Training(program, style, context.device, pixels, labels, initial="random").take(order, 0, min(2, steps), batch, rates[:2], seeds[:2])[0].tolist()
            torch.manual_seed(1)
            training = Training(program, style, context.device, pixels, labels, initial="random")
            torchscript.wait(context.device)
            begun = time.perf_counter()
            told, right = training.take(order, 0, steps, batch, rates, seeds)
            told = told.tolist()
            seconds = time.perf_counter() - begun
        loss = statistics.fmean(told)
        losses[(program.spec["model"]["kind"], precision)] = loss
        first = losses[(program.spec["model"]["kind"], "fp32")]
        ok = loss < told[0] and abs(loss - first) <= CLOSE[precision] * first
        return ok, dict(loss=loss, accuracy_while_training=right.item() / len(labels), seconds=seconds)

    for name, low, batch, rate in (("tutorial", "tutorial", 32, 0.01), ("small-cnn", "small-cnn-bf16", 256, 0.05)):
        for precision in ("fp32", "tf32", "bf16") if context.device != "cpu" else ("fp32",):
            if precision == "bf16" and name == "tutorial":
                continue
            report.attempt(f"one epoch of {name} by its program, {precision}", epoch, Program(context.programs, low if precision == "bf16" else name), batch, precision, rate)


def first_step(context):
    """A process of its own, so that loading torch and CUDA is in it."""
    code = ("import sys; sys.path.insert(0, sys.argv[1])\nfrom stages.torchscript import *\n"
            "p = Program(sys.argv[2], 'small-cnn'); s = 'cpu' if sys.argv[3] == 'cpu' else 'gpu'\n"
            "with arithmetic('fp32', False, sys.argv[3], s):\n"
            "    t = Training(p, s, sys.argv[3], *p.formula_data()); print(t.train_formula(end=1)[0][0])\n")
    begun = time.perf_counter()
    told = subprocess.run([sys.executable, "-W", "ignore", "-c", code, sys.path[0], context.programs, context.device], capture_output=True, text=True, timeout=60)
    return told.returncode == 0, dict(seconds=time.perf_counter() - begun, **({} if told.returncode == 0 else {"error": told.stderr[-800:]}))


def by_trainer(context, report):
    device = context.device
    precisions = ["fp32", "tf32", "bf16"] if device != "cpu" else ["fp32"]
    epochs = {"epochs": 1} if context.quick else {}
    losses = {}

    def train(name, spec, precision):
        with trainer.Trainer(context, {**spec, **epochs, "seed": 1, **({} if precision == "fp32" else {"precision": precision})}, device) as run:
            first, _ = run.until("progress", limit=90)
            _, last = run.rest(limit=90)
        told = run.of("epoch")
        if last["type"] != "finished":
            return False, dict(error=f"{last.get('reason')} {last.get('remedy')}")
        losses[(name, precision)] = told[-1]["trainLoss"]
        ok = abs(told[-1]["trainLoss"] - losses[(name, "fp32")]) <= CLOSE[precision] * losses[(name, "fp32")]
        return ok, dict(first_step_told_after=first, loss=told[-1]["trainLoss"], accuracy=told[-1]["testAccuracy"], epoch_seconds=[round(e["seconds"], 3) for e in told], device=run.of("started")[0]["device"])

    for precision in precisions:
        report.attempt(f"tutorial by the trainer, {precision}", train, "tutorial", {}, precision)
    if context.quick:
        # A CPU that trains a CNN in a rehearsal would take its minutes.
        report.add("small CNN by the trainer", None, skipped="quick")
    else:
        for precision in precisions:
            report.attempt(f"small CNN by the trainer, {precision}", train, "small-cnn", {**SMALL_CNN, "optimizer": ADAM}, precision)
    for deterministic in (True, False) if device != "cpu" else (True,):
        report.attempt(f"stop and resume, deterministic {deterministic}", resume, context, deterministic)


def resume(context, deterministic):
    """A run that is stopped and goes on ends with the weights of one that never was, where that is promised."""
    spec = {"epochs": 1, "seed": 3, "deterministic": deterministic}
    if context.device == "cpu":
        spec = {"epochs": 4, "seed": 3}
    else:
        spec.update(SMALL_CNN, epochs=2)
    with trainer.Trainer(context, spec, context.device) as whole:
        whole.rest(limit=90)
    wanted = whole.of("checkpoint")[-1]["weightsSha256"]

    with trainer.Trainer(context, spec, context.device) as cut:
        cut.until("progress", limit=60)
        asked = time.monotonic()
        cut.stop()
        # Until its last word; ending the process is not waited for.
        at, last = cut.rest(limit=30)
        latency = cut.begun + at - asked
    if last["type"] != "stopped":
        return False, dict(error=f"asked to stop, it said {last}")
    pause = cut.of("pausePoint")[-1]
    point = {"epoch": pause["epoch"], "checkpointFile": pause["fileName"], "stateFile": pause["state"]["fileName"], "stepsDone": pause["stepsDone"]}
    if pause["epoch"] > 0:
        told = cut.of("epoch")
        point["figures"] = {"values": [e["testAccuracy"] for e in told], "trainLosses": [e["trainLoss"] for e in told]}
    with trainer.Trainer(context, spec, context.device, folder=cut.folder, attempt=2, resume=point) as rest:
        rest.rest(limit=90)
    same = rest.of("checkpoint")[-1]["weightsSha256"] == wanted
    promised = deterministic or context.device == "cpu"
    return (same if promised else None), dict(same_weights=same, stopped_after=f"epoch {pause['epoch']}, step {pause['stepsDone']}", stop_latency=latency)
