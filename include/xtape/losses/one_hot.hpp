// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/label_options.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// Class indices as soft labels: 1 at the class of each sample, 0 elsewhere. A loss takes the indices as they
/// are and is faster with them; this is for labels that are mixed or changed first.
///
///     auto a = losses::one_hot<float>(labels, 10), b = losses::one_hot<float>(shuffled_labels, 10);
///     auto loss = losses::softmax_cross_entropy(logits, 0.7 * view(a) + 0.3 * view(b));
///
/// A sample of options.ignore_index has 0 for all classes, which makes its loss and its gradient 0. The mean
/// of a loss counts it all the same: give the divisor, or leave it out by the loss's mask.
///
/// @param class_indices  any shape, integers of any type.
/// @param axis           where the class axis stands in the result.
/// @return               the shape of class_indices with an axis of `classes` at `axis`.
/// @throws LabelError     a class index is outside [0, classes) and not ignored.
/// @throws ArgumentError  the result has no such axis.
template <class T>
Array<T> one_hot(const Indices& class_indices, std::size_t classes, int axis = -1,
                 const LabelOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
