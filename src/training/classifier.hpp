// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "arrays/format.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/data/batches.hpp"
#include "xtape/losses/softmax_cross_entropy.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// Model and loss on rows of a dataset.
template <class T>
class Classifier {
 public:
  Classifier(nn::Module<T>& model, const Dataset<T>& data, const Options<T>& options)
      : model_(model), data_(data), options_(options) {}

  ArrayView<const std::int64_t> labels(Tape<T>& tape, std::span<const std::size_t> rows) const {
    return data::take_rows(tape, data_.labels, rows);
  }

  Variable<T> logits(Tape<T>& tape, std::span<const std::size_t> rows) const {
    const Variable<T> logits = model_(data::take_rows(tape, data_.features, rows));
    const Shape& shape = logits.shape();
    if (shape.rank() != 2 || shape[0] != rows.size()) {
      fail<ShapeError>("train: the model must make logits ({}, classes) of {} rows, got {}", rows.size(),
                       rows.size(), shape);
    }
    return logits;
  }

  // Afterwards the tape has its divisor, or none.
  Variable<T> loss(Variable<T> logits, ArrayView<const std::int64_t> labels) const {
    logits.tape().forget_loss_divisor();
    const Variable<T> loss = options_.loss ? options_.loss(logits, labels)
                                           : losses::softmax_cross_entropy(
                                                 logits, labels, {.ignore_index = options_.ignore_index});
    if (loss.size() != 1) {
      fail<ShapeError>("train: options.loss must give a scalar, got shape {}; take its mean()", loss.shape());
    }
    return loss;
  }

 private:
  nn::Module<T>& model_;
  const Dataset<T>& data_;
  const Options<T>& options_;
};

}  // namespace xtape::training
