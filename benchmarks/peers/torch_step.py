"""Times training steps of the model in PyTorch, channels last, with SGD, in float32 or with autocast to bfloat16."""
import torch
from timing import arguments, report
from torch_model import training_step

options = arguments(__doc__)
step, parameters = training_step(options)
report(step, options, f"PyTorch {torch.__version__}", parameters)
