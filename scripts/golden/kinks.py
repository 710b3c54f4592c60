"""Moves a network's biases to a point where its gradient can be computed well in float32.

Two things would otherwise drown the difference between a right kernel and a nearly right one. A rounding error that
carries an activation across a kink of ReLU or max-pooling changes a gradient by far more than itself: flipping a
fraction p of the units costs a relative error of about sqrt(p). And where a random network's activations vary little
around their mean, batch normalisation, which removes the mean, leaves the gradients of the attention gates as small
differences of large numbers. `settle` centres the convolutions and then keeps every activation away from the kinks.
"""
import keras
import numpy as np

KINKED = (keras.layers.ReLU, keras.layers.LeakyReLU)


def rms(x):
    return float(np.sqrt(np.mean(np.square(x)))) or 1.0


def bias_shifts(x, reach, enough):
    """For each channel of `x` (positions, channels) a shift in -reach...reach that keeps it away from zero.

    It is 0 where that is a distance of `enough`, else the shift with the greatest distance.
    """
    def clearance(values, shift):
        return np.min(np.abs(values + shift))

    shifts = []
    for values in np.sort(x, axis=0).T:
        middles = -(values[1:] + values[:-1]) / 2
        gaps = np.where(np.abs(middles) <= reach, np.diff(values), 0)
        candidates = [-reach, reach] + ([middles[np.argmax(gaps)]] if len(gaps) else [])
        best = max(candidates, key=lambda shift: clearance(values, shift))
        shifts.append(0.0 if clearance(values, 0) >= min(enough, clearance(values, best)) else best)
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
        if kinked.name.endswith("sigmoid"):
            return [self.model.get_layer(f"{name}.psi"), kinked]
        if name.endswith("attention"):
            return [self.model.get_layer(f"{name}.{part}") for part in ("upsample", "add")] + [kinked]
        return [self.model.get_layer(name), kinked]


def settle(model, images, redraw=None, clearance=1e-4, attempts=40):
    """Centres the convolutions, keeps activations away from the kinks by their biases, and returns the margin.

    The margin is the least distance to a kink, in units of the layer's RMS. `redraw`, a function from a shape to random
    numbers, may draw anew the kernels of single channels whose pooling windows come closer than `clearance` to a tie.
    The moving statistics of batch normalisation are spoiled.
    """
    walk, margins = Walk(model, images), {}
    for layer in walk.layers():
        walk.run(layer)
        if isinstance(layer, KINKED):
            margins[layer.name] = settle_layer(walk, layer)
        if layer.name.endswith("sigmoid"):
            settle_layer(walk, layer)
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
            margins[relu.name] = settle_layer(walk, relu)
        walk.run(layer)
        margins[layer.name] = np.min(pool_clearance(x)) / rms(x)
    return min(margins.values())


def settle_layer(walk, layer):
    """Chooses the bias in front of `layer`, runs up to it and returns the margin."""
    first, *_ = path = walk.biased(layer)
    x = run_to_input(walk, path)
    positions = x.reshape(-1, x.shape[-1])
    # Dense layers see as few positions as samples: a mean over those is no use, and over one leaves zero.
    centre = positions.mean(axis=0) if x.ndim == 4 else 0
    scale = rms(positions - centre)
    shifts = bias_shifts(positions - centre, reach=scale / 2, enough=scale / 1000) - centre
    # As float32, since that is what the files hold.
    first.bias.assign((first.bias.numpy() + shifts).astype(np.float32))
    x = run_to_input(walk, path)
    return np.min(np.abs(x)) / rms(x)


def run_to_input(walk, path):
    """Runs the layers of `path` and returns the input of the last."""
    for layer in path:
        walk.run(layer)
    return np.asarray(walk.values[id(path[-1].input)])
