// SPDX-License-Identifier: BSD-3-Clause
// The training step of a perceptron with other libraries for small networks.
#pragma once

#include <cstddef>
#include <memory>

#include "training_steps.hpp"

namespace benchmarks {

// Results as in training_steps.hpp. own_threads are those that the library starts itself, not the BLAS for
// it.

namespace with_dlib {
std::unique_ptr<Step> training(const Network& network, Optimizer optimizer, std::size_t own_threads);
}  // namespace with_dlib

namespace with_fann {
/// Of a network with FANN's piecewise linear activation, sigmoids at the end and squared errors, as it has
/// neither relu nor softmax; whatever the optimizer, by its gradient descent. There are no results.
std::unique_ptr<Step> training(const Network& network, Optimizer optimizer, std::size_t own_threads);
}  // namespace with_fann

namespace with_kann {
/// By RMSprop, where Adam is asked for: KANN has no other adaptive optimizer.
std::unique_ptr<Step> training(const Network& network, Optimizer optimizer, std::size_t own_threads);
}  // namespace with_kann

namespace with_mlpack {
std::unique_ptr<Step> training(const Network& network, Optimizer optimizer, std::size_t own_threads);
}  // namespace with_mlpack

}  // namespace benchmarks
