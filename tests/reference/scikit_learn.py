#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Prints scikit_learn.json: metrics of scikit-learn 1.2.1 on random and on hand-made data. All inputs are floats, so that
# they are the same numbers as doubles. What scikit-learn raises an error for is null.
import json
import warnings

import numpy as np
from sklearn import metrics

warnings.simplefilter("ignore")
draw = np.random.RandomState(1)


def rounded(numbers):
    return np.asarray(numbers, dtype=np.float32).astype(np.float64)


def listed(array):
    return [None if np.isnan(x) else x for x in np.asarray(array, dtype=np.float64).ravel().tolist()]


def spread_of_mean(of_rows):
    return None if len(of_rows) < 2 else float(np.std(of_rows, ddof=1) / np.sqrt(len(of_rows)))


def has_both(labels):
    return 0 < labels.sum() < labels.size


def averages(labels, predicted, scores, average):
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(labels, predicted, average=average, zero_division=0)
    if average == "samples":
        return [precision, recall, f1]
    both = [c for c in range(labels.shape[1]) if has_both(labels[:, c])]
    some = [c for c in range(labels.shape[1]) if labels[:, c].any()]
    if average == "micro":
        both, some = (range(labels.shape[1]) if ok else [] for ok in (has_both(labels), labels.any()))
    area, mean_precision = (function(labels[:, of], scores[:, of], average=average) if len(of) else None
                            for function, of in ((metrics.roc_auc_score, both), (metrics.average_precision_score, some)))
    return [precision, recall, f1, area, mean_precision]


def multilabel(name, scores, labels, threshold=0.0):
    scores, labels = rounded(scores), np.asarray(labels)
    if labels.shape[1] == 1:  # scikit-learn takes it for two classes, and averages over both
        return one_label(name, scores, labels, threshold)
    predicted = (scores >= threshold).astype(int)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(labels, predicted, average=None, zero_division=0)
    columns = range(labels.shape[1])
    return {
        "name": name, "shape": labels.shape, "scores": listed(scores), "labels": labels.ravel().tolist(),
        "threshold": threshold, "predicted": predicted.ravel().tolist(),
        "precision": listed(precision), "recall": listed(recall), "f1": listed(f1), "support": support.tolist(),
        "roc_auc": [metrics.roc_auc_score(labels[:, c], scores[:, c]) if has_both(labels[:, c]) else None for c in columns],
        "average_precision": [metrics.average_precision_score(labels[:, c], scores[:, c]) if labels[:, c].any() else None
                              for c in columns],
        **{average: averages(labels, predicted, scores, average) for average in ("macro", "weighted", "micro", "samples")},
        "subset_accuracy": metrics.accuracy_score(labels, predicted),
        "subset_accuracy_error": spread_of_mean((labels == predicted).all(axis=1)),
        "hamming_loss": metrics.hamming_loss(labels, predicted),
        "hamming_loss_error": spread_of_mean((labels != predicted).mean(axis=1))}


def one_label(name, scores, labels, threshold):
    label, score = labels[:, 0], scores[:, 0]
    predicted = (score >= threshold).astype(int)
    figures = [float(function(label, predicted, zero_division=0))
               for function in (metrics.precision_score, metrics.recall_score, metrics.f1_score)]
    areas = [float(metrics.roc_auc_score(label, score)), float(metrics.average_precision_score(label, score))]
    right = metrics.accuracy_score(label, predicted)
    of_rows = [label[r:r + 1] for r in range(len(label))], [predicted[r:r + 1] for r in range(len(label))]
    samples = [float(np.mean([function(y, p, zero_division=0) for y, p in zip(*of_rows)]))
               for function in (metrics.precision_score, metrics.recall_score, metrics.f1_score)]
    error = spread_of_mean(label != predicted)
    return {
        "name": name, "shape": labels.shape, "scores": listed(score), "labels": label.tolist(), "threshold": threshold,
        "predicted": predicted.tolist(), "precision": figures[:1], "recall": figures[1:2], "f1": figures[2:],
        "support": [int(label.sum())], "roc_auc": areas[:1], "average_precision": areas[1:], "macro": figures + areas,
        "weighted": figures + areas, "micro": figures + areas, "samples": samples, "subset_accuracy": right,
        "subset_accuracy_error": error, "hamming_loss": metrics.hamming_loss(label, predicted), "hamming_loss_error": error}


def random_multilabel(name, rows, columns, threshold=0.0, step=None):
    labels = (draw.uniform(size=(rows, columns)) < draw.uniform(0.1, 0.8, size=columns)).astype(int)
    scores = draw.normal(size=(rows, columns)) + 1.5 * labels - 0.7
    if step is not None:
        scores = np.round(scores / step) * step
    return multilabel(name, scores, labels, threshold)


def multilabel_cases():
    never = (draw.uniform(size=(30, 4)) < 0.5).astype(int)
    never[:, 1], never[:, 3] = 0, 1
    some = (draw.uniform(size=(12, 3)) < 0.5).astype(int)
    return [
        random_multilabel("five labels", 80, 5), random_multilabel("many ties", 60, 3, step=0.5),
        random_multilabel("another threshold, which is a score", 50, 4, threshold=0.5, step=0.25),
        random_multilabel("one label", 40, 1), random_multilabel("more labels than rows", 5, 17),
        multilabel("a label never there, and one always", draw.normal(size=(30, 4)), never),
        multilabel("all right", 2.0 * some - 1, some), multilabel("all wrong", 1 - 2.0 * some, some),
        multilabel("nothing predicted", -np.ones((12, 3)), some),
        multilabel("no label anywhere", draw.normal(size=(6, 2)), np.zeros((6, 2), dtype=int)),
        multilabel("one row", [[0.5, -1, 2]], [[1, 0, 0]])]


