// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/nll.hpp"

#include "losses/negative_log_likelihood.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> nll(Variable<T> log_probabilities, const Indices& class_indices, const NllOptions& options) {
  return negative_log_likelihood("nll", log_probabilities, class_indices, ClassOptions(options));
}

template Variable<float> nll(Variable<float>, const Indices&, const NllOptions&);
template Variable<double> nll(Variable<double>, const Indices&, const NllOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
