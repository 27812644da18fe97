#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Exchanges files with PyTorch: needs PyTorch, and compares with the package `safetensors` where that is installed.

    pytorch_interchange.py make DIRECTORY    trains two small networks and writes what tests/data holds of PyTorch
    pytorch_interchange.py check PROGRAM     makes the same of another seed, has PROGRAM (pytorch_interchange.cpp) read
                                             it and train on, and compares what it wrote with what PyTorch computes
"""

import json
import os
import random
import struct
import subprocess
import sys
import tempfile

import torch
from torch import nn

try:
    import safetensors.torch as official
except ImportError:
    official = None

TYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip
NAMES = {torch_type: name for name, torch_type in TYPES.items()}


def bytes_of(tensor):
    tensor = tensor.detach().contiguous()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.int16)  # NumPy has no such type.
    return tensor.numpy().tobytes()


def write(path, tensors, metadata=None):
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, tensor in sorted(tensors.items(), key=lambda pair: (-pair[1].element_size(), pair[0])):
        begin = len(data)
        data += bytes_of(tensor)
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    if official:
        loaded = official.load_file(path)
        assert loaded.keys() == tensors.keys()
        assert all(bytes_of(loaded[name]) == bytes_of(tensor) for name, tensor in tensors.items())


def distinct(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"a name stands twice: {names}"
    return dict(pairs)


def read(path):
    """Takes nothing that the format's description leaves open."""
    with open(path, "rb") as file:
        content = file.read()
    (size,) = struct.unpack("<Q", content[:8])
    assert size <= 100_000_000 and size % 8 == 0 and 8 + size <= len(content), size
    text, data = content[8 : 8 + size].decode("utf-8"), content[8 + size :]
    assert text[0] == "{" and text.rstrip(" ")[-1] == "}", text
    header = json.loads(text, object_pairs_hook=distinct)
    metadata = header.pop("__metadata__", {})
    assert all(isinstance(value, str) for value in metadata.values()), metadata
    tensors, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda pair: pair[1]["data_offsets"]):
        assert entry.keys() == {"dtype", "shape", "data_offsets"}, entry
        assert all(type(extent) is int and extent >= 0 for extent in entry["shape"]), entry
        tensor = torch.empty(entry["shape"], dtype=TYPES[entry["dtype"]])
        begin, after = entry["data_offsets"]
        assert begin == end and after - begin == tensor.numel() * tensor.element_size(), entry
        assert (8 + size + begin) % tensor.element_size() == 0, f"not aligned: {entry}"
        if tensor.numel():
            part = bytearray(data[begin:after])
            tensor = torch.frombuffer(part, dtype=tensor.dtype).reshape(entry["shape"])
        tensors[name], end = tensor, after
    assert end == len(data), (end, len(data))
    if official:
        loaded = official.load_file(path)
        assert loaded.keys() == tensors.keys()
        assert all(bytes_of(loaded[name]) == bytes_of(tensor) for name, tensor in tensors.items())
    return tensors, metadata


def linear_network():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


def convolutional_network():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)
    )


def train(network, inputs, labels):
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs), labels).backward()
        optimizer.step()


def exact_logits(network, inputs):
    """Of the float weights, computed in double precision."""
    state = network.state_dict()
    network = network.double().eval()
    with torch.no_grad():
        logits = network(inputs.double())
    network.float().load_state_dict(state)
    return logits


def make_network(directory, name, network, inputs):
    labels = torch.arange(len(inputs)) % 3
    train(network, inputs + labels.float().reshape([-1] + [1] * (inputs.dim() - 1)), labels)
    inputs = inputs[:6]
    write(os.path.join(directory, f"pytorch_{name}.safetensors"), network.state_dict(), {"format": "pt"})
    write(
        os.path.join(directory, f"pytorch_{name}_logits.safetensors"),
        {"inputs": inputs, "logits": exact_logits(network, inputs)},
    )


