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

/// Options of huber.
struct HuberOptions {
  double delta = 1;              ///< above 0: the error at which the square ends and the line begins
  double scale = 1;              ///< c, above 0: multiplies the losses
  std::optional<int> axis = {};  ///< the losses are averaged along it; if not given, each element is a sample
  Weights sample_weights = {};   ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};                ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Huber loss: the square of small errors and the size of large ones, so that no outlier pulls harder than
/// an error of delta. For each element with its output x, its target t and the error d = x - t:
///
/// @f[
///   L = c \begin{cases} d^2 / 2 & |d| \le \delta \\ \delta (|d| - \delta / 2) & \text{else} \end{cases}
///   \qquad \partial L / \partial x = c \max(-\delta, \min(d, \delta)) \qquad \partial L / \partial t =
///   -\partial L / \partial x
/// @f]
///
///     auto loss = losses::huber(outputs, xt::xarray<float>{0.5, 2, -100}, {.delta = 2});
///
/// With scale = 1 / delta the slope of large errors is 1: the smooth L1 loss.
///
/// @param outputs  any shape
/// @param targets  the shape of outputs. A Variable receives a gradient.
/// @return         a scalar; with Reduction::none, the shape of outputs, without `axis` if that is given.
/// @throws ShapeError         targets or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws ArgumentError      there is no such axis, or an option makes no sense.
///
/// Source: Huber, Robust estimation of a location parameter (1964); torch.nn.HuberLoss.
template <class T>
Variable<T> huber(Variable<T> outputs, std::type_identity_t<Labels<T>> targets,
                  const HuberOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
