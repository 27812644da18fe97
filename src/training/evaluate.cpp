// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/training/evaluate.hpp"

#include <algorithm>
#include <span>

#include "arrays/format.hpp"
#include "data/row_numbers.hpp"
#include "nn/evaluation_mode.hpp"
#include "nn/predict.hpp"
#include "training/measurement.hpp"
#include "training/require_dataset.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/data/batches.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

template <class T>
Evaluation evaluate(nn::Module<T>& model, const Dataset<std::type_identity_t<T>>& data,
                    const EvaluateOptions<std::type_identity_t<T>>& options) {
  const char* const function = "evaluate";
  if (options.rows_at_a_time == 0) {
    fail<ArgumentError>("{}: options.rows_at_a_time must be at least 1, got 0", function);
  }
  require_ignore_index(function, data.targets.kind(), options.ignore_index);
  const auto task =
      task_of<T>(data.targets.kind(), {.function = function, .ignore_index = options.ignore_index});
  require_dataset(data, *task);
  const std::size_t count = data.features.shape()[0];
  data::require_rows(function, "options.rows", options.rows, count, "rows of features");
  std::vector<std::size_t> rows = options.rows.empty() ? data::row_numbers(count) : options.rows;
  if (rows.empty()) fail<ArgumentError>("{}: data.features must have rows to measure by, got none", function);

  const nn::EvaluationMode mode(model);
  Tape<T> tape;
  const Objective<T> objective(model, *task, options.loss);
  Measurement<T> measure(objective, data, std::move(rows), options.rows_at_a_time);
  const Measured measured = measure(tape);
  Evaluation evaluation{.loss = measured.loss, .accuracy = measured.accuracy};
  const std::vector<std::string> names = task->metric_names();
  const std::vector<double> values = measure.metrics();
  for (std::size_t i = 0; i < names.size(); ++i) evaluation.metrics.emplace_back(names[i], values[i]);
  return evaluation;
}

template <class T>
Array<T> predict(nn::Module<T>& model, const data::Rows<std::type_identity_t<T>>& features,
                 std::size_t rows_at_a_time) {
  const char* const function = "predict";
  if (rows_at_a_time == 0) fail<ArgumentError>("{}: rows_at_a_time must be at least 1, got 0", function);
  if (features.shape().rank() == 0) fail<ShapeError>("{}: features must have rows, got a scalar", function);
  const std::vector<std::size_t> numbers = data::row_numbers(features.shape()[0]);

  ReusedArray<T> batch;
  return nn::predict(function, model, numbers.size(), rows_at_a_time,
                     [&](std::size_t begin, std::size_t count) {
                       batch.read(features, std::span(numbers).subspan(begin, count));
                       return batch.view();
                     });
}

template Evaluation evaluate(nn::Module<float>&, const Dataset<float>&, const EvaluateOptions<float>&);
template Evaluation evaluate(nn::Module<double>&, const Dataset<double>&, const EvaluateOptions<double>&);
template Array<float> predict(nn::Module<float>&, const data::Rows<float>&, std::size_t);
template Array<double> predict(nn::Module<double>&, const data::Rows<double>&, std::size_t);

}  // namespace xtape::training
#pragma GCC visibility pop