def regression(name, outputs, targets):
    outputs, targets = rounded(outputs), rounded(targets)
    errors = (outputs - targets).reshape(len(targets), -1)
    few = len(targets) < 2
    return {
        "name": name, "shape": targets.shape, "outputs": listed(outputs), "targets": listed(targets),
        "mean_squared_error": metrics.mean_squared_error(targets, outputs),
        "mean_squared_error_error": spread_of_mean((errors ** 2).mean(axis=1)),
        "root_mean_squared_error": metrics.mean_squared_error(targets, outputs, squared=False),
        "mean_absolute_error": metrics.mean_absolute_error(targets, outputs),
        "mean_absolute_error_error": spread_of_mean(np.abs(errors).mean(axis=1)),
        "r_squared": None if few else metrics.r2_score(targets, outputs),
        "explained_variance": None if few else metrics.explained_variance_score(targets, outputs)}


def regression_cases():
    targets = draw.normal(size=50)
    several = draw.normal(size=(40, 3)) * [1, 10, 0.1] + [0, 5, -1]
    constant = np.stack([np.full(8, 2.0), np.full(8, -0.5), np.arange(8.0)], axis=1)
    wrong = constant + np.array([0, 0, 1]) * draw.normal(size=(8, 3)) + np.array([0, 1, 0]) * draw.normal(size=(8, 3))
    return [
        regression("one output", targets + 0.3 * draw.normal(size=50), targets),
        regression("three outputs of different scales", several + draw.normal(size=(40, 3)) * [0.5, 5, 0.2] + 0.1, several),
        regression("a column of one output", targets[:, None] * 0.9, targets[:, None]),
        regression("worse than the mean", -targets, targets), regression("all right", targets, targets),
        regression("all off by one amount", np.arange(9.0) + 0.25, np.arange(9.0)),
        regression("constant targets, met and missed, beside others", wrong, constant),
        regression("constant targets, missed by one amount", np.full(5, 3.0), np.full(5, 2.0)),
        regression("far from 0", 1e6 + rounded(targets) * 1.5, 1e6 + targets),
        regression("one row", [[1.5, 2]], [[1, 4]]), regression("two rows", [1, 2.5], [1.5, 2])]


def thresholds(name, scores, labels, at, costs):
    scores, labels, at = rounded(scores), np.asarray(labels), [float(t) for t in at]
    table = {key: [] for key in ("true_positives", "false_positives", "true_negatives", "false_negatives", "precision",
                                 "recall", "f1", "accuracy", "specificity")}
    for threshold in at:
        called = (scores >= threshold).astype(int)
        tn, fp, fn, tp = metrics.confusion_matrix(labels, called, labels=[0, 1]).ravel().tolist()
        figures = [function(labels, called, zero_division=0)
                   for function in (metrics.precision_score, metrics.recall_score, metrics.f1_score)]
        specificity = metrics.recall_score(labels, called, pos_label=0, zero_division=0)
        row = [tp, fp, tn, fn, *figures, metrics.accuracy_score(labels, called), specificity]
        for key, figure in zip(table, row):
            table[key].append(figure)
    return {"name": name, "scores": listed(scores), "labels": labels.tolist(), "thresholds": [repr(t) for t in at], **table,
            "cheapest": [cheapest(scores, labels, *of_mistakes) for of_mistakes in costs]}


def cheapest(scores, labels, false_positive, false_negative):
    best = None
    for threshold in [np.inf, *sorted(set(scores.tolist()), reverse=True)]:
        _, fp, fn, _ = metrics.confusion_matrix(labels, scores >= threshold, labels=[0, 1]).ravel().tolist()
        cost = (false_positive * fp + false_negative * fn) / len(labels)
        if best is None or cost < best["cost"]:
            best = {"threshold": repr(float(threshold)), "cost": cost, "false_positives": fp, "false_negatives": fn}
    return {"costs": [false_positive, false_negative], **best}


def threshold_cases():
    labels = (draw.uniform(size=90) < 0.3).astype(int)
    scores = draw.normal(size=90) + 1.2 * labels
    all_costs = [(1, 1), (1, 5), (5, 1), (1, 0), (0, 1), (0, 0), (1, 1000), (1000, 1), (0.25, 1.5)]
    at = [-np.inf, -1, 0, 0.3, 1, 2.5, np.inf]
    tied = np.round(scores * 2) / 2
    return [
        thresholds("random", scores, labels, at, all_costs), thresholds("many ties", tied, labels, at, all_costs),
        thresholds("thresholds that are scores, in any order", tied, labels, [1, -0.5, 3, 0, 1], all_costs),
        thresholds("in order", [-1, 0, 1, 2], [0, 0, 1, 1], at, all_costs),
        thresholds("in the wrong order", [-1, 0, 1, 2], [1, 1, 0, 0], at, all_costs),
        thresholds("no positives", [0.5, -1, 2], [0, 0, 0], at, all_costs),
        thresholds("no negatives", [0.5, -1, 2], [1, 1, 1], at, all_costs),
        thresholds("one row", [0.5], [1], at, all_costs), thresholds("all equal", [1, 1, 1], [0, 1, 0], at, all_costs)]


cases = {"multilabel": multilabel_cases(), "regression": regression_cases(), "thresholds": threshold_cases()}
groups = (f'"{kind}": [\n' + ",\n".join(json.dumps(case) for case in of_kind) + "\n]" for kind, of_kind in cases.items())
print("{" + ",\n".join(groups) + "}")
