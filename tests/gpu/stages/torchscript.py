"""The trainer's programs in Python's own torch: the same text, the same TorchScript, without .NET between."""
import contextlib
import json
import math
import os
import re

import torch

# What torch 2.10 does in one call and Debian's torch 1.13 cannot, so that the rest of a program can be tried there.
OLD_TORCH = """
def fused_sgd(parameters: List[Tensor], gradients: List[Tensor], momenta: List[Tensor], weight_decay: float, momentum: float, lr: float, dampening: float, nesterov: bool, maximize: bool, is_first_step: bool):
    for k in range(len(parameters)):
        g = gradients[k]
        if weight_decay != 0.0:
            g = g + parameters[k] * weight_decay
        if momentum != 0.0:
            momenta[k].mul_(momentum).add_(g)
            if nesterov:
                g = g + momenta[k] * momentum
            else:
                g = momenta[k]
        parameters[k].sub_(g, alpha=lr)

def fused_adam(parameters: List[Tensor], gradients: List[Tensor], firsts: List[Tensor], seconds: List[Tensor], none: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, weight_decay: float, eps: float, amsgrad: bool, maximize: bool):
    step = float(steps[0])
    for k in range(len(parameters)):
        g = gradients[k]
        if weight_decay != 0.0:
            g = g + parameters[k] * weight_decay
        firsts[k].mul_(beta1).add_(g, alpha=1.0 - beta1)
        seconds[k].mul_(beta2).addcmul_(g, g, value=1.0 - beta2)
        spread = (seconds[k] / (1.0 - beta2 ** step)).sqrt().add_(eps)
        parameters[k].addcdiv_(firsts[k], spread, value=-lr / (1.0 - beta1 ** step))

def fused_adamw(parameters: List[Tensor], gradients: List[Tensor], firsts: List[Tensor], seconds: List[Tensor], none: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, weight_decay: float, eps: float, amsgrad: bool, maximize: bool):
    for k in range(len(parameters)):
        parameters[k].mul_(1.0 - lr * weight_decay)
    fused_adam(parameters, gradients, firsts, seconds, none, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=0.0, eps=eps, amsgrad=False, maximize=False)

def foreach_mul(gradients: List[Tensor], factor: Tensor):
    for k in range(len(gradients)):
        gradients[k].mul_(factor)
"""

TYPES = {"uint8": torch.uint8, "float32": torch.float32, "bfloat16": torch.bfloat16}


def compile(lines):
    """The function of a program as the trainer writes it."""
    text = "\n".join(lines) + "\n"
    if not hasattr(torch.ops.aten, "_fused_sgd_"):
        for name, ours in (("_fused_sgd_(", "fused_sgd("), ("_fused_adam_(", "fused_adam("), ("_fused_adamw_(", "fused_adamw("), ("_foreach_mul_(gradients, (", "foreach_mul(gradients, (")):
            text = text.replace("torch." + name, ours)
        text = OLD_TORCH + text
    # Python's torch has no name for every operation; libtorch, which the trainer asks, has.
    return torch.jit.CompilationUnit(re.sub(r"\btorch\.", "torch.ops.aten.", text)).block


def numbers(text, kind=float):
    return [kind(number) for number in text.split()]


class Program:
    """One file of programs/."""

    def __init__(self, folder, name):
        with open(os.path.join(folder, name + ".json")) as file:
            self.file = json.load(file)
        self.name = name
        self.spec = self.file["spec"]
        self.batch = self.spec["batchSize"]
        self.count = self.file["count"]
        self.precision = self.spec.get("precision", "fp32")
        self.deterministic = self.spec.get("deterministic", False)
        self.random = self.file["random"]
        self.styles = list(self.file["styles"])

    @property
    def losses(self):
        return numbers(self.file["losses"])

    def formula_data(self):
        """Images as bytes and labels, as ProofCase.Images makes them."""
        size = self.file["size"]
        i, r, c = torch.meshgrid(torch.arange(self.count), torch.arange(size), torch.arange(size), indexing="ij")
        pixels = ((i * 37 + r * 17 + c * 29 + r * c * 7) % 256).to(torch.uint8).unsqueeze(1)
        return pixels, torch.arange(self.count) * 7 % self.file["classes"]

    def formula_orders(self):
        steps = (self.count + self.batch - 1) // self.batch
        position = torch.arange(self.count)
        return steps, [(position * 37 + epoch) % self.count for epoch in range(1, self.spec["epochs"] + 1)]


