"""Golden numbers for single layers: Tests/Network/TensorCoreTests/Golden/layers.safetensors.

Keras computes them in float64 from float32 inputs; they are stored rounded to float32. Every set of names begins with a
case, and all gradients are those of sum(output * r), r being stored beside them:

    <case>/input <case>/kernel <case>/bias <case>/output <case>/r
    <case>/input_gradient <case>/kernel_gradient <case>/bias_gradient    (kernel and bias where the layer has them)

Layouts are channels-last; kernels of convolutions (h, w, in, out), of transposed ones (h, w, out, in), of dense layers
(in, out). Padding is `same`. The cases of that kind:

    conv3x3 conv3x3_blocked conv3x3_image      odd channels; multiples of 16; the first layer's 3 to 16
    conv2x2_stride2 conv2x2_stride2_blocked    conv1x1 conv1x1_blocked conv1x1_single (one output channel)
    transposed3x3 transposed3x3_blocked        stride 1
    transposed3x3_stride2                      stride 2, twice the size
    max_pool relu leaky_relu sigmoid           2x2 windows and stride; slope 0.1
    dense dense_wide

The others:

    gate/psi (n, h, w, 1)  gate/skip (n, 2h, 2w, c)  gate/output gate/r gate/psi_gradient gate/skip_gradient
        psi repeated twice along height and width, over all channels, times skip
    batch_norm/{input,gamma,beta,moving_mean,moving_variance,r}, eps 1e-3, momentum 0.99
    batch_norm/{output,mean,variance,input_gradient,gamma_gradient,beta_gradient}         in training
    batch_norm/{updated_moving_mean,updated_moving_variance}                              after that one step
    batch_norm/inference_output                                           with the moving statistics before that step
    cross_entropy/{logits,labels (int32),probabilities,loss (1),logits_gradient}, gradient of the mean loss
"""
import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

random = np.random.default_rng(20)


def draw(*shape, deviation=1.0):
    """Normal numbers that float32 holds exactly, in float64."""
    return random.normal(0, deviation, shape).astype(np.float32).astype(np.float64)


def differentiate(function, tensors):
    """The output of `function(*tensors)` and, for a random r, r and the gradients of sum(output * r)."""
    watched = [tf.constant(t) for t in tensors]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        output = function(*watched)
        r = draw(*output.shape)
        total = tf.reduce_sum(output * r)
    return {"output": output, "r": r}, tape.gradient(total, watched)


def layer_case(layer, *shape):
    """A layer called on an input of `shape`; its kernel and bias, if any, are drawn."""
    layer.build(shape)
    fan_in = np.prod(layer.kernel.shape[:-1]) if layer.weights else 1
    parameters = {v.name: draw(*v.shape, deviation=fan_in**-0.5) for v in layer.weights}
    tensors = {"input": draw(*shape)} | parameters

    def call(x, *weights):
        return layer.stateless_call(list(weights), [], x)[0]

    results, gradients = differentiate(call, tensors.values())
    return tensors | results | {f"{name}_gradient": g for name, g in zip(tensors, gradients)}


def gate_case(n, h, w, c):
    repeat = keras.layers.UpSampling2D(2, interpolation="nearest")
    tensors = {"psi": random.uniform(0, 1, (n, h, w, 1)).astype(np.float32).astype(np.float64),
               "skip": draw(n, 2 * h, 2 * w, c)}
    results, gradients = differentiate(lambda psi, skip: repeat(psi) * skip, tensors.values())
    return tensors | results | {f"{name}_gradient": g for name, g in zip(tensors, gradients)}


