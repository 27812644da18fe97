// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "training/classifier.hpp"
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
  Measurement(const Classifier<T>& classifier, const Dataset<T>& data, const Options<T>& options);

  Measured operator()(Tape<T>& tape);

  // Why the loss just measured is NaN; throws NonFiniteError, or ArgumentError where no row counts.
  [[noreturn]] void throw_nan(const Measured& measured, std::size_t epoch) const;

 private:
  void collect_logits(Tape<T>& tape);

  const Classifier<T>& classifier_;
  const Dataset<T>& data_;
  const Options<T>& options_;
  std::vector<std::size_t> rows_;
  data::Batches batches_;
  Array<T> logits_;
};

}  // namespace xtape::training
