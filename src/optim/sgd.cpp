// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/sgd.hpp"

#include <utility>

#include "core/format.hpp"
#include "core/thread_pool.hpp"
#include "kernels/kernels.hpp"

namespace xtape::optim {

template <class T>
SGD<T>::SGD(std::vector<Parameter<T>*> parameters, const SGDOptions& options)
    : Optimizer<T>("SGD", std::move(parameters), options.learning_rate), momentum_(options.momentum) {
  if (!(momentum_ >= 0 && momentum_ < 1)) {
    fail<ArgumentError>("SGD: momentum must be in [0, 1), got {}", momentum_);
  }
  if (momentum_ == 0) return;
  for (const Parameter<T>* parameter : this->parameters()) velocities_.emplace_back(parameter->shape());
}

template <class T>
void SGD<T>::step() {
  const T rate = static_cast<T>(this->learning_rate()), momentum = static_cast<T>(momentum_);
  for (std::size_t p = 0; p < this->parameters().size(); ++p) {
    Parameter<T>& parameter = *this->parameters()[p];
    T* const x = parameter.values().data();
    const T* const g = parameter.gradients().data();
    T* const velocity = momentum_ == 0 ? nullptr : velocities_[p].data();
    parallel_for_ranges(parameter.size(), products_per_block, [&](std::size_t begin, std::size_t end) {
      kernels::kernels<T>().sgd(x + begin, g + begin, velocity == nullptr ? nullptr : velocity + begin,
                                end - begin, rate, momentum);
    });
  }
}

template class SGD<float>;
template class SGD<double>;

}  // namespace xtape::optim
