// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/squared_error.hpp"

#include "losses/loss_over_elements.hpp"
#include "losses/option_checks.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> squared_error(Variable<T> outputs, std::type_identity_t<Labels<T>> targets,
                          const SquaredErrorOptions& options) {
  const char* const name = "squared_error";
  LossOverElements<T> loss(name, "outputs", outputs, "targets", targets, ElementOptions(options));
  require_positive(name, "scale", options.scale);
  return loss.finish_mean([scale = options.scale](double x, ElementLabel target, std::size_t) {
    const double error = x - target.value, scaled = scale * error;
    return ElementTerm{scaled * error, 2 * scaled, -2 * scaled};
  });
}

template Variable<float> squared_error(Variable<float>, Labels<float>, const SquaredErrorOptions&);
template Variable<double> squared_error(Variable<double>, Labels<double>, const SquaredErrorOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
