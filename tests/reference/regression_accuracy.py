#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Prints regression_accuracy.jsonl: losses of numbers and of ordered classes, by their definitions in 1500 digits.
import json
import random
import struct
import sys

from mpmath import exp, log, mp, mpf, nstr

mp.dps = 1500
draw = random.Random(1)


def rounded(value, dtype):
    return struct.unpack("f", struct.pack("f", value))[0] if dtype == "float32" else value


def squared_error(inputs, target, scale=1):
    error = inputs[0] - target
    return scale * error**2, [2 * scale * error]


def huber(inputs, target, delta, scale=1):
    error = inputs[0] - target
    if abs(error) <= delta:
        return scale * error**2 / 2, [scale * error]
    return scale * delta * (abs(error) - delta / 2), [scale * delta * (1 if error > 0 else -1)]


def sigmoid(x):
    return 1 / (1 + exp(-x))


def density(x):
    return sigmoid(x) * sigmoid(-x)


def ordinal_cross_entropy(inputs, label):
    score, thresholds = inputs[0], inputs[1:]
    gradient = [mpf(0)] * len(inputs)
    is_last, is_first = label == len(thresholds), label == 0
    above = mpf(0) if is_last else density(thresholds[label] - score)
    below = mpf(0) if is_first else density(thresholds[label - 1] - score)
    if is_last:
        probability = sigmoid(score - thresholds[-1])
    elif is_first:
        probability = sigmoid(thresholds[0] - score)
    else:
        a, b = thresholds[label] - score, thresholds[label - 1] - score
        probability = sigmoid(a) - sigmoid(b) if b < 0 else sigmoid(-b) - sigmoid(-a)
    gradient[0] = (above - below) / probability
    if not is_last:
        gradient[1 + label] = -above / probability
    if not is_first:
        gradient[label] = below / probability
    return -log(probability), gradient


def number(dtype):
    magnitude = draw.choice([1e-30, 1e-15, 1e-3, 1, 1, 1e3, 1e15])
    return rounded(draw.gauss(0, magnitude), dtype)


# A target that may be anywhere, next to the output, or an error of about delta away.
def pair(dtype, delta):
    x = number(dtype)
    t = draw.choice([lambda: number(dtype), lambda: x * (1 + draw.choice([-1, 1]) * 2.0**-20), lambda: x - delta,
                     lambda: x + delta * (1 + draw.gauss(0, 1e-6)), lambda: 0.0])()
    return x, rounded(t, dtype)


# Scores near and far, in the middle of a class and at a threshold; thresholds apart, close, and of any size.
def ordinal_inputs(dtype):
    count = draw.choice([1, 2, 4, 9])
    gap = draw.choice([1e-300 if dtype == "float64" else 1e-30, 1e-12, 1e-4, 0.3, 1, 1, 5, 40, 200])
    first = 0.0 if gap < 1e-3 else draw.gauss(0, draw.choice([1, 10]))
    thresholds = [rounded(first, dtype)]
    while len(thresholds) < count:
        thresholds.append(rounded(thresholds[-1] + gap * (0.5 + draw.random()), dtype))
    k = draw.randrange(count)
    middle = (thresholds[k] + thresholds[max(k - 1, 0)]) / 2
    score = draw.choice([lambda: draw.gauss(0, 1), lambda: draw.gauss(0, 30), lambda: draw.gauss(0, 300), lambda: middle,
                         lambda: middle * (1 + draw.gauss(0, 1e-6)), lambda: thresholds[k], lambda: draw.gauss(0, 1e6),
                         lambda: thresholds[k] + draw.gauss(0, gap)])()
    return [rounded(score, dtype)] + thresholds


# Below what a long double holds, which is nothing to a double too, it is 0.
def text(value, digits=21):
    return nstr(value, digits) if abs(value) > mpf(10) ** -4000 else "0.0"


def case(name, function, parameters, dtype):
    record = {"id": name, "function": function, "parameters": parameters, "dtype": dtype}
    if function == "ordinal_cross_entropy":
        inputs = ordinal_inputs(dtype)
        record |= {"inputs": [x.hex() for x in inputs], "label": draw.randrange(len(inputs))}
        value, gradient = ordinal_cross_entropy([mpf(x) for x in inputs], record["label"])
    else:
        x, t = pair(dtype, parameters.get("delta", 1.0))
        record |= {"inputs": [x.hex()], "labels": [t.hex()]}
        value, gradient = globals()[function]([mpf(x)], mpf(t), **{key: mpf(v) for key, v in parameters.items()})
    largest = mpf(struct.unpack("f", b"\xff\xff\x7f\x7f")[0] if dtype == "float32" else sys.float_info.max)
    if max(abs(part) for part in [value] + gradient) > largest:
        return case(name, function, parameters, dtype)
    return record | {"value": text(value), "value_scale": text(abs(value), 6), "gradient": [text(g) for g in gradient],
                     "gradient_scales": [text(abs(g), 6) for g in gradient]}


kinds = [("squared_error", {}, 24), ("squared_error", {"scale": 0.5}, 24), ("huber", {"delta": 1.0}, 24),
         ("huber", {"delta": 0.1}, 24), ("huber", {"delta": 1e-20, "scale": 1e20}, 24), ("ordinal_cross_entropy", {}, 240)]
for function, parameters, count in kinds:
    for dtype in ["float32", "float64"]:
        for index in range(count):
            options = "".join(f"-{key}-{value}" for key, value in parameters.items())
            print(json.dumps(case(f"{function}{options}-{dtype}-{index}", function, parameters, dtype)))
