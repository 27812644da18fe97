// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/categorical_cross_entropy.hpp"

#include "kernels/weighted.hpp"
#include "losses/class_terms.hpp"
#include "losses/loss_over_classes.hpp"
#include "losses/option_checks.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> categorical_cross_entropy(Variable<T> probabilities, std::type_identity_t<ClassLabels<T>> labels,
                                      const CategoricalCrossEntropyOptions& options) {
  const char* const name = "categorical_cross_entropy";
  require_clip_epsilon(name, options.epsilon);
  LossOverClasses<T> loss(name, "probabilities", probabilities, labels, ClassOptions(options));
  loss.check_probabilities(probabilities);
  const auto term = [](double label, const ClassOdds& odds) {
    return ClassTerm{kernels::weighted(label, odds.nats), label, odds.nats};
  };
  const auto interval = kernels::ClipInterval::of<T>(options.epsilon);
  return loss.finish([&](const Sample<T>& sample, const double* t) {
    return loss_of_probabilities(sample, t, options.normalization, interval, term);
  });
}

template Variable<float> categorical_cross_entropy(Variable<float>, ClassLabels<float>,
                                                   const CategoricalCrossEntropyOptions&);
template Variable<double> categorical_cross_entropy(Variable<double>, ClassLabels<double>,
                                                    const CategoricalCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
