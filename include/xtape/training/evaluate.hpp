// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/data/rows.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/training/train.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

/// Options of evaluate.
template <class T>
struct EvaluateOptions {
  std::vector<std::size_t> rows = {};             ///< which to take; none given: all
  std::size_t rows_at_a_time = 256;               ///< of the model, more take more memory
  Loss<T> loss = {};                              ///< as Options::loss
  std::optional<std::int64_t> ignore_index = {};  ///< as Options::ignore_index
};

/// What evaluate gives.
struct Evaluation {
  double loss = 0;      ///< of all rows, as Epoch::validation_loss
  double accuracy = 0;  ///< as Epoch::validation_accuracy; NaN for numbers
  /// The names and values of the metrics that the targets have, see History::metric_names.
  std::vector<std::pair<std::string, double>> metrics = {};
};

/// Measures a model by rows of a dataset, as a training does by its validation rows: without gradients and in
/// evaluation mode, after which the model is in the mode it was in. By the rows of the dataset that
/// options.rows says; its own train and validation play no part.
///
///     const auto measured = training::evaluate(model, {.features = features, .targets = labels},
///                                              {.rows = split.test});
///
/// @throws ShapeError      features, targets, weights or outputs do not fit together.
/// @throws LabelError      a multi-label or binary target is neither 0 nor 1.
/// @throws ArgumentError   there are no rows, one is not in the dataset, or an option is out of range or
/// makes
///                         no sense for the targets.
template <class T>
Evaluation evaluate(nn::Module<T>& model, const Dataset<std::type_identity_t<T>>& data,
                    const EvaluateOptions<std::type_identity_t<T>>& options = {});

/// What a model gives for rows of features, in the order of the rows: (rows, ...), without gradients and in
/// evaluation mode, after which the model is in the mode it was in. The rows are given to it some at a time;
/// how many may change the last bits, as those of matrix products of other shapes.
///
///     const Array<float> logits = training::predict(model, features);
///
/// @param features        (rows, ...), of any element type or from a data::RowSource
/// @param rows_at_a_time  more take more memory
/// @throws ShapeError     features are a scalar, or the model gives other than one row for each, or rows of
/// several
///                        shapes.
/// @throws ArgumentError  rows_at_a_time is 0.
template <class T>
Array<T> predict(nn::Module<T>& model, const data::Rows<std::type_identity_t<T>>& features,
                 std::size_t rows_at_a_time = 256);

}  // namespace xtape::training
#pragma GCC visibility pop