class Training:
    """A network in the hands of a program: weights, optimizer and data on a device."""

    def __init__(self, program, style, device, pixels, labels, initial="formula"):
        self.program, self.device = program, device
        self.style = program.file["styles"][style]
        self.block = compile(self.style["program"])
        self.pixels = as_seen(pixels, self.style["images"]).to(device)
        self.labels = labels.to(device)
        scale = {}
        self.parameters = [self._tensor(entry, initial, scale).to(device) for entry in program.file["parameters"]]
        self.buffers = [torch.zeros((), dtype=torch.int64, device=device) if entry["shape"] == "" else self._tensor(entry, initial, scale).to(device) for entry in program.file["buffers"]]
        optimizer = program.spec["optimizer"]
        kind = optimizer["kind"]
        has_first = kind in ("adam", "adamw") or (kind == "sgd" and optimizer.get("momentum", 0.9) > 0)
        zeros = lambda: [torch.zeros_like(p) for p in self.parameters]
        self.firsts = zeros() if has_first else []
        self.seconds = zeros() if kind in ("adam", "adamw", "rmsprop") else []
        self.steps = [torch.zeros(1, device=device)] * len(self.parameters) if kind in ("adam", "adamw") else []
        classes, smoothing = program.file["classes"], program.spec.get("labelSmoothing", 0)
        self.targets = torch.eye(classes).mul_(1 - smoothing).add_(smoothing / classes).to(device)
        self.minus_one = torch.tensor(-1.0)

    @staticmethod
    def _tensor(entry, initial, scale):
        shape = numbers(entry["shape"], int)
        if entry["initial"] != "sine":
            return torch.ones(shape) if entry["initial"] == "one" else torch.zeros(shape)
        layer = entry["name"].rsplit(".", 1)[0]
        if len(shape) > 1:
            scale[layer] = 1 / math.sqrt(math.prod(shape[1:]))
        if initial == "random":
            return torch.empty(shape).uniform_(-scale[layer], scale[layer])
        return torch.tensor([scale[layer] * math.sin(k + 1) for k in range(math.prod(shape))], dtype=torch.float64).float().reshape(shape)

    def take(self, order, first, count, batch, rates, seeds):
        """A block of an epoch's steps: losses, and how many images were right."""
        results = self.block(self.pixels, self.labels, order, self.targets, self.minus_one, self.parameters, self.buffers, self.firsts, self.seconds, self.steps, rates, seeds, first, count, batch)
        return results[0], results[1]

    def train_formula(self, begin=0, end=None):
        """The epochs that the file has numbers of, or steps of them counted over all; gives the losses and the right images."""
        steps, orders = self.program.formula_orders()
        rates, seeds = torch.tensor(numbers(self.program.file["rates"]), dtype=torch.float64), torch.tensor(numbers(self.program.file["seeds"], int))
        losses, correct = [], 0
        for epoch, order in enumerate(orders):
            low, high = max(begin, epoch * steps), min(end if end is not None else len(rates), (epoch + 1) * steps)
            if low < high:
                told, right = self.take(order.to(self.device), low - epoch * steps, high - low, self.program.batch, rates[low:high], seeds[low:high])
                losses += told.tolist()
                correct += right.item()
        return losses, correct

    def state(self):
        return [tensor.clone() for tensor in self.parameters + self.buffers + self.firsts + self.seconds + self.steps[:1]]

    def restore(self, state):
        for tensor, kept in zip(self.parameters + self.buffers + self.firsts + self.seconds + self.steps[:1], state):
            tensor.copy_(kept)

    def sums(self):
        named = zip(self.program.file["parameters"] + self.program.file["buffers"], self.parameters + self.buffers)
        return {entry["name"]: [tensor.double().sum().item(), tensor.double().abs().sum().item()] for entry, tensor in named}


def as_seen(pixels, images):
    """Bytes, or numbers from -1 to 1, as the program wants them."""
    return pixels if images == "uint8" else pixels.float().div_(255).sub_(0.5).div_(0.5).to(TYPES[images])


@contextlib.contextmanager
def arithmetic(precision, deterministic, device, style):
    """torch as the trainer sets it for a spec and a device."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.deterministic = deterministic
    # Programs for a GPU do not go around oneDNN's errors.
    torch._C._set_mkldnn_enabled(style == "cpu" or device != "cpu")
    try:
        with torch.no_grad(), torch.jit.optimized_execution(False):
            yield
    finally:
        torch._C._set_mkldnn_enabled(True)
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic = before


def read_idx(folder, name, offset):
    with open(os.path.join(folder, name), "rb") as file:
        return torch.frombuffer(bytearray(file.read()[offset:]), dtype=torch.uint8)


def mnist(folder):
    """The training set: bytes [60000, 1, 28, 28] and labels."""
    return read_idx(folder, "train-images-idx3-ubyte", 16).view(-1, 1, 28, 28), read_idx(folder, "train-labels-idx1-ubyte", 8).long()


def wait(device):
    if device != "cpu":
        torch.cuda.synchronize(device)
