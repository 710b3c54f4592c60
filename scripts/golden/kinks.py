"""Keeps a network's activations away from the kinks of ReLU, LeakyReLU and max-pooling.

A rounding error that carries one activation across a kink changes a gradient by far more than itself: flipping a
fraction p of the units costs a relative error of about sqrt(p). Numbers meant to tell a right kernel from a nearly right
one must therefore come from a point without activations near a kink. `settle` moves the biases to such a point.
"""
import keras
import numpy as np

KINKED = (keras.layers.ReLU, keras.layers.LeakyReLU)


def rms(x):
    return float(np.sqrt(np.mean(np.square(x)))) or 1.0


def bias_shifts(x, reach):
    """For each channel of `x` (positions, channels), the shift in -reach...reach that keeps it furthest from zero."""
    def clearance(values, shift):
        return np.min(np.abs(values + shift))

    shifts = []
    for values in np.sort(x, axis=0).T:
        middles = -(values[1:] + values[:-1]) / 2
        gaps = np.where(np.abs(middles) <= reach, np.diff(values), 0)
        candidates = [-reach, 0.0, reach] + ([middles[np.argmax(gaps)]] if len(gaps) else [])
        shifts.append(max(candidates, key=lambda shift: clearance(values, shift)))
    return np.array(shifts)


def pool_clearance(x):
    """For each channel of a ReLU's output, the least lead of a 2x2 window's maximum over its runner-up.

    Windows of zeros do not count: no gradient passes their ReLU.
    """
    n, h, w, c = x.shape
    windows = np.sort(x.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 2, 4, 5).reshape(-1, 4, c), axis=1)
    return np.min(np.where(windows[:, 3] > 0, windows[:, 3] - windows[:, 2], np.inf), axis=0)


class Walk:
    """One eager pass through a functional model without shared layers, a layer at a time."""

    def __init__(self, model, images):
        self.model = model
        self.values = {id(model.input): keras.ops.cast(images, model.compute_dtype)}

    def run(self, layer):
        inputs = layer.input
        inputs = [self.values[id(t)] for t in inputs] if isinstance(inputs, list) else self.values[id(inputs)]
        options = {"training": True} if isinstance(layer, keras.layers.BatchNormalization) else {}
        self.values[id(layer.output)] = layer(inputs, **options)

    def layers(self):
        return self.model.layers[1:]

    def biased(self, kinked):
        """The layers from the one whose bias shifts the input of the layer `kinked` up to that layer, in order."""
        name = kinked.name.rsplit(".", 1)[0]
        if name.endswith("attention"):
            return [self.model.get_layer(f"{name}.{part}") for part in ("upsample", "add")] + [kinked]
        return [self.model.get_layer(name), kinked]


def settle(model, images, redraw=None, clearance=1e-4, attempts=40):
    """Shifts biases by at most half the layer's RMS so that no activation comes near a kink, and returns the margin.

    The margin is the least distance to a kink, in units of the layer's RMS. `redraw`, a function from a shape to random
    numbers, may draw anew the kernels of single channels whose pooling windows come closer than `clearance` to a tie.
    The moving statistics of batch normalisation are spoiled.
    """
    walk, margins = Walk(model, images), {}
    for layer in walk.layers():
        walk.run(layer)
        if isinstance(layer, KINKED):
            margins[layer.name] = settle_layer(walk, layer)
        if not isinstance(layer, keras.layers.MaxPooling2D):
            continue
        relu = model.get_layer(layer.name.replace("pool", "conv2.relu"))
        conv = walk.biased(relu)[0]
        for _ in range(attempts):
            x = np.asarray(walk.values[id(relu.output)])
            close = pool_clearance(x) < clearance * rms(x)
            if redraw is None or not close.any():
                break
            kernel = conv.kernel.numpy()
            kernel[..., close] = redraw(kernel[..., close].shape)
            conv.kernel.assign(kernel)
            for again in walk.biased(relu):
                walk.run(again)
            margins[relu.name] = settle_layer(walk, relu)
        walk.run(layer)
        margins[layer.name] = np.min(pool_clearance(x)) / rms(x)
    return min(margins.values())


def settle_layer(walk, layer):
    """Settles the layer's input, brings the walk up to date and returns the margin."""
    x = np.asarray(walk.values[id(layer.input)])
    scale = rms(x)
    first, *_ = path = walk.biased(layer)
    shifts = bias_shifts(x.reshape(-1, x.shape[-1]), scale / 2)
    # As float32, since that is what the files hold.
    first.bias.assign((first.bias.numpy() + shifts).astype(np.float32))
    for again in path:
        walk.run(again)
    return np.min(np.abs(walk.values[id(layer.input)])) / scale
