// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/label_options.hpp"
#include "xtape/losses/labels.hpp"
#include "xtape/losses/option_arrays.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// How often each class occurs: (classes). Indices of options.ignore_index are not counted, so that the
/// weights made of the counts are those of the samples that a loss with the same ignore_index sees.
/// @param class_indices  any shape, integers of any type.
/// @throws LabelError  a class index is outside [0, classes) and not ignored.
Array<std::int64_t> class_counts(const Indices& class_indices, std::size_t classes,
                                 const LabelOptions& options = {});

/// Class weights that make every class count as much as every other, by their counts n and the number k of
/// the classes that occur:
///
/// @f[ w_c = \frac{\sum_j n_j}{k n_c} @f]
///
/// so that the mean weight of the samples is 1. A class that never occurs has 0.
///
///     auto weights = losses::balanced_class_weights(losses::class_counts(labels, 10));
///     auto loss = losses::softmax_cross_entropy(logits, labels, {.class_weights = weights});
///
/// @param counts  (classes): non-negative.
/// @return        (classes)
/// @throws ShapeError     counts have not one axis.
/// @throws ArgumentError  a count is negative or not finite, or all are 0.
///
/// Source: sklearn.utils.class_weight.compute_class_weight("balanced").
Array<double> balanced_class_weights(const Weights& counts);

/// Class weights by the effective number of samples, which is less steep than balanced, as more samples of
/// one class say less and less new. For n samples of a class it is
///
/// @f[ (1 - \beta^n) / (1 - \beta) @f]
///
/// The weight is its inverse, scaled so that the weights of the classes that occur have the mean 1; a class
/// that never occurs has 0.
///
/// @param counts  (classes): non-negative.
/// @param beta    in [0, 1): 0 weighs all classes the same; towards 1 the weights become the balanced ones
///                (up to the scale). 0.9 to 0.9999 are usual.
/// @return        (classes)
/// @throws ShapeError     counts have not one axis.
/// @throws ArgumentError  beta is outside [0, 1), a count is negative or not finite, or all are 0.
///
/// Source: Cui et al., arXiv 1901.05555.
Array<double> effective_number_class_weights(const Weights& counts, double beta);

/// The pos_weight of sigmoid_cross_entropy and binary_cross_entropy with which yes and no count alike: how
/// often a column says no, divided by how often it says yes. A column that has no yes, or no no, has 1: there
/// is nothing to balance.
///
///     losses::sigmoid_cross_entropy(logits, labels, {.pos_weight = losses::balanced_pos_weight(labels)});
///
/// @param labels  (rows) or (rows, labels): 0 and 1, or false and true, of any type.
/// @return        (), or (labels) of several columns.
/// @throws ShapeError  labels have another rank.
/// @throws LabelError  a label is neither 0 nor 1.
///
/// Source: the documentation of torch.nn.BCEWithLogitsLoss.
Array<double> balanced_pos_weight(const Labels<double>& labels);

}  // namespace xtape::losses
#pragma GCC visibility pop
