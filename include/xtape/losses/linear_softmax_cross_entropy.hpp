// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "xtape/arrays/array_source.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/losses/option_arrays.hpp"
#include "xtape/losses/reduction.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// Each option works with every other.
struct LinearSoftmaxCrossEntropyOptions {
  double temperature = 1;       ///< above 0: divides the logits
  Weights class_weights = {};   ///< (classes): multiply the labels
  Weights sample_weights = {};  ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};               ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  Mask class_mask = {};         ///< (classes) or the shape of the logits: false leaves a class out
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their sample out
  double label_smoothing = 0;                     ///< in [0, 1]: the part of the labels that is spread
  Weights smoothing_prior = {};           ///< (classes), sum 1: what it is spread like; uniform if not given
  double z_loss = 0;                      ///< times log(sum(exp(x)))^2 is added to the loss
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
  std::size_t workspace_bytes = std::size_t{16} << 20;  ///< for the logits that are in memory at a time
};

/// Softmax cross-entropy of the logits x = linear(features, weight, bias), for so many classes that these
/// should never be in memory at once:
///
/// @f[
///   x_j = \sum_i \mathrm{features}_i \mathrm{weight}_{ji} + \mathrm{bias}_j \qquad
///   L = \log \sum_j \exp(x_j) - x_y
/// @f]
///
///     auto loss = losses::linear_softmax_cross_entropy(hidden, tape.watch(embedding), next_tokens,
///                                                      {.ignore_index = 0});
///
/// Value and gradients are those of softmax_cross_entropy(linear(features, weight, bias), class_indices), as
/// exact and under the same options: see there. Logits are computed for a block of samples at a time, and
/// their gradient, which takes their place, becomes at once that of features, weight and bias: there is no
/// second pass, except under Reduction::none, where backward computes them again, and where the workspace is
/// small. A gradient that needs only be multiplied by 1 from above is not copied. Blocks in which all samples
/// are left out take no time.
///
/// The workspace holds the logits and features of a block, and under a bias 16 bytes for each of its classes.
/// Where it does not hold one sample with all classes, blocks have some of the classes only. Then logits are
/// computed three times, for their maxima, their sums and their gradient, and up to 88 bytes a sample stay on
/// the tape besides.
///
/// The blocks depend on the shapes and on workspace_bytes alone: the result does not depend on the number of
/// threads. Larger blocks add to the gradient of the weight less often. The workspace lives as long as the
/// result; besides, each thread keeps a few rows.
///
/// A sample that is masked or ignored never contributes, whatever its features hold.
///
/// @param features       (..., in)
/// @param weight         (classes, in)
/// @param bias           (classes), or none
/// @param class_indices  integers of any type, the shape of features without the last axis.
/// @return               a scalar; with Reduction::none, the shape of features without the last axis.
/// @throws ShapeError         features, weight, bias, class_indices or a mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws LabelError         a class index is outside [0, classes) and neither masked nor ignored.
/// @throws ArgumentError      there are no classes, the workspace is too small for one sample and one class
///                            (sizeof(T) (1 + in) bytes, 16 more under a bias), or an option makes no sense.
///
/// Sources: Wijmans et al., Cut Your Losses in Large-Vocabulary Language Models, arXiv 2411.09009; gradients
/// in the forward pass: Hsu et al., Liger Kernel, arXiv 2410.10989.
template <class T>
Variable<T> linear_softmax_cross_entropy(Variable<T> features, Variable<T> weight, Variable<T> bias,
                                         const Indices& class_indices,
                                         const LinearSoftmaxCrossEntropyOptions& options = {});
/// The same without a bias.
template <class T>
Variable<T> linear_softmax_cross_entropy(Variable<T> features, Variable<T> weight,
                                         const Indices& class_indices,
                                         const LinearSoftmaxCrossEntropyOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
