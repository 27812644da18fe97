// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>

#include "losses/loss_over_classes.hpp"

namespace xtape::losses {

// nll, of the name that messages call it.
template <class T>
Variable<T> negative_log_likelihood(const char* name, Variable<T> log_probabilities,
                                    const Indices& class_indices, const ClassOptions& options) {
  LossOverClasses<T> loss(name, "log_probabilities", log_probabilities, class_indices, options);
  loss.check_log_probabilities(log_probabilities);
  return loss.finish_hard([&](const Sample<T>& sample) {
    const std::size_t y = loss.class_of(sample);
    if (sample.gradient != nullptr) {
      std::fill_n(sample.gradient, sample.length, T{0});
      sample.gradient[y] = -1;
    }
    return -static_cast<double>(sample.x[y]);
  });
}

}  // namespace xtape::losses
