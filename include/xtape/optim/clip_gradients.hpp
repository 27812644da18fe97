// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "xtape/autograd/parameter.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// @name Clipping
/// What is called between backward and step:
///
///     loss.backward();
///     optim::clip_gradient_norm(optimizer.parameters(), 1.0);
///     optimizer.step();
///
/// Each parameter must be given once. Nothing is allocated, and results do not depend on the number of
/// threads.
/// @{

/// The norm of all gradients g as one vector, @f$ \sqrt{\sum g^2} @f$, summed in double without overflow or
/// underflow. NaN if there is a NaN among them.
/// @throws ArgumentError  a parameter is null.
template <class T>
double gradient_norm(const std::vector<Parameter<T>*>& parameters);

/// Looks at every element before a step takes it.
/// @throws NonFiniteError  one is infinite or NaN; the message names it and the parameter.
/// @throws ArgumentError   a parameter is null.
template <class T>
void require_finite_gradients(const std::vector<Parameter<T>*>& parameters);

/// Options of clip_gradient_norm.
struct ClipGradientNormOptions {
  /// Whether a norm that is infinite or NaN is an error. If not, the gradients are scaled by it all the same,
  /// as PyTorch does unless told otherwise: by NaN, or by 0, which leaves the infinite ones NaN.
  bool error_if_nonfinite = true;
};

/// Scales all gradients by max_norm / norm if their norm is larger than max_norm. (PyTorch adds 1e-6 to this
/// divisor, and so ends a little below max_norm.)
/// @param max_norm  above 0; infinity scales nothing.
/// @return          the norm before.
/// @throws ArgumentError   max_norm is not above 0, or a parameter is null.
/// @throws NonFiniteError  as the option says; the message names the parameter, and no gradient has changed.
///
/// Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013),
/// algorithm 1.
template <class T>
double clip_gradient_norm(const std::vector<Parameter<T>*>& parameters, double max_norm,
                          const ClipGradientNormOptions& options = {});

/// Replaces each element of the gradients by the nearest number in [-limit, limit]; NaN stays.
/// @throws ArgumentError  limit is not above 0, or a parameter is null.
template <class T>
void clip_gradient_value(const std::vector<Parameter<T>*>& parameters, double limit);

/// @}

}  // namespace xtape::optim
#pragma GCC visibility pop
