"""B: the dumped programs through Python's own torch, on the CPU and on the GPU."""
import os
import time

import torch

from stages import machine, torchscript
from stages.torchscript import Program, Training, arithmetic

# Relative, of each step's loss against the trainer's own on a CPU. tf32 has 10 bits of mantissa, bfloat16 7, and the steps build on each other; random numbers are others on a GPU.
CLOSE = {"fp32": 2e-4, "tf32": 2e-2, "bf16": 5e-2}
CLOSE_ON_CPU = {"fp32": 2e-5, "tf32": 2e-5, "bf16": 5e-2}
CLOSE_BY_CHANCE = 0.35


def measure(context, report):
    """First, and in a process of its own: these figures decide something, and after one error of CUDA a process computes nothing more on its GPU."""
    told_of_torch(report)
    for name in ("tutorial", "small-cnn"):
        for style in ("cpu", "gpu"):
            report.attempt(f"operations a step, {name}, {style} style", count_launches, Program(context.programs, name), style, context.device)
    measure_styles(context, report)


def on_gpu(context, report):
    if context.device == "cpu":
        report.add("the programs on a GPU", None, skipped="it needs a GPU")
        return
    check_all(context, report, context.device)


def on_cpu(context, report):
    check_all(context, report, "cpu")


def told_of_torch(report):
    torch.set_num_threads(1)
    report.add("torch", None, version=torch.__version__, threads=torch.get_num_threads(),
               note="" if hasattr(torch.ops.aten, "_fused_sgd_") else "this torch is too old for the fused optimizers; they were written out")


def check_all(context, report, device):
    told_of_torch(report)
    for name in sorted(os.listdir(context.programs)):
        program = Program(context.programs, name[:-5])
        for style in program.styles:
            with arithmetic(program.precision, program.deterministic, device, style):
                report.attempt(f"{program.name}, {style} style, {device}", check, program, style, device)


def check(program, style, device):
    """Losses and weights against the trainer's, the same bits twice, and the same bits where it is cut."""
    data = program.formula_data()
    train = lambda: Training(program, style, device, *data)
    first = train()
    losses, correct = first.train_formula()
    expected = program.losses
    apart = max(abs(a - b) / b for a, b in zip(losses, expected))
    exact = device == "cpu" or not program.random
    limit = (CLOSE_ON_CPU if device == "cpu" else CLOSE)[program.precision] if exact else CLOSE_BY_CHANCE
    if not exact:
        apart = abs(sum(losses) - sum(expected)) / sum(expected)
    sums = first.sums()
    weights = max(abs(sums[name][1] - float(kept.split()[1])) / (float(kept.split()[1]) + 1e-3) for name, kept in program.file["sums"].items()) if exact else None

    second = train()
    again, _ = second.train_formula()
    same = again == losses and all(torch.equal(a, b) for a, b in zip(first.state(), second.state()))

    middle = len(losses) // 3
    cut, resumed = train(), train()
    head, _ = cut.train_formula(end=middle)
    resumed.restore(cut.state())
    tail, _ = resumed.train_formula(begin=middle)
    goes_on = head + tail == losses and all(torch.equal(a, b) for a, b in zip(first.state(), resumed.state()))

    # Without 'deterministic' convolutions on a GPU are promised nothing.
    promised = device == "cpu" or program.deterministic or not any("convolution_backward" in line for line in program.file["styles"][style]["program"])
    ok = len(losses) == len(expected) and apart <= limit and (weights is None or weights <= 10 * limit) and (not promised or (same and goes_on))
    return ok, dict(loss_apart=apart, limit=limit, weights_apart=weights, same_bits_twice=same, same_bits_when_cut=goes_on, bits_promised=promised, correct=correct)


def count_launches(program, style, device):
    """Kernels that a step gives to the GPU; on a CPU the operations that are called, which is a little more."""
    training = Training(program, style, device, *program.formula_data())
    steps, orders = program.formula_orders()
    order, rates, seeds = orders[0].to(device), torch.full((4,), 0.01, dtype=torch.float64), torch.zeros(4, dtype=torch.int64)
    kinds = [torch.profiler.ProfilerActivity.CPU] + ([torch.profiler.ProfilerActivity.CUDA] if device != "cpu" else [])

    def events(count):
        with torch.profiler.profile(activities=kinds) as profile:
            training.take(order, 0, count, program.batch, rates[:count], seeds[:count])
            torchscript.wait(device)
        if device != "cpu":
            # Copies and fills are not kernels, though a profiler lists them beside them.
            return sum(1 for event in profile.events() if str(event.device_type).endswith("CUDA") and not event.name.startswith(("Memcpy", "Memset")))
        return sum(1 for event in profile.events() if event.name.startswith("aten::") and not (event.cpu_parent and event.cpu_parent.name.startswith("aten::")))

    with arithmetic(program.precision, False, device, style):
        events(1)
        few, more = events(1), events(4)
    if more == 0:
        # It needs CUPTI, and often a right of its own (NVIDIA's counters are for the administrator by default).
        return None, dict(skipped="torch's profiler sees nothing of the GPU")
    return None, dict(a_step=(more - few) / 3, counted="kernels" if device != "cpu" else "operations")


def measure_styles(context, report):
    """What decides ProgramStyle: the layouts and the two styles on the small CNN, and the price of being deterministic."""
    pixels, labels = torchscript.mnist(context.mnist)
    torch.set_num_threads(machine.processors())
    batches = [32, 256, 2048] if not context.quick else [32]
    for name in ("small-cnn", "small-cnn-bf16"):
        program = Program(context.programs, name)
        if context.device == "cpu" and program.precision != "fp32":
            continue
        for batch in batches:
            for style in program.styles:
                for deterministic in ((False, True) if style == "gpu" and context.device != "cpu" else (False,)):
                    label = f"{name}, batches of {batch}, {style} style{', deterministic' if deterministic else ''}"
                    with arithmetic(program.precision, deterministic, context.device, style):
                        report.attempt(label, time_steps, program, style, context.device, pixels, labels, batch, 0.2 if context.quick else 0.6)


def time_steps(program, style, device, pixels, labels, batch, seconds):
    training = Training(program, style, device, pixels, labels, initial="random")
    return None, images_per_second(training, batch, seconds)


def images_per_second(training, batch, seconds):
    """Blocks of steps in a random order for about so long, after two blocks that do not count."""
    count, device = len(training.labels), training.device
    order = torch.randperm(count).to(device)
    steps = max(1, min(count // batch, 200))
    rates, seeds = torch.full((steps,), 0.01, dtype=torch.float64), torch.zeros(steps, dtype=torch.int64)

    def block(size):
        begun = time.perf_counter()
        training.take(order, 0, size, batch, rates[:size], seeds[:size])[0].tolist()
        return time.perf_counter() - begun

    size = 1
    for _ in range(2):
        size = max(1, min(steps, int(size * 0.1 / max(block(size), 1e-6))))
    done, taken = 0, 0.0
    while taken < seconds:
        taken += block(size)
        done += size
    return dict(images_per_second=done * batch / taken, microseconds_a_step=taken / done * 1e6, steps=done)
