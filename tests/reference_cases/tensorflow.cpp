// SPDX-License-Identifier: BSD-3-Clause
// The families of tf.nn, optax and tf.compat.v1.losses, sections 3.8 to 3.17.
#include <cstdint>

#include "families.hpp"
#include "shapes.hpp"
#include "xtape/xtape.hpp"

namespace reference {

namespace {

using namespace xtape;
using losses::Divisor;
using losses::Reduction;

// Section 2.2
template <class Options>
Options plain_options(const Arguments& call, Options options) {
  options = with_params(call, options);
  options.reduction = choose<Reduction>(
      call.param("reduction"),
      {{"none", Reduction::none}, {"sum", Reduction::sum}, {"mean", Reduction::mean_by(Divisor::elements)}});
  return options;
}

// optax's `where`, which leaves out classes, or whole samples if it lacks the class axis.
template <class T, class Options>
Options with_where(const Arguments& call, Variable<T> logits, Options options) {
  const Tensor* const where = call.find("where");
  if (where == nullptr) return options;
  losses::Mask& mask = where->shape().rank() == logits.shape().rank() ? options.class_mask : options.mask;
  mask = call.integers("where");
  return options;
}

template <class T>
Variable<T> sigmoid_cross_entropy_with_logits(Call<T>& call) {
  auto options = plain_options(call, losses::tensorflow::sigmoid_cross_entropy_with_logits());
  options.pos_weight = call.weights("pos_weight");
  return losses::sigmoid_cross_entropy(call.real("logits"), call.real("labels"), options);
}

// `safe` asks for nothing: a label of 0 never contributes.
template <class T>
Variable<T> softmax_cross_entropy_with_logits(Call<T>& call) {
  const Variable<T> logits = call.real("logits"), labels = call.real("labels");
  const auto options = plain_options(call, losses::tensorflow::softmax_cross_entropy_with_logits());
  return losses::softmax_cross_entropy(
      logits, call.flag("broadcast_labels") ? stretched(labels, logits.shape()) : labels,
      with_where(call, logits, options));
}

template <class T>
Variable<T> sparse_softmax_cross_entropy_with_logits(Call<T>& call) {
  const Variable<T> logits = call.real("logits");
  const auto options = plain_options(call, losses::tensorflow::softmax_cross_entropy_with_logits());
  return losses::softmax_cross_entropy(logits, call.integers("labels"), with_where(call, logits, options));
}

template <class T>
Variable<T> poly(Call<T>& call) {
  const Variable<T> logits = call.real("logits");
  const auto options = plain_options(call, losses::optax::poly_loss_cross_entropy());
  return losses::poly_cross_entropy(logits, call.real("labels"), with_where(call, logits, options));
}

template <class T>
Variable<T> sigmoid_focal(Call<T>& call) {
  auto options = plain_options(call, losses::optax::sigmoid_focal_loss());
  call.set(options.alpha, "alpha");
  return losses::sigmoid_focal(call.real("logits"), call.real("labels"), options);
}

template <class T>
Variable<T> kl_log_predictions(Call<T>& call) {
  const Variable<T> log_predictions = call.real("log_predictions");
  const auto variant = choose<losses::KlDivergenceFromLogOptions>(
      call.param("variant"), {{"plain", losses::optax::kl_divergence()},
                              {"generalized", losses::optax::convex_kl_divergence()},
                              {"log_targets", losses::optax::kl_divergence_with_log_targets()}});
  return losses::kl_divergence_from_log(log_predictions, call.real("targets"),
                                        with_where(call, log_predictions, plain_options(call, variant)));
}

// Section 2.3. The preset holds sum_by_nonzero_weights.
template <class Options>
Options v1_options(const Arguments& call, Options options) {
  options = with_params(call, options);
  options.sample_weights = call.weights("weights");
  options.reduction = choose<Reduction>(call.param("reduction"),
                                        {{"none", Reduction::none},
                                         {"sum", Reduction::sum},
                                         {"mean", losses::tensorflow::mean},
                                         {"sum_over_batch_size", losses::tensorflow::sum_over_batch_size},
                                         {"sum_by_nonzero_weights", options.reduction}});
  return options;
}

template <class T>
Variable<T> v1_softmax_cross_entropy(Call<T>& call) {
  return losses::softmax_cross_entropy(call.real("logits"), call.real("onehot_labels"),
                                       v1_options(call, losses::tensorflow::v1_softmax_cross_entropy()));
}

template <class T>
Variable<T> v1_sparse_softmax_cross_entropy(Call<T>& call) {
  const Variable<T> logits = call.real("logits");
  Array<std::int64_t> labels = call.integers("labels");
  const auto ends_in_1 = [](const Shape& shape) { return shape.rank() > 0 && shape[shape.rank() - 1] == 1; };
  const auto squeezed = [](const auto& array) {
    return reshaped(array, without_axis(array.shape(), array.shape().rank() - 1));
  };
  if (labels.shape().rank() == logits.shape().rank() && ends_in_1(labels.shape())) labels = squeezed(labels);
  auto options = v1_options(call, losses::tensorflow::v1_softmax_cross_entropy());
  const Tensor* const weights = call.find("weights");
  if (weights && weights->shape().rank() == labels.shape().rank() + 1 && ends_in_1(weights->shape())) {
    options.sample_weights = squeezed(*weights);
  }
  return losses::softmax_cross_entropy(logits, labels, options);
}

template <class T>
Variable<T> v1_sigmoid_cross_entropy(Call<T>& call) {
  return losses::sigmoid_cross_entropy(call.real("logits"), call.real("multi_class_labels"),
                                       v1_options(call, losses::tensorflow::v1_sigmoid_cross_entropy()));
}

template <class T>
Variable<T> v1_log_loss(Call<T>& call) {
  return losses::binary_cross_entropy(call.real("predictions"), call.real("labels"),
                                      v1_options(call, losses::tensorflow::v1_log_loss()));
}

template <class T>
Variable<T> v1_compute_weighted_loss(Call<T>& call) {
  return losses::reduce(call.real("losses"),
                        v1_options(call, losses::tensorflow::v1_compute_weighted_loss()));
}

}  // namespace

template <class T>
Families<T> tensorflow_families() {
  return {
      {"sigmoid_cross_entropy_with_logits",
       {sigmoid_cross_entropy_with_logits, "labels logits", "", "reduction"}},
      {"weighted_cross_entropy_with_logits",
       {sigmoid_cross_entropy_with_logits, "labels logits pos_weight", "", "reduction"}},
      {"softmax_cross_entropy_with_logits",
       {softmax_cross_entropy_with_logits, "labels logits", "where", "axis broadcast_labels safe reduction"}},
      {"sparse_softmax_cross_entropy_with_logits",
       {sparse_softmax_cross_entropy_with_logits, "labels logits", "where", "axis reduction"}},
      {"poly", {poly, "labels logits", "where", "epsilon axis reduction"}},
      {"sigmoid_focal", {sigmoid_focal, "labels logits", "", "alpha gamma reduction"}},
      {"kl_log_predictions",
       {kl_log_predictions, "log_predictions targets", "where", "variant axis reduction"}},
      {"v1_softmax_cross_entropy",
       {v1_softmax_cross_entropy, "onehot_labels logits", "weights", "label_smoothing reduction"}},
      {"v1_sparse_softmax_cross_entropy",
       {v1_sparse_softmax_cross_entropy, "labels logits", "weights", "reduction"}},
      {"v1_sigmoid_cross_entropy",
       {v1_sigmoid_cross_entropy, "multi_class_labels logits", "weights", "label_smoothing reduction"}},
      {"v1_log_loss", {v1_log_loss, "labels predictions", "weights", "epsilon reduction"}},
      {"v1_compute_weighted_loss", {v1_compute_weighted_loss, "losses", "weights", "reduction"}},
  };
}

template Families<float> tensorflow_families();
template Families<double> tensorflow_families();

}  // namespace reference
