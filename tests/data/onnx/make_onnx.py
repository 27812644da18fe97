#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the models of this folder as PyTorch exports them: needs PyTorch and, as Debian packages it, nothing more.

    make_onnx.py [DIRECTORY]

NAME_OPSET.onnx is a model in evaluation mode with random weights, NAME.safetensors holds six inputs and the outputs that
PyTorch computes of them, in double precision from the float weights.
"""

import copy
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

import torch
from pytorch_interchange import write
from torch import nn

OPSETS = [13, 17]


class Reshape(nn.Module):
    """As models do it that were written before there was nn.Flatten."""

    def forward(self, x):
        return x.reshape(-1, 12)


def models():
    """By name: a model, and what it takes."""
    yield "dense", nn.Sequential(
        nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 6), nn.ELU(0.5), nn.Linear(6, 4),
        nn.LeakyReLU(0.125), nn.Linear(4, 3, bias=False), nn.Softmax(dim=1),
    ), torch.randn(6, 5)  # fmt: skip
    yield "conv", nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, (3, 2), groups=2, bias=False),
        nn.Hardswish(), nn.AvgPool2d(2, stride=1, padding=1), nn.Conv2d(4, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 3),
    ), torch.randn(6, 1, 10, 10)  # fmt: skip
    yield "words", nn.Sequential(nn.Embedding(11, 4), Reshape(), nn.Linear(12, 1), nn.Sigmoid()), torch.randint(0, 11, (6, 3))
    yield "norm", nn.Sequential(
        nn.LayerNorm(5, eps=1e-3), nn.Linear(5, 6), nn.GELU(), nn.LayerNorm((4, 6)), nn.Linear(6, 3, bias=False), nn.SiLU(),
        nn.Tanh(), nn.Softplus(), nn.Flatten(), nn.Linear(12, 2),
    ), torch.randn(6, 4, 5)  # fmt: skip
    # With operator set 17 it writes for this what the format does not allow.
    yield "bare", nn.Sequential(nn.LayerNorm(4, elementwise_affine=False), nn.Linear(4, 2)), torch.randn(6, 4)


def randomize(model):
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif tensor.is_floating_point():
            tensor.normal_(0, 0.5)


def write_outputs(path, model, inputs):
    exact = copy.deepcopy(model).double()
    with torch.no_grad():
        outputs = exact(inputs.double() if inputs.is_floating_point() else inputs)
    write(path, {"inputs": inputs.float(), "outputs": outputs})


def main(directory):
    torch.manual_seed(1)
    for name, model, inputs in models():
        randomize(model)
        model.eval()
        write_outputs(os.path.join(directory, name + ".safetensors"), model, inputs)
        for opset in OPSETS[:1] if name == "bare" else OPSETS:
            batch = {"dynamic_axes": {"input": {0: "batch"}, "output": {0: "batch"}}} if opset == 17 else {}
            torch.onnx.export(
                model, inputs[:1], os.path.join(directory, f"{name}_{opset}.onnx"), opset_version=opset,
                training=torch.onnx.TrainingMode.PRESERVE if opset == 13 else torch.onnx.TrainingMode.EVAL,
                input_names=["input"], output_names=["output"], **batch,
            )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
