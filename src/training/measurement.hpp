// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arrays/format.hpp"
#include "training/loaded_rows.hpp"
#include "training/not_finite.hpp"
#include "training/objective.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/data/batches.hpp"

namespace xtape::training {

struct Measured {
  double loss;
  double accuracy;
  std::optional<LossDivisor> divisor;
};

// Loss, accuracy and metrics of rows, without gradients: by one call of the loss on all outputs, so that it
// does not matter how many rows the model takes at a time.
template <class T>
class Measurement {
 public:
  Measurement(const Objective<T>& objective, const Dataset<T>& data, std::vector<std::size_t> rows,
              std::size_t rows_at_a_time)
      : objective_(objective), data_(data), rows_(std::move(rows)), batches_(rows_, rows_at_a_time) {}

  Measured operator()(Tape<T>& tape) {
    const auto no_grad = tape.no_grad();
    collect_outputs(tape);
    all_.load_targets(data_, rows_);
    const auto frame = tape.frame();
    const BatchTargets<T> targets = all_.targets();
    const auto loss = static_cast<double>(objective_.loss(tape.borrow(outputs_), targets).item());
    objective_.require_use_of_weights(all_);
    const Judged judged = objective_.task().judge(outputs_, targets);
    return {loss, static_cast<double>(judged.right) / static_cast<double>(judged.rows), tape.loss_divisor()};
  }

  // Of the outputs just measured; NaN where one of those is.
  std::vector<double> metrics() const {
    const Task<T>& task = objective_.task();
    const bool has_nan = std::ranges::any_of(outputs_, [](T x) { return std::isnan(x); });
    return has_nan ? std::vector<double>(task.metric_names().size(), NAN)
                   : task.metrics(outputs_, all_.targets());
  }

  // Why the loss just measured is NaN; throws NonFiniteError, or ArgumentError where no row counts.
  [[noreturn]] void throw_nan(const Measured& measured, std::size_t epoch) const {
    if (measured.divisor && measured.divisor->value == 0) {
      fail<ArgumentError>(
          "train: a row of {}.validation must count for the loss, got none of {}: its options leave out "
          "every label; give rows with labels, or no validation rows",
          objective_.task().dataset(), rows_.size());
    }
    const std::string text = fmt::format("the validation loss must not be nan, got it in epoch {}", epoch);
    require_finite_rows("features", data_.features, rows_, text);
    if (data_.targets.kind() != TargetKind::class_indices) {
      require_finite_rows("targets", data_.targets.values(), rows_, text);
    }
    const auto nan = std::ranges::find_if(outputs_, [](T x) { return std::isnan(x); });
    if (nan == outputs_.end()) fail<NonFiniteError>("train: {}, of outputs without one", text);
    const std::size_t width = outputs_.size() / rows_.size();
    const std::size_t row = static_cast<std::size_t>(nan - outputs_.begin()) / width;
    fail<NonFiniteError>(
        "train: {}: in evaluation mode the model makes nan of the finite features of row {}; look at what it "
        "keeps, such as running statistics, with tape.check_finite()",
        text, rows_[row]);
  }

 private:
  void collect_outputs(Tape<T>& tape) {
    std::size_t done = 0;
    for (const auto rows : batches_) {
      batch_.load(data_, rows);
      const auto frame = tape.frame();
      const Variable<T> outputs = objective_.outputs(tape, batch_.features(), batch_.targets());
      const Shape all = with_rows(outputs.shape(), rows_.size());
      if (done == 0 && outputs_.shape() != all) outputs_ = Array<T>(all);
      if (outputs_.shape() != all) {
        fail<ShapeError>("{}: the model must give rows of one shape, got {} after others of {}",
                         objective_.task().function(), outputs.shape(), outputs_.shape());
      }
      std::copy_n(outputs.data(), outputs.size(), outputs_.begin() + done);
      done += outputs.size();
    }
  }

  const Objective<T>& objective_;
  const Dataset<T>& data_;
  std::vector<std::size_t> rows_;
  data::Batches batches_;
  LoadedRows<T> batch_;
  LoadedRows<T> all_;  // targets only
  Array<T> outputs_;
};

}  // namespace xtape::training
