"""The attention U-Net in Keras, with the names and layouts of HeartBeatNet's parameter files.

Every layer carries the name of its parameters without the last word, so the variable `kernel` of the layer
`encoder.1.conv1` is the parameter `encoder.1.conv1.kernel`. Activations are layers of their own, so that their inputs
can be looked at. Dropout is left out: what is compared is always the network without it.
"""
import dataclasses
import math

import keras
import numpy as np
import tensorflow as tf

LEVELS = (1, 2, 3, 4)


@dataclasses.dataclass(frozen=True)
class Sizes:
    height: int
    width: int
    base_filters: int
    dense_layers: int = 16
    dense_width: int = 256
    classes: int = 2

    def filters(self, level):
        return self.base_filters << (level - 1)

    def parameter_shapes(self):
        """The shape of every parameter by arithmetic alone, in the order of the network."""
        shapes = {}

        def affine(name, *kernel, outputs=None):
            shapes[f"{name}.kernel"] = kernel
            shapes[f"{name}.bias"] = (outputs or kernel[-1],)

        def double(name, inputs, outputs):
            affine(f"{name}.conv1", 3, 3, inputs, outputs)
            affine(f"{name}.conv2", 3, 3, outputs, outputs)

        inputs = 3
        for level in LEVELS:
            double(f"encoder.{level}", inputs, self.filters(level))
            inputs = self.filters(level)
        double("bottleneck", inputs, self.filters(5))
        for level in reversed(LEVELS):
            f, gate = self.filters(level), f"decoder.{level}.attention"
            affine(f"{gate}.theta", 2, 2, f, f)
            affine(f"{gate}.phi", 1, 1, self.filters(level + 1), f)
            affine(f"{gate}.upsample", 3, 3, f, f)
            affine(f"{gate}.psi", 1, 1, f, 1)
            affine(f"{gate}.result", 1, 1, f, f)
            for word in ("gamma", "beta", "moving_mean", "moving_variance"):
                shapes[f"{gate}.norm.{word}"] = (f,)
            double(f"decoder.{level}", f, f)
        inputs = self.height * self.width * self.base_filters
        for index in range(1, self.dense_layers + 1):
            affine(f"head.dense{index}", inputs, self.dense_width)
            inputs = self.dense_width
        affine("head.logits", inputs, self.classes)
        return shapes


def is_trainable(name):
    return ".moving_" not in name


def count(shapes, trainable_only=False):
    return sum(math.prod(shape) for name, shape in shapes.items() if is_trainable(name) or not trainable_only)


NOTEBOOK = Sizes(height=432, width=288, base_filters=64).parameter_shapes()
assert count(NOTEBOOK) == 2_070_110_598
assert count(NOTEBOOK, trainable_only=True) == 2_070_108_678
assert math.prod(NOTEBOOK["head.dense1.kernel"]) + 256 == 2_038_432_000


