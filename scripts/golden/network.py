"""Golden numbers for the whole network: Tests/Network/AttentionUNetTests/Golden/network-<case>.safetensors.

Keras computes them in float64 from float32 parameters and images; they are stored rounded to float32. Keras in float32
agrees with them within a relative L2 error of 1e-5 a tensor, or the script looks for another seed. Everything is
float32 unless said otherwise.

    images                         (n, h, w, 3), in [-1, 1]
    labels                         (n), int32
    <parameter>                    every bias, gamma, beta and moving statistic as it is, in its shape
    rule/<parameter>               (2), int32 seed and stride: every kernel by the rule below
    scale/<parameter>              (1), the kernel's scale
    expected/loss                  (1), the mean loss in training mode (batch statistics, no dropout)
    expected/probabilities         (n, classes), likewise
    expected/inference_loss        (1), with the moving statistics
    expected/inference_probabilities
    expected/gradient/<parameter>  of the mean loss in training mode, for every trainable parameter: every s-th element
                                   of the flattened gradient from element 0, s being the stride in `rule/<parameter>`
                                   (1 for what has no rule)
    expected/norm/<parameter>      (1), the L2 norm of the whole gradient
    expected/batch/<norm>.mean     (f), batch statistics of `decoder.N.attention.norm`,
    expected/batch/<norm>.variance      the variance divided by n h w

Element i of a flattened kernel, exact in float32 but for the one rounding of the product:

    mix(x):  z = x + 0x9E3779B97F4A7C15;  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
             z = (z ^ z >> 27) * 0x94D049BB133111EB;  z ^ z >> 31              (SplitMix64, modulo 2^64)
    value:   (Float(mix(seed << 32 | i) >> 40) * 0x1p-24 - 0.5) * scale

The gradient of `decoder.N.attention.result.bias` is zero but for rounding and that of `decoder.N.attention.psi.bias`
nearly so, as batch normalisation removes the mean and the scale of what it is given. The errors of these two are to be
divided by the norm of their kernel's gradient.

No activation lies nearer to a kink (see kinks.py) than 5e-5 of its layer's RMS, so a correct float32 network on any
algorithm takes the same side everywhere. The sizes are those of the images and parameters; they stand in the metadata,
too, under the one key `network`: JSON with height, width, base_filters, dense_layers, dense_width, classes and seed.
"""
import json
import math

import numpy as np
from safetensors.numpy import save_file

from . import kinks
from .attention_unet import Sizes, assign, build, count, differentiate, infer, is_trainable, relative_error, variables

CASES = {
    # name: (sizes, batch, the first seed from 1 that suits)
    "small": (Sizes(16, 32, 4, dense_layers=2, dense_width=8, classes=2), 3, 1),
    "odd": (Sizes(32, 16, 5, dense_layers=3, dense_width=8, classes=3), 1, 1),
    "blocked": (Sizes(48, 32, 16, dense_layers=2, dense_width=16, classes=2), 2, 1),
    "deep": (Sizes(32, 48, 8, dense_layers=16, dense_width=8, classes=2), 4, 2),
}
LARGEST = 2048
MARGIN = 5e-5
TOLERANCE = 1e-5


