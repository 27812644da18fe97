// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/nll.hpp"

#include <algorithm>

#include "losses/loss_over_classes.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> nll(Variable<T> log_probabilities, const Indices& class_indices, const NllOptions& options) {
  LossOverClasses<T> loss("nll", "log_probabilities", log_probabilities, class_indices,
                          ClassOptions(options));
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

template Variable<float> nll(Variable<float>, const Indices&, const NllOptions&);
template Variable<double> nll(Variable<double>, const Indices&, const NllOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