def build(sizes, dtype, dropout=0):
    """The Keras model, images to probabilities, in `dtype` ("float32" or "float64")."""
    keras.config.set_dtype_policy(dtype)
    layers = keras.layers

    def conv(name, x, filters, kernel, stride=1):
        return layers.Conv2D(filters, kernel, strides=stride, padding="same", name=name)(x)

    def double(name, x, filters):
        for part in ("conv1", "conv2"):
            x = layers.ReLU(name=f"{name}.{part}.relu")(conv(f"{name}.{part}", x, filters, 3))
        return x

    def attend(name, skip, g, filters):
        theta = conv(f"{name}.theta", skip, filters, 2, stride=2)
        phi = conv(f"{name}.phi", g, filters, 1)
        up = layers.Conv2DTranspose(filters, 3, strides=1, padding="same", name=f"{name}.upsample")(phi)
        a = layers.ReLU(name=f"{name}.relu")(layers.Add(name=f"{name}.add")([theta, up]))
        psi = layers.Activation("sigmoid", name=f"{name}.sigmoid")(conv(f"{name}.psi", a, 1, 1))
        psi = layers.UpSampling2D(2, interpolation="nearest", name=f"{name}.repeat")(psi)
        attended = layers.Multiply(name=f"{name}.multiply")([psi, skip])
        result = conv(f"{name}.result", attended, filters, 1)
        return layers.BatchNormalization(epsilon=1e-3, momentum=0.99, name=f"{name}.norm")(result)

    images = keras.Input((sizes.height, sizes.width, 3), name="images")
    x, skips = images, {}
    for level in LEVELS:
        skips[level] = double(f"encoder.{level}", x, sizes.filters(level))
        x = layers.MaxPooling2D(2, name=f"encoder.{level}.pool")(skips[level])
    x = double("bottleneck", x, sizes.filters(5))
    for level in reversed(LEVELS):
        x = attend(f"decoder.{level}.attention", skips[level], x, sizes.filters(level))
        x = double(f"decoder.{level}", x, sizes.filters(level))
    x = layers.Flatten(name="head.flatten")(x)
    if dropout:
        x = layers.Dropout(dropout, name="head.dropout")(x)
    for index in range(1, sizes.dense_layers + 1):
        x = layers.Dense(sizes.dense_width, name=f"head.dense{index}")(x)
        x = layers.LeakyReLU(negative_slope=0.1, name=f"head.dense{index}.leaky")(x)
    x = layers.Dense(sizes.classes, name="head.logits")(x)
    model = keras.Model(images, layers.Softmax(name="head.softmax")(x))

    found = {name: tuple(variable.shape) for name, variable in variables(model).items()}
    assert found == sizes.parameter_shapes(), "the Keras model and the table of shapes differ"
    return model


def variables(model):
    return {f"{layer.name}.{v.path.split('/')[-1]}": v for layer in model.layers for v in layer.weights}


def assign(model, parameters):
    for name, variable in variables(model).items():
        variable.assign(parameters[name])


def mean_loss(labels, probabilities):
    targets = tf.one_hot(labels, probabilities.shape[-1], dtype=probabilities.dtype)
    return tf.reduce_mean(keras.losses.categorical_crossentropy(targets, probabilities))


def infer(model, images, labels):
    """Mean loss and probabilities with the moving statistics."""
    probabilities = model(tf.cast(images, model.compute_dtype), training=False)
    return {"loss": mean_loss(labels, probabilities).numpy().reshape(1), "probabilities": probabilities.numpy()}


def differentiate(model, images, labels):
    """Mean loss, probabilities, gradients by parameter name, and `batch/<norm>.{mean,variance}`, in training mode.

    The moving statistics are left as they were.
    """
    norms = [f"decoder.{level}.attention" for level in LEVELS]
    probe = keras.Model(model.input, [model.output] + [model.get_layer(f"{n}.result").output for n in norms])
    trainable = {name: v for name, v in variables(model).items() if is_trainable(name)}
    moving = {name: v.numpy() for name, v in variables(model).items() if not is_trainable(name)}

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            probabilities, *results = probe(images, training=True)
            loss = mean_loss(labels, probabilities)
        return loss, probabilities, results, tape.gradient(loss, [v.value for v in trainable.values()])

    loss, probabilities, results, gradients = step(tf.cast(images, model.compute_dtype), labels)
    for name, value in moving.items():
        variables(model)[name].assign(value)
    outputs = {"loss": loss.numpy().reshape(1), "probabilities": probabilities.numpy()}
    outputs |= {name: gradient.numpy() for name, gradient in zip(trainable, gradients)}
    for name, result in zip(norms, results):
        # NumPy sums float32 one after another along these axes, which costs two digits.
        result = np.asarray(result, np.float64)
        outputs[f"batch/{name}.norm.mean"] = result.mean(axis=(0, 1, 2))
        outputs[f"batch/{name}.norm.variance"] = result.var(axis=(0, 1, 2))
    return outputs


def relative_error(name, found, expected):
    """The relative L2 error of one output among all the `expected` ones.

    Batch normalisation removes the mean and the scale of what precedes it, so the gradient of `attention.result.bias`
    is zero but for rounding and that of `attention.psi.bias` nearly so: they are measured against their kernel's.
    """
    scale = name
    if name.endswith(("attention.result.bias", "attention.psi.bias")):
        scale = name.replace(".bias", ".kernel")
    difference = np.asarray(found, np.float64) - expected[name]
    return float(np.linalg.norm(difference) / np.linalg.norm(expected[scale]))
