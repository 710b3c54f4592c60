"""Times training steps of the model in PyTorch's DistributedDataParallel: gloo, a process of one thread for each rank."""
import tempfile

import torch
from timing import arguments, report
from torch import distributed, multiprocessing
from torch.nn.parallel import DistributedDataParallel
from torch_model import training_step


def train(rank, options, store):
    options.threads = 1
    distributed.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=options.ranks)
    step, parameters = training_step(
        options, lambda model: DistributedDataParallel(model, gradient_as_bucket_view=True))
    report(step, options, f"PyTorch {torch.__version__}", parameters, is_quiet=rank > 0)
    distributed.destroy_process_group()


if __name__ == "__main__":
    options = arguments(__doc__, lambda parser: parser.add_argument("--ranks", type=int, default=2))
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(train, (options, f"{folder}/store"), nprocs=options.ranks)
