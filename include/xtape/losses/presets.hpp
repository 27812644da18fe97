// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/losses/binary_cross_entropy.hpp"
#include "xtape/losses/categorical_cross_entropy.hpp"
#include "xtape/losses/focal.hpp"
#include "xtape/losses/generalized_cross_entropy.hpp"
#include "xtape/losses/huber.hpp"
#include "xtape/losses/kl_divergence.hpp"
#include "xtape/losses/nll.hpp"
#include "xtape/losses/poly_cross_entropy.hpp"
#include "xtape/losses/reduce.hpp"
#include "xtape/losses/sigmoid_cross_entropy.hpp"
#include "xtape/losses/soft_margin.hpp"
#include "xtape/losses/softmax_cross_entropy.hpp"
#include "xtape/losses/squared_error.hpp"

#pragma GCC visibility push(default)

/// @file
/// The defaults of other frameworks as options of the losses here. Each is called like the function whose
/// defaults it holds; change what you set there:
///
///     auto options = losses::torch::cross_entropy();
///     options.class_weights = weights;
///     auto loss = losses::softmax_cross_entropy(logits, labels, options);

/// @ingroup losses
/// Keras 3. Its mean divides by the number of samples, whatever their weights, or by those not ignored.
namespace xtape::losses::keras {

/// The default of Keras' losses.
inline constexpr Reduction sum_over_batch_size = Reduction::mean_by(Divisor::valid_elements, EmptyMean::zero);
/// Of the same name there.
inline constexpr Reduction mean_with_sample_weight =
    Reduction::mean_by(Divisor::sum_of_unbroadcast_weights, EmptyMean::zero);

/// CategoricalCrossentropy and SparseCategoricalCrossentropy, from_logits=True
inline SoftmaxCrossEntropyOptions categorical_crossentropy_from_logits() {
  return {.reduction = sum_over_batch_size};
}
/// CategoricalCrossentropy and SparseCategoricalCrossentropy
inline CategoricalCrossEntropyOptions categorical_crossentropy() {
  return {.reduction = sum_over_batch_size};
}
/// SparseCategoricalCrossentropy on the TensorFlow backend, and in TensorFlow 2: clips, then normalises
inline CategoricalCrossEntropyOptions sparse_categorical_crossentropy_of_tensorflow() {
  return {.normalization = Normalization::after_clipping, .reduction = sum_over_batch_size};
}
/// BinaryCrossentropy, from_logits=True
inline SigmoidCrossEntropyOptions binary_crossentropy_from_logits() {
  return {.axis = -1, .reduction = sum_over_batch_size};
}
/// BinaryCrossentropy
inline BinaryCrossEntropyOptions binary_crossentropy() {
  return {.axis = -1, .reduction = sum_over_batch_size};
}
/// BinaryFocalCrossentropy, from_logits=True; with apply_class_balancing, set alpha = 0.25
inline SigmoidFocalOptions binary_focal_crossentropy_from_logits() {
  return {.epsilon = 1e-7, .axis = -1, .reduction = sum_over_batch_size};
}
/// BinaryFocalCrossentropy; with apply_class_balancing, set alpha = 0.25
inline BinaryFocalOptions binary_focal_crossentropy() {
  return {.axis = -1, .reduction = sum_over_batch_size};
}
/// CategoricalFocalCrossentropy, from_logits=True
inline SoftmaxFocalOptions categorical_focal_crossentropy_from_logits() {
  return {.alpha = 0.25, .epsilon = 1e-7, .reduction = sum_over_batch_size};
}
/// CategoricalFocalCrossentropy
inline CategoricalFocalOptions categorical_focal_crossentropy() {
  return {.alpha = 0.25, .reduction = sum_over_batch_size};
}
/// CategoricalGeneralizedCrossEntropy
inline GeneralizedCrossEntropyOptions categorical_generalized_cross_entropy() {
  return {.reduction = sum_over_batch_size};
}
/// KLDivergence
inline KlDivergenceOptions kl_divergence() { return {.reduction = sum_over_batch_size}; }
/// MeanSquaredError
inline SquaredErrorOptions mean_squared_error() { return {.axis = -1, .reduction = sum_over_batch_size}; }
/// Huber; its delta is of the same name here
inline HuberOptions huber() { return {.axis = -1, .reduction = sum_over_batch_size}; }

}  // namespace xtape::losses::keras

