// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <variant>

#include "xtape/arrays/named_arrays.hpp"
#include "xtape/training/history.hpp"

namespace xtape::training {

struct Column {
  const char* name;
  std::variant<double Epoch::*, std::size_t Epoch::*> member;

  double value(const Epoch& epoch) const {
    return std::visit([&epoch](auto of_epoch) { return static_cast<double>(epoch.*of_epoch); }, member);
  }
  // Throws ArgumentError for a count that is none.
  void set(Epoch& epoch, double value) const;
};

// What is measured in an epoch, in the order of the log.
inline constexpr std::array<Column, 7> columns{{{"learning_rate", &Epoch::learning_rate},
                                                {"training_loss", &Epoch::training_loss},
                                                {"training_accuracy", &Epoch::training_accuracy},
                                                {"validation_loss", &Epoch::validation_loss},
                                                {"validation_accuracy", &Epoch::validation_accuracy},
                                                {"skipped_batches", &Epoch::skipped_batches},
                                                {"seconds", &Epoch::seconds}}};

// "epochs" and "best_epoch" (uint64), and each column (epochs) (float64).
NamedArrays state_of(const History& history);
// Throws ArgumentError or ShapeError for anything else than a state.
History history_of(const NamedArrays& state);

}  // namespace xtape::training
