"""The modules whose instances the PyTorch samples hold: an author's own project module."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.BatchNorm1d(width), nn.Dropout(0.1))
        self.head = nn.Linear(width, 2)
        self.register_buffer("steps", torch.zeros(1, dtype=torch.int64))

    def forward(self, x):
        return self.head(self.layers(x))


class Labelled(torch.Tensor):
    """A tensor subclass of the author's."""
