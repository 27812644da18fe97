#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Prints option_accuracy.jsonl: losses of logits that a temperature divides, by their definitions in 260 digits, and their
# derivatives as differences over 1e-30: of these, 139 digits may be lost where a class is as improbable.
import json
import random
import struct

from mpmath import exp, log, mp, mpf, nstr

mp.dps = 260
draw = random.Random(1)


def softmax(x):
    whole = sum(exp(v) for v in x)
    return [exp(v) / whole for v in x]


def sigmoid(x):
    return 1 / (1 + exp(-x))


def softmax_cross_entropy(x, t, z_loss=0):
    return -sum(u * log(p) for u, p in zip(t, softmax(x))) + z_loss * log(sum(exp(v) for v in x)) ** 2


def softmax_focal(x, t, gamma):
    return -sum(u * (1 - p) ** mpf(gamma) * log(p) for u, p in zip(t, softmax(x)))


def poly_cross_entropy(x, t, epsilon):
    return sum(u * (epsilon * (1 - p) - log(p)) for u, p in zip(t, softmax(x)))


def symmetric_cross_entropy(x, t):  # with the weights 0.1 and 1 and the logarithm -4 of 0
    p = softmax(x)
    reverse = sum(q * min(-log(u), mpf(4)) if u else q * 4 for u, q in zip(t, p))
    return mpf(0.1) * softmax_cross_entropy(x, t) + reverse


def sigmoid_cross_entropy(x, z, pos_weight=1):
    return -pos_weight * z[0] * log(sigmoid(x[0])) - (1 - z[0]) * log(sigmoid(-x[0]))


def sigmoid_focal(x, z, gamma):
    right = sigmoid(x[0]) if z[0] else sigmoid(-x[0])
    return -((1 - right) ** mpf(gamma)) * log(right)


def soft_margin(x, z):
    return log(1 + exp(-z[0] * x[0]))


def rounded(value, dtype):
    return struct.unpack("f", struct.pack("f", value))[0] if dtype == "float32" else value


def logits(count, temperature, dtype):
    spread, centre = draw.choice([0.1, 1, 10, 40]) * temperature, draw.choice([0, 0, 3, 500]) * temperature
    return [rounded(draw.gauss(centre if count > 1 else 0, spread), dtype) for _ in range(count)]


def distribution(count, dtype):
    parts = [draw.random() ** 3 + 0.01 for _ in range(count)]
    return [rounded(p / sum(parts), dtype) for p in parts]


def case(number, function, labels, parameters, dtype):
    temperature = parameters["temperature"]
    binary = function.startswith(("sigmoid", "soft_margin"))
    x = logits(1 if binary else draw.choice([2, 3, 10]), temperature, dtype)
    others = "".join(f"-{name}" for name in parameters if name != "temperature")
    record = {"id": f"{function}-{labels}{others}-{temperature}-{dtype}-{number}", "function": function,
              "parameters": parameters, "dtype": dtype, "inputs": [v.hex() for v in x]}
    if labels == "index":
        record["label"] = draw.randrange(len(x))
        t = [int(j == record["label"]) for j in range(len(x))]
    else:
        t = {"soft": lambda: distribution(max(len(x), 2), dtype)[:len(x)], "binary": lambda: [float(draw.randrange(2))],
             "sign": lambda: [draw.choice([-1.0, 1.0])]}[labels]()
        record["labels"] = [u.hex() for u in t]
    x, t = [mpf(v) for v in x], [mpf(u) for u in t]
    more = {name: mpf(value) for name, value in parameters.items() if name != "temperature"}

    def loss(j=0, step=0):
        return globals()[function]([(v + (step if i == j else 0)) / mpf(temperature) for i, v in enumerate(x)], t, **more)

    step = mpf(10) ** -30
    value = loss()
    slopes = [(loss(j, step) - loss(j, -step)) / (2 * step) for j in range(len(x))]
    scales = [abs(slope) for slope in slopes]
    if labels == "soft" and not binary:  # p sum(t) - t
        scales = [max(abs(s) + u / temperature, u / temperature) for s, u in zip(scales, t)]
    if labels == "soft" and binary:  # p - z
        p = sigmoid(x[0] / temperature)
        scales = [max((1 - t[0]) * p, t[0] * (1 - p)) / temperature]
    record |= {"value": nstr(value, 21), "value_scale": nstr(abs(value), 6), "gradient": [nstr(s, 21) for s in slopes],
               "gradient_scales": [nstr(s, 6) for s in scales]}
    return record


kinds = [("softmax_cross_entropy", "index", {}), ("softmax_cross_entropy", "soft", {}),
         ("softmax_cross_entropy", "index", {"z_loss": 0.01}), ("softmax_focal", "index", {"gamma": 2.0}),
         ("poly_cross_entropy", "index", {"epsilon": 2.0}), ("symmetric_cross_entropy", "index", {}),
         ("sigmoid_cross_entropy", "binary", {}), ("sigmoid_cross_entropy", "soft", {}),
         ("sigmoid_focal", "binary", {"gamma": 2.0}), ("soft_margin", "sign", {})]
for function, labels, parameters in kinds:
    for dtype in ["float32", "float64"]:
        for temperature in [0.7, 3.0]:
            for number in range(12):
                print(json.dumps(case(number, function, labels, parameters | {"temperature": temperature}, dtype)))
