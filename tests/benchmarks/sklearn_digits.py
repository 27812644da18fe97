# SPDX-License-Identifier: BSD-3-Clause
# The training of samples/digits.cpp with scikit-learn: the same data, network, batches and optimizer; and its
# logistic regression on the same rows. Prints what a fit takes and the accuracy on the test rows.
import pathlib
import time
import warnings

import numpy
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore", ConvergenceWarning)  # The epochs are those of the sample.
file = pathlib.Path(__file__).parents[2] / "samples/data/digits.csv"
table = numpy.loadtxt(file, delimiter=",", skiprows=1, dtype=numpy.float32)
rows = train_test_split(table[:, :-1] / 16, table[:, -1].astype(int), test_size=0.2, random_state=1, stratify=table[:, -1])
train_features, test_features, train_labels, test_labels = rows

models = {
    "MLPClassifier 64-256-10, batch 32, Adam, 50 epochs": MLPClassifier(
        (256,), alpha=0, batch_size=32, learning_rate_init=5e-3, max_iter=50, n_iter_no_change=50, random_state=1),
    "LogisticRegression": LogisticRegression(max_iter=1000),
}
for name, model in models.items():
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        model.fit(train_features, train_labels)
        seconds.append(time.perf_counter() - start)
    print(f"  {name}: {min(seconds):.2f} s, test accuracy {model.score(test_features, test_labels):.3f}")
