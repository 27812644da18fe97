#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Has other people's programs look at models that xtape writes in the ONNX format.

    onnx_interchange.py PROGRAM [SEED]    has PROGRAM (onnx_interchange.cpp) write models, with rows and what it gives of them

The package `onnx` checks each file, and `onnxruntime` computes the rows: by at most 1e-5 of the largest output the two may
differ. What is not installed is left out. Each of the two is in a process of its own, as Debian's do not go together.

    onnx_interchange.py onnx|onnxruntime DIRECTORY    is such a process
"""

import importlib.util
import os
import random
import subprocess
import sys
import tempfile

TOLERANCE = 1e-5


def models(directory):
    return sorted(name[:-5] for name in os.listdir(directory) if name.endswith(".onnx"))


def check(directory):
    import onnx

    names = models(directory)
    for name in names:
        onnx.checker.check_model(os.path.join(directory, name + ".onnx"), full_check=True)
    print(f"onnx {onnx.__version__}: {len(names)} models are as they should be")


def difference(numpy, runtime, path):
    """The largest one, as a part of the largest output, and how many rows there were."""
    session = runtime.InferenceSession(path + ".onnx", providers=["CPUExecutionProvider"])
    with numpy.load(path + ".npz") as arrays:
        rows, expected = arrays["features"], arrays["outputs"]
    (outputs,) = session.run(None, {"features": rows})
    assert outputs.dtype == rows.dtype and outputs.shape == expected.shape, (path, outputs.dtype, outputs.shape)
    assert session.get_inputs()[0].shape[0] == "batch", path
    one, = session.run(None, {"features": rows[:1]})
    assert numpy.allclose(one, outputs[:1], rtol=1e-5, atol=1e-5), f"{path}: a single row gives something else"
    scale = max(numpy.abs(expected).max(), numpy.finfo(rows.dtype).tiny)
    return float(numpy.abs(outputs.astype(numpy.float64) - expected).max() / scale), len(rows)


def run(directory):
    import numpy
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    left_out, differences, rows = [], {"float": [], "double": []}, 0
    for name in models(directory):
        try:
            largest, count = difference(numpy, onnxruntime, os.path.join(directory, name))
        except Exception as error:
            # It has not every operator for doubles.
            if "NOT_IMPLEMENTED" not in str(error) or not name.startswith("double "):
                raise
            left_out.append(name[len("double ") :])
            continue
        differences[name.split(" ")[0]].append((largest, name))
        rows += count
    for kind, all_of_kind in differences.items():
        for largest, name in sorted(all_of_kind, reverse=True)[:3]:
            print(f"  {largest:.2g} of the largest output: {name}")
        assert all(largest <= TOLERANCE for largest, _ in all_of_kind), "that is too far"
        print(f"onnxruntime {onnxruntime.__version__}: {len(all_of_kind)} models of {kind} agree")
    if left_out:
        print(f"left out, as onnxruntime has not all of their operators for double: {', '.join(left_out)}")
    assert not [name for name in left_out if "Linear" in name], left_out
    print(f"{rows} rows")


def main(program, seed):
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([program, directory, str(seed)], check=True)
        for module in ["onnx", "onnxruntime"]:
            if importlib.util.find_spec(module) is None:
                print(f"left out, as it is not installed: {module}")
                continue
            subprocess.run([sys.executable, os.path.abspath(__file__), module, directory], check=True)
    print(f"seed {seed}")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "onnx":
        check(sys.argv[2])
    elif len(sys.argv) == 3 and sys.argv[1] == "onnxruntime":
        run(sys.argv[2])
    elif len(sys.argv) in (2, 3):
        main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else random.randrange(2**31))
    else:
        sys.exit(__doc__)
