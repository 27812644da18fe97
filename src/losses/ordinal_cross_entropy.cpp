// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/ordinal_cross_entropy.hpp"

#include "losses/negative_log_likelihood.hpp"
#include "ops/rising.hpp"
#include "xtape/autograd/rollback.hpp"
#include "xtape/ops/ordinal.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> ordinal_cross_entropy(Variable<T> scores, Variable<T> thresholds, const Indices& class_indices,
                                  const OrdinalCrossEntropyOptions& options) {
  const char* const name = "ordinal_cross_entropy";
  require_rising<T>(name, thresholds.values());
  detail::Rollback<T> rollback(scores.tape());
  const Variable<T> log_probabilities = ordinal_log_probabilities(scores, thresholds);
  return rollback.keep(
      negative_log_likelihood(name, log_probabilities, class_indices, ClassOptions(options)));
}

template Variable<float> ordinal_cross_entropy(Variable<float>, Variable<float>, const Indices&,
                                               const OrdinalCrossEntropyOptions&);
template Variable<double> ordinal_cross_entropy(Variable<double>, Variable<double>, const Indices&,
                                                const OrdinalCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
