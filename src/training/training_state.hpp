// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "xtape/arrays/named_arrays.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/optim/early_stopping.hpp"
#include "xtape/optim/weight_average.hpp"
#include "xtape/training/history.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// All that changes as a training goes on, and nothing else: what a checkpoint holds.
template <class T>
class TrainingState {
 public:
  // Throws ArgumentError for options of early stopping or of the average that are out of range.
  TrainingState(nn::Module<T>& model, const Options<T>& options);

  NamedArrays arrays() const;
  // Throws Error for those of another training, and then changes nothing.
  void load(const NamedArrays& arrays);

  nn::Module<T>& model;
  const Options<T>& options;
  History history;
  std::optional<optim::EarlyStopping> early_stopping;
  std::optional<NamedArrays> best_weights;  // the state of the model in the best epoch
  std::optional<optim::WeightAverage<T>> weight_average;
  double measured_loss = 0;  // by the weights, of the validation rows, or of some others where there are none

 private:
  void require_known_parts(const NamedArrays& arrays) const;
  void load_parts(const NamedArrays& arrays);
  void load_schedule(const NamedArrays& state);
};

extern template class TrainingState<float>;
extern template class TrainingState<double>;

}  // namespace xtape::training
