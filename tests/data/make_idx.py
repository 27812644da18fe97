#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes tests/data/idx: handwritten digits of 8 x 8, three times as large and framed, in the files of MNIST."""
import csv, gzip, pathlib, struct

here = pathlib.Path(__file__).parent
rows = [[int(x) for x in row] for row in list(csv.reader(open(here / "../../samples/data/digits.csv")))[1:]]


def image(pixels):
    picture = [[0] * 28 for _ in range(28)]
    for y in range(24):
        for x in range(24):
            picture[y + 2][x + 2] = pixels[y // 3 * 8 + x // 3] * 255 // 16
    return bytes(sum(picture, []))


def write(name, dimensions, content):
    header = struct.pack(">BBBB", 0, 0, 8, len(dimensions)) + struct.pack(f">{len(dimensions)}I", *dimensions)
    (here / "idx").mkdir(exist_ok=True)
    with open(here / "idx" / (name + ".gz"), "wb") as file:
        file.write(gzip.compress(header + content, mtime=0))


for part, some in ("train", rows[:120]), ("t10k", rows[120:160]):
    write(f"{part}-images-idx3-ubyte", [len(some), 28, 28], b"".join(image(row[:64]) for row in some))
    write(f"{part}-labels-idx1-ubyte", [len(some)], bytes(row[64] for row in some))
