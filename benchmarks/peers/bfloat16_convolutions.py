"""Times the 3x3 convolutions of the model, all three passes, in bfloat16 and float32 on one thread.

They are PyTorch's, that is oneDNN's, on tensors that are bfloat16 already: what `hbn benchmark convolutions` has to beat,
and the most that a bfloat16 mode could gain without kernels of its own.
"""
import argparse
import statistics
import time

import torch
from torch.nn import functional as F

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--height", type=int, default=224)
parser.add_argument("--width", type=int, default=144)
parser.add_argument("--base-filters", type=int, default=64)
parser.add_argument("--shard-size", type=int, default=2)
parser.add_argument("--steps", type=int, default=5)
options = parser.parse_args()
torch.set_num_threads(1)


def milliseconds(channels, height, width, dtype):
    def tensor(*shape):
        return torch.randn(*shape, dtype=dtype).contiguous(memory_format=torch.channels_last)

    image = tensor(options.shard_size, channels, height, width).requires_grad_()
    kernel = tensor(channels, channels, 3, 3).requires_grad_()
    gradient = tensor(options.shard_size, channels, height, width)
    times = []
    for _ in range(options.steps + 2):
        start = time.perf_counter()
        torch.autograd.grad(F.conv2d(image, kernel, padding=1), (image, kernel), gradient)
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times[2:])


for level in range(5):
    channels = options.base_filters << level
    height, width = options.height >> level, options.width >> level
    bf16, f32 = (milliseconds(channels, height, width, t) for t in (torch.bfloat16, torch.float32))
    work = 3 * 2 * 9 * options.shard_size * height * width * channels**2 / 1e6
    print(
        f"{channels:5}->{channels:<5} {height}x{width}: bfloat16 {bf16:7.1f} ms ({work / bf16:.0f} GFLOP/s), "
        f"float32 {f32:7.1f} ms ({work / f32:.0f} GFLOP/s)", flush=True)
