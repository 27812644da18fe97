// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/generalized_cross_entropy.hpp"

#include <algorithm>
#include <cmath>

#include "arrays/format.hpp"
#include "losses/loss_over_classes.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> generalized_cross_entropy(Variable<T> probabilities, const Indices& class_indices,
                                      const GeneralizedCrossEntropyOptions& options) {
  const char* const name = "generalized_cross_entropy";
  const double q = options.q;
  if (!(q > 0 && q < 1)) fail<ArgumentError>("{}: q must be in (0, 1), got {}", name, q);
  LossOverClasses<T> loss(name, "probabilities", probabilities, class_indices, ClassOptions(options));
  loss.check_probabilities(probabilities);
  return loss.finish_hard([&](const Sample<T>& sample) {
    const std::size_t y = loss.class_of(sample);
    const double p = sample.x[y];
    if (sample.gradient != nullptr) {
      std::fill_n(sample.gradient, sample.length, T{0});
      sample.gradient[y] = static_cast<T>(-std::pow(p, q - 1));
    }
    // 1 - p^q, where p is near 1 or q near 0 too
    const double log = std::log(p), exponent = q * log;
    return std::abs(exponent) < 1e-17 ? -log : -std::expm1(exponent) / q;
  });
}

template Variable<float> generalized_cross_entropy(Variable<float>, const Indices&,
                                                   const GeneralizedCrossEntropyOptions&);
template Variable<double> generalized_cross_entropy(Variable<double>, const Indices&,
                                                    const GeneralizedCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
