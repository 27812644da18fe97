// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/huber.hpp"

#include <cmath>

#include "losses/loss_over_elements.hpp"
#include "losses/option_checks.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> huber(Variable<T> outputs, std::type_identity_t<Labels<T>> targets, const HuberOptions& options) {
  const char* const name = "huber";
  LossOverElements<T> loss(name, "outputs", outputs, "targets", targets, ElementOptions(options));
  require_positive(name, "delta", options.delta);
  require_positive(name, "scale", options.scale);
  return loss.finish_mean(
      [delta = options.delta, scale = options.scale](double x, ElementLabel target, std::size_t) {
        // The scale comes first, so that the square of what is tiny or huge is not lost before it.
        const double error = x - target.value, size = std::abs(error);
        const bool is_large = size > delta;
        const double slope = scale * (is_large ? std::copysign(delta, error) : error);
        return ElementTerm{std::abs(slope) * (is_large ? size - delta / 2 : size / 2), slope, -slope};
      });
}

template Variable<float> huber(Variable<float>, Labels<float>, const HuberOptions&);
template Variable<double> huber(Variable<double>, Labels<double>, const HuberOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
