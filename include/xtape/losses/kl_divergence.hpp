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

/// Options of kl_divergence.
struct KlDivergenceOptions {
  double epsilon = 1e-7;        ///< both distributions are clipped to [epsilon, 1]; 0 clips to [0, 1]
  int axis = -1;                ///< summed along
  Weights sample_weights = {};  ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};               ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Kullback-Leibler divergence of predicted from target probabilities, in nats. For each sample:
///
/// @f[
///   L = \sum_j t_j \log(t_j / p_j) \qquad
///   \partial L / \partial p_j = -t_j / p_j \qquad
///   \partial L / \partial t_j = \log(t_j / p_j) + 1
/// @f]
///
/// with both clipped; what was clipped has gradient 0. Neither is normalised.
///
///     auto loss = losses::kl_divergence(softmax(logits), teacher);
///
/// @param probabilities  at least one axis
/// @param targets        the shape of probabilities. A Variable receives a gradient.
/// @return  a scalar; with Reduction::none, the shape of probabilities without `axis`.
/// @throws ShapeError         targets or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws ArgumentError      there is no such axis, or an option makes no sense.
///
/// Source: keras.losses.KLDivergence.
template <class T>
Variable<T> kl_divergence(Variable<T> probabilities, std::type_identity_t<Labels<T>> targets,
                          const KlDivergenceOptions& options = {});

/// What the terms of a Kullback-Leibler divergence from log-probabilities x are, for a target t.
enum class KlVariant {
  plain,        ///< t (log(t) - x), where 0 log(0) = 0
  generalized,  ///< that, plus exp(x) - t: at least 0 and convex also where the two sums differ
  log_targets,  ///< exp(t) (t - x): the targets are logarithms
};

/// Options of kl_divergence_from_log.
struct KlDivergenceFromLogOptions {
  KlVariant variant = KlVariant::plain;  ///< what the terms are
  std::optional<int> axis = -1;          ///< summed along; std::nullopt makes each element a sample
  Weights sample_weights = {};           ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};        ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  Mask class_mask = {};  ///< the shape of log_probabilities, or the extent of `axis`: false drops a term
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Kullback-Leibler divergence of predicted log-probabilities x from targets t, in nats: the sum along `axis`
/// of the terms that the variant tells. Nothing is clipped. The gradient of a term with respect to x is -t;
/// exp(x) - t; -exp(t).
///
///     auto loss = losses::kl_divergence_from_log(log_softmax(logits), teacher);
///
/// @param log_probabilities  any shape that has `axis`
/// @param targets            the shape of log_probabilities. A Variable receives a gradient.
/// @return  a scalar; with Reduction::none, the shape of log_probabilities, without `axis` if that is given.
/// @throws ShapeError         targets or a mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws ArgumentError      there is no such axis, or an option makes no sense.
///
/// Sources: Kullback and Leibler (1951); optax.losses.kl_divergence, convex_kl_divergence and
/// kl_divergence_with_log_targets; torch.nn.functional.kl_div.
template <class T>
Variable<T> kl_divergence_from_log(Variable<T> log_probabilities, std::type_identity_t<Labels<T>> targets,
                                   const KlDivergenceFromLogOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