def batch_norm_case(*shape):
    layer = keras.layers.BatchNormalization(epsilon=1e-3, momentum=0.99)
    layer.build(shape)
    c = shape[-1]
    x = draw(*shape) * 2 + 3
    moving = [draw(c), np.square(draw(c)) + 0.5]
    tensors = {"input": x, "gamma": draw(c), "beta": draw(c)}
    tensors = {name: t.astype(np.float32).astype(np.float64) for name, t in tensors.items()}
    moving = [m.astype(np.float32).astype(np.float64) for m in moving]

    def train(x, gamma, beta):
        return layer.stateless_call([gamma, beta], moving, x, training=True)[0]

    results, gradients = differentiate(train, tensors.values())
    x, gamma, beta = tensors.values()
    _, updated = layer.stateless_call([gamma, beta], moving, x, training=True)
    inference, _ = layer.stateless_call([gamma, beta], moving, x, training=False)
    return tensors | results | {f"{name}_gradient": g for name, g in zip(tensors, gradients)} | {
        "moving_mean": moving[0], "moving_variance": moving[1],
        "updated_moving_mean": updated[0], "updated_moving_variance": updated[1],
        "mean": x.mean(axis=(0, 1, 2)), "variance": x.var(axis=(0, 1, 2)), "inference_output": inference}


def cross_entropy_case(n, classes):
    logits = tf.constant(draw(n, classes, deviation=2))
    labels = (np.arange(n) * 2 % classes).astype(np.int32)
    targets = tf.one_hot(labels, classes, dtype=logits.dtype)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(targets, logits, from_logits=True))
    return {"logits": logits, "labels": labels, "probabilities": keras.ops.softmax(logits),
            "loss": tf.reshape(loss, [1]), "logits_gradient": tape.gradient(loss, logits)}


def cases():
    layers = keras.layers

    def conv(filters, kernel, stride=1):
        return layers.Conv2D(filters, kernel, strides=stride, padding="same")

    def transposed(filters, stride=1):
        return layers.Conv2DTranspose(filters, 3, strides=stride, padding="same")

    return {
        "conv3x3": layer_case(conv(7, 3), 2, 6, 10, 5),
        "conv3x3_blocked": layer_case(conv(32, 3), 2, 8, 6, 16),
        "conv3x3_image": layer_case(conv(16, 3), 2, 8, 10, 3),
        "conv2x2_stride2": layer_case(conv(7, 2, stride=2), 2, 6, 10, 5),
        "conv2x2_stride2_blocked": layer_case(conv(16, 2, stride=2), 2, 6, 8, 16),
        "conv1x1": layer_case(conv(7, 1), 2, 3, 5, 5),
        "conv1x1_blocked": layer_case(conv(16, 1), 2, 4, 6, 32),
        "conv1x1_single": layer_case(conv(1, 1), 2, 4, 6, 16),
        "transposed3x3": layer_case(transposed(7), 2, 5, 3, 5),
        "transposed3x3_blocked": layer_case(transposed(16), 2, 4, 6, 16),
        "transposed3x3_stride2": layer_case(transposed(7, stride=2), 2, 5, 3, 5),
        "max_pool": layer_case(layers.MaxPooling2D(2), 2, 6, 8, 5),
        "relu": layer_case(layers.ReLU(), 2, 3, 4, 5),
        "leaky_relu": layer_case(layers.LeakyReLU(negative_slope=0.1), 3, 17),
        "sigmoid": layer_case(layers.Activation("sigmoid"), 2, 3, 4, 1),
        "dense": layer_case(layers.Dense(5), 3, 7),
        "dense_wide": layer_case(layers.Dense(16), 4, 96),
        "gate": gate_case(2, 3, 4, 5),
        "batch_norm": batch_norm_case(3, 4, 6, 5),
        "cross_entropy": cross_entropy_case(5, 3),
    }


def write(tests):
    keras.config.set_dtype_policy("float64")
    tensors = {}
    for case, values in cases().items():
        for name, value in values.items():
            value = np.asarray(value)
            kind = np.int32 if value.dtype == np.int32 else np.float32
            tensors[f"{case}/{name}"] = np.ascontiguousarray(value, kind)
    folder = tests / "Network/TensorCoreTests/Golden"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "layers.safetensors")
