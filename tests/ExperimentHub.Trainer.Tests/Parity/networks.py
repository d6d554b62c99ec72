"""Writes networks.json: short trainings in float64 of every layer, optimizer and option, that need no random numbers. Usage: networks.py > networks.json

Input:   image[i, row, column] = (i * 37 + row * 17 + column * 29 + row * column * 7) mod 256, bytes, i = 0..95, 12 x 12; label[i] = (i * 7) mod 5
         as the trainer sees them: x / 255, then (x - 0.5) / 0.5
Weights: the k-th number of a parameter (row-major) is scale * sin(k + 1) with scale = 1 / sqrt(fan-in), rounded to float32; biases the same with the
         weight's scale; batch normalisation starts with ones and zeros, as always
Steps:   5 epochs of batches of 20 in the order of the images; the last batch of an epoch has 16
Each case is a spec of the hub, and the network is built from its layers by hand below.
"""
import json, math
import torch
import torch.nn as nn

torch.set_num_threads(1)
COUNT, SIZE, CLASSES, BATCH, EPOCHS = 96, 12, 5, 20, 5

i, r, c = torch.meshgrid(torch.arange(COUNT), torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
pixels = (i * 37 + r * 17 + c * 29 + r * c * 7) % 256
x = ((pixels.double() / 255 - 0.5) / 0.5).unsqueeze(1)
y = (torch.arange(COUNT) * 7) % CLASSES

ACTIVATIONS = {"relu": nn.ReLU, "leaky-relu": nn.LeakyReLU, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def build(layers):
    modules, channels, shape = [], 1, torch.zeros(2, 1, SIZE, SIZE)
    for layer in layers:
        kind = layer["type"]
        if kind == "conv":
            module = nn.Conv2d(shape.shape[1], layer["outChannels"], layer["kernel"], layer.get("stride", 1), layer.get("padding", 0))
        elif kind == "max-pool":
            module = nn.MaxPool2d(layer["kernel"], layer.get("stride"), layer.get("padding", 0))
        elif kind == "avg-pool":
            module = nn.AvgPool2d(layer["kernel"], layer.get("stride"), layer.get("padding", 0))
        elif kind == "batch-norm":
            module = nn.BatchNorm2d(shape.shape[1]) if shape.dim() == 4 else nn.BatchNorm1d(shape.shape[1])
        elif kind == "activation":
            module = ACTIVATIONS[layer["function"]]()
        elif kind == "flatten":
            module = nn.Flatten()
        else:
            module = nn.Linear(shape.shape[1], layer["outFeatures"])
        with torch.no_grad():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                scale = 1 / math.sqrt(module.weight[0].numel())
                for parameter in (module.weight, module.bias):
                    values = [scale * math.sin(k + 1) for k in range(parameter.numel())]
                    parameter.copy_(torch.tensor(values, dtype=torch.float32).reshape(parameter.shape))
            shape = module.eval()(shape)  # the statistics of a batch normalisation must not see this
        modules.append(module.train())
    return nn.Sequential(*modules).double()


def optimizer_of(spec, parameters):
    lr, decay = spec["learningRate"], spec.get("weightDecay", 0)
    kind = spec["kind"]
    if kind == "sgd":
        return torch.optim.SGD(parameters, lr=lr, momentum=spec.get("momentum", 0.9), nesterov=spec.get("nesterov", False), weight_decay=decay)
    betas, eps = (spec.get("beta1", 0.9), spec.get("beta2", 0.999)), spec.get("epsilon", 1e-8)
    if kind == "adam":
        return torch.optim.Adam(parameters, lr=lr, betas=betas, eps=eps, weight_decay=decay)
    if kind == "adamw":
        return torch.optim.AdamW(parameters, lr=lr, betas=betas, eps=eps, weight_decay=decay)
    return torch.optim.RMSprop(parameters, lr=lr, alpha=spec.get("alpha", 0.99), eps=eps, weight_decay=decay)


def train(case):
    network = build(case["layers"])
    optimizer = optimizer_of(case["optimizer"], network.parameters())
    criterion = nn.CrossEntropyLoss(label_smoothing=case.get("labelSmoothing", 0))
    losses, norms, correct = [], [], 0
    for _ in range(EPOCHS):
        for start in range(0, COUNT, BATCH):
            optimizer.zero_grad()
            scores = network(x[start:start + BATCH])
            loss = criterion(scores, y[start:start + BATCH])
            loss.backward()
            clip = case["optimizer"].get("clipNorm", math.inf)
            norms.append(nn.utils.clip_grad_norm_(network.parameters(), clip).item())
            optimizer.step()
            losses.append(loss.item())
            correct += (scores.argmax(1) == y[start:start + BATCH]).sum().item()
    state = {name: [tensor.double().sum().item(), tensor.double().abs().sum().item()] for name, tensor in network.state_dict().items()}
    return {"losses": losses, "gradientNorms": norms, "correct": correct, "state": state}


def conv(channels, kernel, **more):
    return {"type": "conv", "outChannels": channels, "kernel": kernel, **more}


def linear(features):
    return {"type": "linear", "outFeatures": features}


def act(function):
    return {"type": "activation", "function": function}


flatten, norm = {"type": "flatten"}, {"type": "batch-norm"}
dense = [flatten, linear(12), act("tanh"), linear(CLASSES)]
sgd = {"kind": "sgd", "learningRate": 0.05, "momentum": 0.9}
cases = {
    "plain sgd": {"layers": [flatten, linear(CLASSES)], "optimizer": {**sgd, "momentum": 0}},
    "sgd, momentum, weight decay": {"layers": dense, "optimizer": {**sgd, "weightDecay": 0.01}},
    "sgd, nesterov, clipping": {"layers": dense, "optimizer": {**sgd, "nesterov": True, "clipNorm": 0.1}},
    "adam": {"layers": dense, "optimizer": {"kind": "adam", "learningRate": 0.01, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-4, "weightDecay": 0.01}},
    "adamw": {"layers": dense, "optimizer": {"kind": "adamw", "learningRate": 0.01, "epsilon": 1e-4, "weightDecay": 0.1}},
    "rmsprop": {"layers": dense, "optimizer": {"kind": "rmsprop", "learningRate": 0.01, "alpha": 0.9, "epsilon": 1e-2, "weightDecay": 0.01}},
    "label smoothing": {"layers": dense, "optimizer": sgd, "labelSmoothing": 0.1},
    "convolutions": {
        "layers": [conv(4, 3, padding=1), act("relu"), {"type": "max-pool", "kernel": 2}, conv(6, 3, stride=2, padding=1), {"type": "avg-pool", "kernel": 2, "stride": 1},
                   act("leaky-relu"), flatten, linear(CLASSES)], "optimizer": sgd},
    "pooling first, windows that overlap": {
        "layers": [{"type": "avg-pool", "kernel": 3, "stride": 2, "padding": 1}, conv(4, 3), {"type": "max-pool", "kernel": 3, "stride": 1, "padding": 1}, act("sigmoid"), flatten,
                   linear(CLASSES)], "optimizer": sgd},
    "batch normalisation of images and rows": {
        "layers": [norm, conv(4, 3), norm, act("relu"), flatten, linear(8), norm, act("gelu"), linear(CLASSES)], "optimizer": sgd},
    "activations one after another": {
        "layers": [flatten, linear(8), act("tanh"), act("relu"), act("leaky-relu"), act("sigmoid"), act("silu"), act("gelu"), act("tanh"), linear(CLASSES)], "optimizer": sgd},
}
for case in cases.values():
    case.update(train(case))
print(json.dumps({"torch": torch.__version__, "cases": cases}))
