// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <type_traits>

#include "xtape/autograd/variable.hpp"
#include "xtape/losses/labels.hpp"
#include "xtape/losses/option_arrays.hpp"
#include "xtape/losses/reduction.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// Options of squared_error.
struct SquaredErrorOptions {
  double scale = 1;              ///< c, above 0: multiplies the losses; 0.5 for half of the square
  std::optional<int> axis = {};  ///< the losses are averaged along it; if not given, each element is a sample
  Weights sample_weights = {};   ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};                ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Squared error, in the unit of the outputs squared. For each element with its output x and its target t:
///
/// @f[
///   L = c (x - t)^2 \qquad
///   \partial L / \partial x = 2 c (x - t) \qquad
///   \partial L / \partial t = -2 c (x - t)
/// @f]
///
///     auto loss = losses::squared_error(outputs, xt::xarray<float>{0.5, 2, -1});
///
/// @param outputs  any shape
/// @param targets  the shape of outputs. A Variable receives a gradient.
/// @return         a scalar; with Reduction::none, the shape of outputs, without `axis` if that is given.
/// @throws ShapeError         targets or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws ArgumentError      there is no such axis, or an option makes no sense.
///
/// Source: torch.nn.MSELoss; Bishop, Pattern Recognition and Machine Learning (2006), section 1.1.
template <class T>
Variable<T> squared_error(Variable<T> outputs, std::type_identity_t<Labels<T>> targets,
                          const SquaredErrorOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
