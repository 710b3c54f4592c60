"""Times training steps of the model in Keras on TensorFlow, with float32 and SGD."""
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from golden.attention_unet import Sizes, build  # noqa: E402
from timing import arguments, report  # noqa: E402

options = arguments(__doc__)
tf.config.threading.set_intra_op_parallelism_threads(options.threads)
tf.config.threading.set_inter_op_parallelism_threads(options.threads)
sizes = Sizes(
    options.height, options.width, options.base_filters, dense_layers=16, dense_width=256, classes=2)
model = build(sizes, "float32", dropout=0.3)
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(0.01))
random = np.random.default_rng(1)
images = random.uniform(-1, 1, (options.batch, options.height, options.width, 3)).astype(np.float32)
labels = np.eye(2, dtype=np.float32)[np.arange(options.batch) % 2]
report(
    lambda: model.train_on_batch(images, labels), options, f"Keras {keras.__version__}, TensorFlow {tf.__version__}",
    sum(int(np.prod(weight.shape)) for weight in model.trainable_weights))
