// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "arrays/format.hpp"
#include "training/loaded_rows.hpp"
#include "training/task.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// A model and the loss of what it gives.
template <class T>
class Objective {
 public:
  // The loss of the task where `loss` is empty.
  Objective(nn::Module<T>& model, const Task<T>& task, const Loss<T>& loss)
      : model_(model), task_(task), loss_(loss) {}

  Variable<T> outputs(Tape<T>& tape, ArrayView<const T> features, const BatchTargets<T>& targets) const {
    return task_.outputs(model_(tape.borrow(features)), targets);
  }

  // Afterwards the tape has its divisor, or none.
  Variable<T> loss(Variable<T> outputs, const BatchTargets<T>& targets) const {
    outputs.tape().forget_loss_divisor();
    task_.require_values(targets);
    if (!loss_) return task_.loss(outputs, targets);
    const Variable<T> loss = loss_(outputs, targets);
    if (loss.size() != 1) {
      fail<ShapeError>("{}: options.loss must give a scalar, got shape {}; take its mean()", task_.function(),
                       loss.shape());
    }
    return loss;
  }

  // Throws ArgumentError where a loss that was given has passed over the weights of its rows.
  void require_use_of_weights(const LoadedRows<T>& rows) const {
    if (!loss_ || rows.were_weights_read()) return;
    fail<ArgumentError>(
        "{}: options.loss must take the data.weights, got one that passes over them; give it "
        "{{.sample_weights = targets.weights()}}, or a dataset without weights",
        task_.function());
  }

  const Task<T>& task() const { return task_; }

 private:
  nn::Module<T>& model_;
  const Task<T>& task_;
  const Loss<T>& loss_;
};

}  // namespace xtape::training
