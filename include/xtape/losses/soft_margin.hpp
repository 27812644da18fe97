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

/// Options of soft_margin.
struct SoftMarginOptions {
  std::optional<int> axis = {};  ///< the losses are averaged along it; if not given, each element is a sample
  double temperature = 1;        ///< above 0: divides the logits
  Weights class_weights = {};    ///< broadcast to the shape of logits: multiply each element's loss
  Weights sample_weights = {};   ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};                ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Logistic loss of labels t of -1 and 1, in nats. For each element with its logit x, where s is the sigmoid:
///
/// @f[
///   L = \log(1 + \exp(-t x)) \qquad
///   \partial L / \partial x = -t \, s(-t x) \qquad
///   \partial L / \partial t = -x \, s(-t x)
/// @f]
///
/// For labels of 0 and 1 that is sigmoid_cross_entropy; the multi-label soft margin loss is
/// sigmoid_cross_entropy with {.axis = -1}.
///
///     auto loss = losses::soft_margin(logits, xt::xarray<float>{-1, 1, 1});
///
/// @param logits  any shape
/// @param labels  the shape of logits. A Variable receives a gradient.
/// @return        a scalar; with Reduction::none, the shape of logits, without `axis` if that is given.
/// @throws ShapeError         labels or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws ArgumentError      there is no such axis, or an option makes no sense.
///
/// Source: torch.nn.SoftMarginLoss.
template <class T>
Variable<T> soft_margin(Variable<T> logits, std::type_identity_t<Labels<T>> labels,
                        const SoftMarginOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
