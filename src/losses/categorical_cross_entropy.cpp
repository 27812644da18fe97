// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/categorical_cross_entropy.hpp"

#include "kernels/probability_loss.hpp"
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
  const auto term = [](double label, const kernels::ClassOdds& odds) {
    return kernels::ClassTerm{label * odds.nats, label, odds.nats};
  };
  return loss.finish([&, interval = kernels::ClipInterval::of<T>(options.epsilon)](const Sample<T>& sample,
                                                                                   const double* t) {
    Workspace workspace;
    double* pulls = workspace.take<double>(sample.length);
    return options.normalization == Normalization::before_clipping
               ? kernels::normalised_then_clipped_loss(sample.x, t, sample.length, interval, term, pulls,
                                                       sample.gradient, sample.label_gradient)
               : kernels::clipped_then_normalised_loss(sample.x, t, sample.length, interval, term, pulls,
                                                       sample.gradient, sample.label_gradient);
  });
}

template Variable<float> categorical_cross_entropy(Variable<float>, ClassLabels<float>,
                                                   const CategoricalCrossEntropyOptions&);
template Variable<double> categorical_cross_entropy(Variable<double>, ClassLabels<double>,
                                                    const CategoricalCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
