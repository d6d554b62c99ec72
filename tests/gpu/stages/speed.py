"""G: images a second at several batch sizes: the trainer's programs beside an ordinary PyTorch loop with its data in memory, on CPU and GPU, and from where on the GPU is the faster device."""
import contextlib
import time

import torch
import torch.nn as nn

from stages import machine, torchscript, trainer
from stages.programs import images_per_second
from stages.torchscript import Program, Training, arithmetic

BATCHES = [32, 512, 4096, 16384]


def run(context, report):
    pixels, labels = torchscript.mnist(context.mnist)
    devices = ["cpu"] if context.device == "cpu" else [context.device, "cpu"]
    batches = BATCHES[:2] if context.quick else BATCHES
    seconds = 0.2 if context.quick else 0.8
    speeds = {}
    for name in ("tutorial", "small-cnn"):
        program = Program(context.programs, name)
        for device in devices:
            for batch in batches:
                # Beyond, a CPU takes seconds for a step, and only says again what it said before.
                if name == "small-cnn" and device == "cpu" and batch > (32 if context.quick else 512):
                    continue
                for threads in sorted({1, machine.processors()}) if device == "cpu" else [1]:
                    torch.set_num_threads(threads)
                    about = f"{name}, batches of {batch:,} on {device}" + (f", {threads} threads" if device == "cpu" else "")
                    report.attempt(f"program, {about}", of_program, program, device, pixels, labels, batch, seconds, speeds)
                    with of_fp32():
                        report.attempt(f"in-memory PyTorch loop, {about}", of_loop, name, device, pixels, labels, batch, seconds)
    if len(devices) == 2:
        crossover(report, speeds, batches)
    why = trainer.why_not(context)
    if why:
        report.add("the trainer's own figures", None, skipped=why)
        return
    for kind in ("simple-nn",) if context.quick else ("simple-nn", "small-cnn"):
        for device in devices:
            for batch in batches:
                if device == "cpu" and (kind == "small-cnn" or batch > 512):
                    continue
                report.attempt(f"trainer, {kind}, batches of {batch:,} on {device}", of_trainer, context, kind, device, batch)


def of_program(program, device, pixels, labels, batch, seconds, speeds):
    style = "cpu" if device == "cpu" else "gpu"
    with arithmetic("fp32", False, device, style):
        figures = images_per_second(Training(program, style, device, pixels, labels, initial="random"), batch, seconds)
    place = (program.name, "cpu" if device == "cpu" else "gpu", batch)
    speeds[place] = max(speeds.get(place, 0), figures["images_per_second"])
    return None, figures


def of_loop(name, device, pixels, labels, batch, seconds):
    """What a person writes: forward, loss.backward(), SGD with momentum, data on the device."""
    x, y = torchscript.as_seen(pixels, "float32").to(device), labels.to(device)
    model = {
        "tutorial": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
        # ModelCatalog's small CNN.
        "small-cnn": lambda: nn.Sequential(nn.Conv2d(1, 24, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(24, 32, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(800, 256), nn.ReLU(), nn.Linear(256, 10)),
    }[name]().to(device)
    criterion, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    order = torch.randperm(len(y), device=device)

    def step(index):
        start = index * batch % (len(y) - batch + 1)
        chosen = order[start:start + batch]
        optimizer.zero_grad()
        criterion(model(x.index_select(0, chosen)), y.index_select(0, chosen)).backward()
        optimizer.step()

    for index in range(3):
        step(index)
    torchscript.wait(device)
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for _ in range(10 if batch < 4096 and device != "cpu" else 1):
            step(done)
            done += 1
        torchscript.wait(device)
    taken = time.perf_counter() - begun
    return None, dict(images_per_second=done * batch / taken, microseconds_a_step=taken / done * 1e6, steps=done, tf32=torch.backends.cudnn.allow_tf32)


@contextlib.contextmanager
def of_fp32():
    """By itself torch lets convolutions round to tf32; the programs beside it do not."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def of_trainer(context, kind, device, batch):
    spec = {"model": {"kind": kind}, "batchSize": batch, "epochs": 1000, "stopRules": {"maxSeconds": 4}, "checkpoints": {"every": 0, "best": False, "last": 1}}
    with trainer.Trainer(context, spec, device) as run:
        run.rest(limit=40)
    # The first holds the loading of CUDA's libraries, and the next ones blocks that still grow.
    told = [event["samplesPerSecond"] for event in run.of("progress")][1:]
    told = sorted(told[len(told) // 2:])
    if len(told) < 3:
        return False, dict(error=f"only {len(told)} figures are left of a run of 4 s")
    return None, dict(images_per_second=told[len(told) // 2], of_figures=len(told))


def crossover(report, speeds, batches):
    """The advice that the form could give; nobody gives it before these figures."""
    for name in ("tutorial", "small-cnn"):
        ratios = {batch: speeds[(name, "gpu", batch)] / speeds[(name, "cpu", batch)] for batch in batches if (name, "gpu", batch) in speeds and (name, "cpu", batch) in speeds}
        slower = [batch for batch, ratio in ratios.items() if ratio < 1]
        report.add(f"GPU against CPU, {name}", None, ratio_by_batch=ratios, cpu_faster_at=str(slower or "none of them"))
