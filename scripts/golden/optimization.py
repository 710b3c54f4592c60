"""Golden numbers for the optimizer: Tests/Network/OptimizationTests/Golden/sgd.json, by Keras' SGD in float32.

A list of cases. In each, four parameters take five steps:

    learningRate momentum nesterov weightDecay      the settings
    start                                           the parameters before the first step
    gradients                                       the gradients of each step
    parameters                                      the parameters after each step
"""
import itertools
import json

import keras
import numpy as np

STEPS = 5
COUNT = 4


def case(random, rate, momentum, nesterov, decay):
    start = random.normal(0, 1, COUNT).astype(np.float32)
    gradients = random.normal(0, 1, (STEPS, COUNT)).astype(np.float32)
    variable = keras.Variable(start, dtype="float32")
    optimizer = keras.optimizers.SGD(rate, momentum=momentum, nesterov=nesterov, weight_decay=decay or None)
    optimizer.build([variable])
    parameters = []
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        parameters.append(variable.numpy().tolist())
    return {"learningRate": rate, "momentum": momentum, "nesterov": nesterov, "weightDecay": decay,
            "start": start.tolist(), "gradients": gradients.tolist(), "parameters": parameters}


def write(tests):
    keras.config.set_dtype_policy("float32")
    random = np.random.default_rng(7)
    cases = [case(random, rate, momentum, nesterov, decay)
             for rate, (momentum, nesterov), decay in itertools.product(
                 (0.01, 0.5), ((0.0, False), (0.9, False), (0.9, True)), (0.0, 0.1))]
    folder = tests / "Network/OptimizationTests/Golden"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sgd.json").write_text(json.dumps(cases) + "\n")
