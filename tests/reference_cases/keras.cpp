// SPDX-License-Identifier: BSD-3-Clause
// The families of Keras, sections 3.1 to 3.7.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "families.hpp"
#include "shapes.hpp"
#include "xtape/xtape.hpp"

namespace reference {

namespace {

using namespace xtape;
using losses::Divisor;
using losses::Reduction;

// Section 2.1
template <class Options>
Options with_reduction(const Arguments& call, Options options) {
  options = with_params(call, options);
  options.reduction = choose<Reduction>(
      call.param("reduction"), {{"none", Reduction::none},
                                {"sum", Reduction::sum},
                                {"mean", losses::keras::sum_over_batch_size},
                                {"sum_over_batch_size", losses::keras::sum_over_batch_size},
                                {"mean_with_sample_weight", losses::keras::mean_with_sample_weight}});
  return options;
}

template <class T>
struct Aligned {
  Variable<T> labels, predictions;
};

template <class T>
Aligned<T> aligned(Call<T>& call) {
  const Variable<T> labels = call.real("y_true"), predictions = call.real("y_pred");
  Shape labels_shape = labels.shape(), predictions_shape = predictions.shape();
  align(labels_shape, predictions_shape);
  return {reshape(labels, labels_shape), reshape(predictions, predictions_shape)};
}

// losses::reduce for losses that their weights stretch to `shape`.
template <class T>
Variable<T> reduce_stretched(const Arguments& call, Variable<T> losses, const Shape& shape,
                             losses::ReduceOptions options) {
  std::optional<std::int64_t> ignored;
  call.set(ignored, "ignore_class");
  if (ignored) {
    auto kept = call.integers("y_true");
    for (std::int64_t& label : kept) label = label != *ignored;
    if (options.reduction.divisor() == Divisor::valid_elements) {
      // The positions are counted as they are before; if none is kept, all losses are 0.
      const auto count = static_cast<double>(std::ranges::count(kept, 1));
      options.reduction = Reduction::mean_by(std::max(count, 1.0));
    }
    options.mask = reshaped(kept, padded(losses.shape(), shape.rank()));
  }
  return losses::reduce(stretched(losses, shape), options);
}

// Weighs and reduces as section 2.1 tells. Only what the library refuses on purpose is done here: weights of
// another rank than the losses, and weights that stretch them.
template <class T, class Loss, class Labels, class Options>
Variable<T> weighted_loss(const Arguments& call, Loss loss, Variable<T> predictions, const Labels& labels,
                          Options options) {
  options = with_reduction(call, options);
  const Tensor* const weights = call.find("sample_weight");
  if (weights == nullptr) return loss(predictions, labels, options);

  const int axis = *std::optional(options.axis);
  const Shape own = without_axis(predictions.shape(), find_axis(predictions.shape(), axis));
  Shape shape = own, fitting = weights->shape();
  if (fitting.rank() > 0) align(shape, fitting);
  const std::optional<Shape> product = broadcast(shape, fitting);
  if (product) fitting = padded(fitting, product->rank());
  if (product == Shape()) options.reduction = Reduction::none;
  options.sample_weights = reshaped(*weights, fitting);
  if (!product || *product == own) return loss(predictions, labels, options);

  losses::ReduceOptions remaining{.sample_weights = options.sample_weights, .reduction = options.reduction};
  options.sample_weights = {};
  options.reduction = Reduction::none;
  return reduce_stretched(call, reshape(loss(predictions, labels, options), shape), *product, remaining);
}

constexpr double epsilon = 1e-7;

template <class T>
void clips(Call<T>& call, Variable<T> probabilities) {
  call.clips(probabilities, static_cast<T>(epsilon), 1 - static_cast<T>(epsilon));
}

template <class T>
Variable<T> normalized(Variable<T> probabilities, int axis) {
  return probabilities / sum(probabilities, axis, keep_dims);
}

template <class T>
Variable<T> binary_cross_entropy(Call<T>& call) {
  const auto [labels, predictions] = aligned(call);
  if (call.flag("from_logits")) {
    return weighted_loss(call, losses::sigmoid_cross_entropy<T>, predictions, labels,
                         losses::keras::binary_crossentropy_from_logits());
  }
  clips(call, predictions);
  return weighted_loss(call, losses::binary_cross_entropy<T>, predictions, labels,
                       losses::keras::binary_crossentropy());
}

template <class T>
Variable<T> categorical_cross_entropy(Call<T>& call) {
  const auto [labels, predictions] = aligned(call);
  if (call.flag("from_logits")) {
    return weighted_loss(call, losses::softmax_cross_entropy<T>, predictions, labels,
                         losses::keras::categorical_crossentropy_from_logits());
  }
  const Variable<T> loss = weighted_loss(call, losses::categorical_cross_entropy<T>, predictions, labels,
                                         losses::keras::categorical_crossentropy());
  clips(call, normalized(predictions, call.integer("axis")));
  return loss;
}

template <class T>
Variable<T> sparse_categorical_cross_entropy(Call<T>& call) {
  const Variable<T> predictions = call.real("y_pred");
  Array<std::int64_t> labels = call.integers("y_true");
  const auto axis = find_axis(predictions.shape(), call.integer("axis"));
  if (axis && labels.shape().rank() == predictions.shape().rank() && labels.shape()[*axis] == 1) {
    labels = reshaped(labels, without_axis(labels.shape(), axis));
  }
  const auto ignoring = [&](auto options) {
    call.set(options.ignore_index, "ignore_class");
    return options;
  };
  if (call.flag("from_logits")) {
    return weighted_loss(call, losses::softmax_cross_entropy<T>, predictions, labels,
                         ignoring(losses::keras::categorical_crossentropy_from_logits()));
  }
  const auto options = choose<losses::CategoricalCrossEntropyOptions>(
      call.param("prob_mode"),
      {{"renormalize", losses::keras::categorical_crossentropy()},
       {"tf_clip_log_softmax", losses::keras::sparse_categorical_crossentropy_of_tensorflow()}});
  const Variable<T> loss =
      weighted_loss(call, losses::categorical_cross_entropy<T>, predictions, labels, ignoring(options));
  const bool clips_first = options.normalization == losses::Normalization::after_clipping;
  clips(call, clips_first ? predictions : normalized(predictions, call.integer("axis")));
  return loss;
}

template <class T>
Variable<T> binary_focal(Call<T>& call) {
  const auto [labels, predictions] = aligned(call);
  const auto balanced = [&](auto options) {
    if (call.flag("apply_class_balancing")) options.alpha = call.number("alpha");
    return options;
  };
  if (call.flag("from_logits")) {
    clips(call, sigmoid(predictions));
    return weighted_loss(call, losses::sigmoid_focal<T>, predictions, labels,
                         balanced(losses::keras::binary_focal_crossentropy_from_logits()));
  }
  clips(call, predictions);
  return weighted_loss(call, losses::binary_focal<T>, predictions, labels,
                       balanced(losses::keras::binary_focal_crossentropy()));
}

// A number, or a list with one for each class, which then stand on the last axis.
losses::Weights focal_alpha(const nlohmann::json& alpha, const Shape& shape, int axis) {
  if (alpha.is_number()) return alpha.get<double>();
  auto numbers = alpha.get<std::vector<double>>();
  if (find_axis(shape, axis) != shape.rank() - 1 || numbers.size() != shape[shape.rank() - 1]) {
    throw ArgumentError(fmt::format("alpha must be a number or a list with one for each class of {}, got {}",
                                    to_string(shape), alpha.dump()));
  }
  return losses::Weights(std::move(numbers));
}

template <class T>
Variable<T> categorical_focal(Call<T>& call) {
  const auto [labels, predictions] = aligned(call);
  const bool from_logits = call.flag("from_logits");
  const int axis = call.integer("axis");
  const losses::Weights alpha = focal_alpha(call.param("alpha"), predictions.shape(), axis);
  const auto weighted = [&](auto options) {
    options.alpha = alpha;
    return options;
  };
  const Variable<T> loss =
      from_logits ? weighted_loss(call, losses::softmax_focal<T>, predictions, labels,
                                  weighted(losses::keras::categorical_focal_crossentropy_from_logits()))
                  : weighted_loss(call, losses::categorical_focal<T>, predictions, labels,
                                  weighted(losses::keras::categorical_focal_crossentropy()));
  clips(call, normalized(from_logits ? softmax(predictions, axis) : predictions, axis));
  return loss;
}

template <class T>
Variable<T> kl_divergence(Call<T>& call) {
  const auto [labels, predictions] = aligned(call);
  call.clips(labels, static_cast<T>(epsilon), 1);
  call.clips(predictions, static_cast<T>(epsilon), 1);
  return weighted_loss(call, losses::kl_divergence<T>, predictions, labels, losses::keras::kl_divergence());
}

template <class T>
Variable<T> generalized(Call<T>& call) {
  return weighted_loss(call, losses::generalized_cross_entropy<T>, call.real("y_pred"),
                       call.integers("y_true"), losses::keras::categorical_generalized_cross_entropy());
}

}  // namespace

template <class T>
Families<T> keras_families() {
  return {
      {"binary_cross_entropy",
       {binary_cross_entropy, "y_true y_pred", "sample_weight",
        "from_logits label_smoothing axis reduction"}},
      {"categorical_cross_entropy",
       {categorical_cross_entropy, "y_true y_pred", "sample_weight",
        "from_logits label_smoothing axis reduction"}},
      {"sparse_categorical_cross_entropy",
       {sparse_categorical_cross_entropy, "y_true y_pred", "sample_weight",
        "from_logits ignore_class axis prob_mode reduction"}},
      {"binary_focal",
       {binary_focal, "y_true y_pred", "sample_weight",
        "from_logits label_smoothing axis apply_class_balancing alpha gamma reduction"}},
      {"categorical_focal",
       {categorical_focal, "y_true y_pred", "sample_weight",
        "from_logits label_smoothing axis alpha gamma reduction"}},
      {"kl_divergence", {kl_divergence, "y_true y_pred", "sample_weight", "reduction"}},
      {"generalized", {generalized, "y_true y_pred", "sample_weight", "q reduction"}},
  };
}

template Families<float> keras_families();
template Families<double> keras_families();

}  // namespace reference
