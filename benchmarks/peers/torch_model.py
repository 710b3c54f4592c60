"""The model in PyTorch, channels last, and its training step with SGD."""
import torch
from torch import nn
from torch.nn import functional as F


def double(inputs, filters):
    return nn.Sequential(
        nn.Conv2d(inputs, filters, 3, padding=1), nn.ReLU(), nn.Conv2d(filters, filters, 3, padding=1), nn.ReLU())


class Gate(nn.Module):
    """The attention gate: the skip connection, weighted by what comes from below."""

    def __init__(self, filters):
        super().__init__()
        self.theta = nn.Conv2d(filters, filters, 2, stride=2)
        self.phi = nn.Conv2d(2 * filters, filters, 1)
        self.upsample = nn.ConvTranspose2d(filters, filters, 3, padding=1)
        self.psi = nn.Conv2d(filters, 1, 1)
        self.result = nn.Conv2d(filters, filters, 1)
        self.norm = nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)

    def forward(self, skip, below):
        mask = torch.sigmoid(self.psi(F.relu(self.theta(skip) + self.upsample(self.phi(below)))))
        return self.norm(self.result(F.interpolate(mask, scale_factor=2, mode="nearest") * skip))


class AttentionUNet(nn.Module):
    def __init__(self, height, width, filters):
        super().__init__()
        levels = [filters << level for level in range(4)]
        self.encoders = nn.ModuleList(double(f // 2 if f > filters else 3, f) for f in levels)
        self.bottleneck = double(levels[-1], 2 * levels[-1])
        self.gates = nn.ModuleList(Gate(f) for f in reversed(levels))
        self.decoders = nn.ModuleList(double(f, f) for f in reversed(levels))
        widths = [height * width * filters] + 16 * [256]
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3))
        for inputs, outputs in zip(widths, widths[1:]):
            self.head += nn.Sequential(nn.Linear(inputs, outputs), nn.LeakyReLU(0.1))
        self.logits = nn.Linear(widths[-1], 2)

    def forward(self, x):
        skips = []
        for encoder in self.encoders:
            skips.append(encoder(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.bottleneck(x)
        for gate, decoder, skip in zip(self.gates, self.decoders, reversed(skips)):
            x = decoder(gate(skip, x))
        return self.logits(self.head(x))


def training_step(options, wrapped=lambda model: model):
    """A function that takes one step, and the number of trainable parameters."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = wrapped(
        AttentionUNet(options.height, options.width, options.base_filters).to(memory_format=torch.channels_last))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    images = torch.rand(options.batch, 3, options.height, options.width) * 2 - 1
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.arange(options.batch) % 2

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            logits = model(images)
        F.cross_entropy(logits.float(), labels).backward()
        optimizer.step()

    return step, sum(p.numel() for p in model.parameters())
