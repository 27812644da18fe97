// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "arrays/format.hpp"
#include "training/classifier.hpp"
#include "training/not_finite.hpp"
#include "training/tally.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/data/batches.hpp"

namespace xtape::training {

struct Measured {
  double loss;
  double accuracy;
  std::optional<LossDivisor> divisor;
};

// Loss and accuracy of rows, without gradients: by one call of the loss on all logits, so that it does not
// matter how many rows the model takes at a time.
template <class T>
class Measurement {
 public:
  // Of the validation rows. Where there are none, of so many that a resumption knows model and loss by them.
  Measurement(const Classifier<T>& classifier, const Dataset<T>& data, const Options<T>& options)
      : classifier_(classifier),
        data_(data),
        options_(options),
        rows_(rows_to_measure(data, options)),
        batches_(rows_, options.validation_rows_at_a_time) {}

  Measured operator()(Tape<T>& tape) {
    const auto no_grad = tape.no_grad();
    collect_logits(tape);
    const auto frame = tape.frame();
    const auto labels = classifier_.labels(tape, rows_);
    const Variable<T> loss = classifier_.loss(tape.borrow(logits_), labels);
    const auto value = static_cast<double>(loss.item());
    Tally tally;
    tally.add(value, tape.loss_divisor(), ArrayView<const T>(logits_), labels, options_.ignore_index);
    return {value, tally.accuracy(), tape.loss_divisor()};
  }

  // Why the loss just measured is NaN; throws NonFiniteError, or ArgumentError where no row counts.
  [[noreturn]] void throw_nan(const Measured& measured, std::size_t epoch) const {
    if (measured.divisor && measured.divisor->value == 0) {
      fail<ArgumentError>(
          "train: a row of data.validation must count for the loss, got none of {}: its options leave out "
          "every label; give rows with labels, or no validation rows",
          rows_.size());
    }
    const std::string text = fmt::format("the validation loss must not be nan, got it in epoch {}", epoch);
    require_finite_features(data_, rows_, text);
    const auto nan = std::ranges::find_if(logits_, [](T x) { return std::isnan(x); });
    if (nan == logits_.end()) fail<NonFiniteError>("train: {}, of logits without one", text);
    const std::size_t row = static_cast<std::size_t>(nan - logits_.begin()) / logits_.shape()[1];
    fail<NonFiniteError>(
        "train: {}: in evaluation mode the model makes nan of the finite features of row {}; look at what it "
        "keeps, such as running statistics, with tape.check_finite()",
        text, rows_[row]);
  }

 private:
  static std::vector<std::size_t> rows_to_measure(const Dataset<T>& data, const Options<T>& options) {
    if (!data.validation.empty()) return data.validation;
    const std::size_t count = std::min(data.train.size(), options.batch_size);
    return {data.train.begin(), data.train.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  void collect_logits(Tape<T>& tape) {
    std::size_t done = 0;
    for (const auto rows : batches_) {
      const auto frame = tape.frame();
      const Variable<T> logits = classifier_.logits(tape, rows);
      const Shape all{rows_.size(), logits.shape()[1]};
      if (logits_.shape() != all) logits_ = Array<T>(all);
      std::copy_n(logits.data(), logits.size(), logits_.begin() + done);
      done += logits.size();
    }
  }

  const Classifier<T>& classifier_;
  const Dataset<T>& data_;
  const Options<T>& options_;
  std::vector<std::size_t> rows_;
  data::Batches batches_;
  Array<T> logits_;
};

}  // namespace xtape::training