def rule(seed, shape, scale):
    """The kernel that the rule above describes."""
    with np.errstate(over="ignore"):
        z = (np.uint64(seed) << np.uint64(32) | np.arange(math.prod(shape), dtype=np.uint64)) + np.uint64(
            0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        z = z ^ z >> np.uint64(31)
    unit = (z >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24) - np.float32(0.5)
    return (unit * np.float32(scale)).reshape(shape)


def scale(name, shape):
    """The width of the uniform distribution that keeps a ReLU's variance (He et al., ICCV 2015)."""
    inputs = math.prod(shape[:-1])
    if name.endswith("upsample.kernel"):
        inputs = shape[0] * shape[1] * shape[3]
    # Narrower in front of sigmoid and softmax, which must not saturate.
    gain = 0.5 if name.endswith(("psi.kernel", "logits.kernel")) else 1
    return np.float32(math.sqrt(12) * math.sqrt(2 / inputs) * gain)


def vector(name, shape, random):
    around_one = name.endswith(("gamma", "moving_variance"))
    low, high = (0.5, 1.5) if around_one else (-0.2, 0.2)
    return random.uniform(low, high, shape).astype(np.float32)


def stride(shape):
    """The least stride that keeps at most LARGEST elements and meets every index of every axis."""
    total = math.prod(shape)
    least = -(-total // LARGEST)
    return next(s for s in range(least, 2 * total) if math.gcd(s, total) == 1)


def inputs(sizes, batch, seed):
    """Images, labels, kernels by rule (seed and scale) and all parameters."""
    random = np.random.default_rng(seed)
    images = random.uniform(-1, 1, (batch, sizes.height, sizes.width, 3)).astype(np.float32)
    labels = (np.arange(batch) % sizes.classes).astype(np.int32)
    rules, parameters = {}, {}
    for index, (name, shape) in enumerate(sizes.parameter_shapes().items()):
        if name.endswith(".kernel"):
            rules[name] = (seed * 1000 + index, scale(name, shape))
            parameters[name] = rule(rules[name][0], shape, rules[name][1])
        else:
            parameters[name] = vector(name, shape, random)
    return images, labels, rules, parameters


def compute(model, images, labels, parameters):
    assign(model, parameters)
    inference = {f"inference_{name}": value for name, value in infer(model, images, labels).items()}
    return inference | differentiate(model, images, labels)


def flaw(expected, single, sizes):
    """Why a correct float32 network could miss these numbers, or a wrong one meet them; None if neither."""
    for name in filter(is_trainable, sizes.parameter_shapes()):
        if np.linalg.norm(expected[name]) < 1e-6 and not name.endswith("result.bias"):
            return f"{name} has no gradient"
    for name in ("probabilities", "inference_probabilities"):
        if expected[name].min() < 0.02 or expected[name].max() > 0.98:
            return f"{name} are saturated"
    worst = max(expected, key=lambda name: relative_error(name, single[name], expected))
    if (error := relative_error(worst, single[worst], expected)) > TOLERANCE:
        return f"{worst} differs by {error:.1e} between float32 and float64"
    return None


def settled(sizes, batch, first):
    """The first inputs from seed `first` on that keep away from every kink and have no flaw, and Keras' results."""
    double, single = build(sizes, "float64"), build(sizes, "float32")
    for seed in range(first, first + 1000):
        images, labels, rules, parameters = inputs(sizes, batch, seed)
        assign(double, parameters)
        margin = kinks.settle(double, images)
        if margin < MARGIN:
            continue
        parameters |= {name: variable.numpy().astype(np.float32)
                       for name, variable in variables(double).items() if name.endswith(".bias")}
        expected = compute(double, images, labels, parameters)
        reason = flaw(expected, compute(single, images, labels, parameters), sizes)
        if reason is None:
            return seed, images, labels, rules, parameters, expected, margin
        print(f"seed {seed}: {reason}")
    raise RuntimeError(f"no seed suits {sizes}")


def write_case(folder, case, sizes, batch, first):
    seed, images, labels, rules, parameters, expected, margin = settled(sizes, batch, first)
    tensors = {"images": images, "labels": labels}
    for name, shape in sizes.parameter_shapes().items():
        step = stride(shape) if name in rules else 1
        if name in rules:
            tensors[f"rule/{name}"] = np.array([rules[name][0], step], np.int32)
            tensors[f"scale/{name}"] = np.array([rules[name][1]], np.float32)
        else:
            tensors[name] = parameters[name]
        if is_trainable(name):
            gradient = expected.pop(name)
            tensors[f"expected/gradient/{name}"] = gradient.ravel()[::step]
            tensors[f"expected/norm/{name}"] = np.linalg.norm(gradient).reshape(1)
    tensors |= {f"expected/{name}": value for name, value in expected.items()}
    tensors = {n: np.ascontiguousarray(t, None if t.dtype == np.int32 else np.float32) for n, t in tensors.items()}
    # One key, because safetensors writes several in a random order.
    metadata = {"network": json.dumps(vars(sizes) | {"seed": seed})}
    save_file(tensors, folder / f"network-{case}.safetensors", metadata)
    print(f"network-{case}: {count(sizes.parameter_shapes())} parameters, margin {margin:.1e}")


def write(tests):
    folder = tests / "Network/AttentionUNetTests/Golden"
    folder.mkdir(parents=True, exist_ok=True)
    for case, arguments in CASES.items():
        write_case(folder, case, *arguments)