/// @ingroup losses
/// TensorFlow's own ops. Those of tf.nn reduce nothing; those of tf.compat.v1.losses divide by the number of
/// weights that are not 0.
namespace xtape::losses::tensorflow {

/// SUM_BY_NONZERO_WEIGHTS, the default of tf.compat.v1.losses.
inline constexpr Reduction sum_by_nonzero_weights =
    Reduction::mean_by(Divisor::nonzero_weights, EmptyMean::zero);
/// MEAN of tf.compat.v1.losses.
inline constexpr Reduction mean = Reduction::mean_by(Divisor::sum_of_weights, EmptyMean::zero);
/// SUM_OVER_BATCH_SIZE of tf.compat.v1.losses.
inline constexpr Reduction sum_over_batch_size = Reduction::mean_by(Divisor::elements, EmptyMean::zero);

/// tf.nn.softmax_cross_entropy_with_logits and tf.nn.sparse_softmax_cross_entropy_with_logits
inline SoftmaxCrossEntropyOptions softmax_cross_entropy_with_logits() {
  return {.reduction = Reduction::none};
}
/// tf.nn.sigmoid_cross_entropy_with_logits; set pos_weight for tf.nn.weighted_cross_entropy_with_logits
inline SigmoidCrossEntropyOptions sigmoid_cross_entropy_with_logits() {
  return {.reduction = Reduction::none};
}
/// tf.compat.v1.losses.softmax_cross_entropy and sparse_softmax_cross_entropy
inline SoftmaxCrossEntropyOptions v1_softmax_cross_entropy() { return {.reduction = sum_by_nonzero_weights}; }
/// tf.compat.v1.losses.sigmoid_cross_entropy
inline SigmoidCrossEntropyOptions v1_sigmoid_cross_entropy() { return {.reduction = sum_by_nonzero_weights}; }
/// tf.compat.v1.losses.log_loss
inline BinaryCrossEntropyOptions v1_log_loss() {
  return {.guard = LogGuard::add_epsilon, .reduction = sum_by_nonzero_weights};
}
/// tf.compat.v1.losses.mean_squared_error
inline SquaredErrorOptions v1_mean_squared_error() { return {.reduction = sum_by_nonzero_weights}; }
/// tf.compat.v1.losses.huber_loss; its delta is of the same name here
inline HuberOptions v1_huber_loss() { return {.reduction = sum_by_nonzero_weights}; }
/// tf.compat.v1.losses.compute_weighted_loss
inline ReduceOptions v1_compute_weighted_loss() { return {.reduction = sum_by_nonzero_weights}; }

}  // namespace xtape::losses::tensorflow

/// @ingroup losses
/// PyTorch. Its classes stand on axis 1; of an unbatched sample that is axis 0, so set axis = 0 there.
namespace xtape::losses::torch {

/// CrossEntropyLoss with class indices: divides by the sum of the class weights of the labels
inline SoftmaxCrossEntropyOptions cross_entropy() {
  return {
      .axis = 1, .ignore_index = -100, .reduction = Reduction::mean_by(Divisor::sum_of_target_class_weights)};
}
/// CrossEntropyLoss with probabilities: divides by the number of samples
inline SoftmaxCrossEntropyOptions cross_entropy_with_probabilities() {
  return {.axis = 1, .reduction = Reduction::mean_by(Divisor::elements)};
}
/// NLLLoss
inline NllOptions nll_loss() {
  return {
      .axis = 1, .ignore_index = -100, .reduction = Reduction::mean_by(Divisor::sum_of_target_class_weights)};
}
/// BCELoss; its weight is class_weights here
inline BinaryCrossEntropyOptions bce_loss() { return {.guard = LogGuard::clamp_logarithm}; }
/// BCEWithLogitsLoss; its weight is class_weights here
inline SigmoidCrossEntropyOptions bce_with_logits_loss() { return {}; }
/// KLDivLoss; for reduction="batchmean" set Reduction::mean_by(the batch size)
inline KlDivergenceFromLogOptions kl_div_loss() { return {.axis = std::nullopt}; }
/// MultiLabelSoftMarginLoss, of sigmoid_cross_entropy; its weight is class_weights here
inline SigmoidCrossEntropyOptions multilabel_soft_margin_loss() { return {.axis = -1}; }
/// SoftMarginLoss
inline SoftMarginOptions soft_margin_loss() { return {}; }
/// MSELoss
inline SquaredErrorOptions mse_loss() { return {}; }
/// HuberLoss; its delta is of the same name here
inline HuberOptions huber_loss() { return {}; }
/// SmoothL1Loss with a beta above 0, which is delta here, and the scale 1 / beta. With a beta of 0 it is
/// L1Loss: reduce(abs(x - t)).
inline HuberOptions smooth_l1_loss(double beta = 1) { return {.delta = beta, .scale = 1 / beta}; }

}  // namespace xtape::losses::torch

/// @ingroup losses
/// optax, which reduces nothing.
namespace xtape::losses::optax {

/// softmax_cross_entropy, safe_softmax_cross_entropy and softmax_cross_entropy_with_integer_labels; their
/// where is class_mask here
inline SoftmaxCrossEntropyOptions softmax_cross_entropy() { return {.reduction = Reduction::none}; }
/// sigmoid_binary_cross_entropy
inline SigmoidCrossEntropyOptions sigmoid_binary_cross_entropy() { return {.reduction = Reduction::none}; }
/// sigmoid_focal_loss
inline SigmoidFocalOptions sigmoid_focal_loss() { return {.reduction = Reduction::none}; }
/// poly_loss_cross_entropy
inline PolyCrossEntropyOptions poly_loss_cross_entropy() { return {.reduction = Reduction::none}; }
/// squared_error
inline SquaredErrorOptions squared_error() { return {.reduction = Reduction::none}; }
/// l2_loss: half of the squared error
inline SquaredErrorOptions l2_loss() { return {.scale = 0.5, .reduction = Reduction::none}; }
/// huber_loss; its delta is of the same name here
inline HuberOptions huber_loss() { return {.reduction = Reduction::none}; }
/// kl_divergence
inline KlDivergenceFromLogOptions kl_divergence() { return {.reduction = Reduction::none}; }
/// convex_kl_divergence
inline KlDivergenceFromLogOptions convex_kl_divergence() {
  return {.variant = KlVariant::generalized, .reduction = Reduction::none};
}
/// kl_divergence_with_log_targets
inline KlDivergenceFromLogOptions kl_divergence_with_log_targets() {
  return {.variant = KlVariant::log_targets, .reduction = Reduction::none};
}

}  // namespace xtape::losses::optax
#pragma GCC visibility pop
