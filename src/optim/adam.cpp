// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/adam.hpp"

#include <cmath>
#include <utility>

#include "core/format.hpp"
#include "core/thread_pool.hpp"
#include "kernels/kernels.hpp"

namespace xtape::optim {

template <class T>
Adam<T>::Adam(std::vector<Parameter<T>*> parameters, const AdamOptions& options)
    : Optimizer<T>("Adam", std::move(parameters), options.learning_rate), options_(options) {
  const auto require_decay = [](const char* name, double beta) {
    if (!(beta >= 0 && beta < 1)) fail<ArgumentError>("Adam: {} must be in [0, 1), got {}", name, beta);
  };
  require_decay("beta1", options.beta1);
  require_decay("beta2", options.beta2);
  if (!(options.epsilon > 0)) fail<ArgumentError>("Adam: epsilon must be above 0, got {}", options.epsilon);
  for (const Parameter<T>* parameter : this->parameters()) {
    first_moments_.emplace_back(parameter->shape());
    second_moments_.emplace_back(parameter->shape());
  }
}

template <class T>
void Adam<T>::step() {
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double correction1 = 1 - std::pow(options_.beta1, t);
  const double correction2 = 1 - std::pow(options_.beta2, t);
  // The corrections of both moments, moved out of the loop: r m' / (sqrt(v') + e) with m' = m / c1 and
  // v' = v / c2 is (r / c1) m / (sqrt(v) / sqrt(c2) + e).
  const auto number = [](double x) { return static_cast<T>(x); };
  const kernels::AdamStep<T> step{.rate = number(this->learning_rate() / correction1),
                                  .scale = number(1 / std::sqrt(correction2)),
                                  .epsilon = number(options_.epsilon),
                                  .beta1 = number(options_.beta1),
                                  .rest1 = number(1 - options_.beta1),
                                  .beta2 = number(options_.beta2),
                                  .rest2 = number(1 - options_.beta2)};
  for (std::size_t p = 0; p < this->parameters().size(); ++p) {
    Parameter<T>& parameter = *this->parameters()[p];
    T* const x = parameter.values().data();
    const T* const g = parameter.gradients().data();
    T *const m = first_moments_[p].data(), *const v = second_moments_[p].data();
    parallel_for_ranges(parameter.size(), exponentials_per_block, [&](std::size_t begin, std::size_t end) {
      kernels::kernels<T>().adam(x + begin, g + begin, m + begin, v + begin, end - begin, step);
    });
  }
}

template class Adam<float>;
template class Adam<double>;

}  // namespace xtape::optim