def make_types(directory):
    """An array of every type, and what the narrow floating-point types are as float32."""
    tensors = {}
    bits = torch.randint(-(2**15), 2**15, (60,), dtype=torch.int16)
    # Zeros, the smallest and largest subnormal and normal numbers, and infinities, of both.
    for narrow, edges in [
        (torch.float16, [0, -0x8000, 1, 0x03FF, 0x0400, 0x7BFF, 0x7C00, -0x400]),
        (torch.bfloat16, [0, -0x8000, 1, 0x007F, 0x0080, 0x7F7F, 0x7F80, -0x80]),
    ]:
        values = torch.cat([torch.tensor(edges, dtype=torch.int16), bits]).view(narrow)
        values = values[~values.isnan()]
        tensors[NAMES[narrow]] = values
        tensors[NAMES[narrow] + " as F32"] = values.float()
    tensors["F64"] = torch.randn(2, 3, dtype=torch.float64)
    tensors["reals"] = (torch.randn(3000) * 10.0 ** torch.randint(-9, 5, (3000,))).clamp(-65504, 65504)
    tensors["BOOL"] = torch.tensor([True, False, True])
    for name in ["I8", "I16", "I32", "I64", "U8"]:
        range_of_type = torch.iinfo(TYPES[name])
        tensors[name] = torch.tensor([range_of_type.min, 0, 1, range_of_type.max], dtype=TYPES[name])
    tensors["scalar"] = torch.tensor(2.5)
    tensors["empty"] = torch.zeros(2, 0, 3)
    write(os.path.join(directory, "pytorch_types.safetensors"), tensors, {"naïve": 'a "text"\n'})


def make(directory, seed=1):
    torch.manual_seed(seed)
    make_network(directory, "linear", linear_network(), torch.randn(48, 4))
    make_network(directory, "conv", convolutional_network(), torch.randn(48, 1, 8, 8))
    make_types(directory)


def check_network(directory, name, network):
    """How far the logits of what was trained on are from those that PyTorch computes of it."""
    trained, metadata = read(os.path.join(directory, f"xtape_{name}.safetensors"))
    assert metadata == {"naïve": 'a "text"\n'}, metadata
    before, _ = read(os.path.join(directory, f"pytorch_{name}.safetensors"))
    assert all(not torch.equal(before[key], trained[key]) for key in before), "it has not been trained"
    results, _ = read(os.path.join(directory, f"xtape_{name}_logits.safetensors"))
    network.load_state_dict(trained)
    expected = exact_logits(network, results["inputs"])
    return (results["logits"].double() - expected).abs().max().item()


def check(program):
    seed = random.randrange(2**31)
    with tempfile.TemporaryDirectory() as directory:
        make(directory, seed)
        subprocess.run([program, directory], check=True)
        networks = {"linear": linear_network(), "conv": convolutional_network()}
        errors = [check_network(directory, name, network) for name, network in networks.items()]
        assert max(errors) < 1e-5, f"seed {seed}: logits differ by {errors}"

        # The same arrays back, of every type.
        ours, metadata = read(os.path.join(directory, "xtape_types.safetensors"))
        theirs, their_metadata = read(os.path.join(directory, "pytorch_types.safetensors"))
        assert metadata == their_metadata and ours.keys() == theirs.keys()
        for name, tensor in theirs.items():
            if tensor.dtype in (torch.float16, torch.bfloat16):
                tensor = tensor.float()
            assert ours[name].dtype == tensor.dtype and ours[name].shape == tensor.shape, name
            assert bytes_of(ours[name]) == bytes_of(tensor), name
        for narrow in (torch.float16, torch.bfloat16):
            halves, _ = read(os.path.join(directory, f"xtape_{NAMES[narrow]}.safetensors"))
            assert bytes_of(halves["reals"]) == bytes_of(theirs["reals"].to(narrow)), narrow
    print(f"seed {seed}: logits differ by at most {max(errors):.2g}, {'with' if official else 'without'} safetensors")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    {"make": make, "check": check}[sys.argv[1]](sys.argv[2])
