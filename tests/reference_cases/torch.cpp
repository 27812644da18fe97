// SPDX-License-Identifier: BSD-3-Clause
// The families of PyTorch, sections 3.19 to 3.25.
#include "families.hpp"
#include "xtape/xtape.hpp"

namespace reference {

namespace {

using namespace xtape;
using losses::Reduction;

// Section 2.4. The preset holds the mean.
template <class Options>
Options torch_options(const Arguments& call, Options options) {
  options = with_params(call, options);
  if constexpr (requires { options.class_weights; }) options.class_weights = call.weights("weight");
  options.reduction =
      choose<Reduction>(call.param("reduction"),
                        {{"none", Reduction::none}, {"sum", Reduction::sum}, {"mean", options.reduction}});
  return options;
}

// The classes stand on axis 1, of an unbatched sample on axis 0.
template <class T, class Options>
Options class_options(const Arguments& call, Variable<T> input, Options options) {
  if (input.shape().rank() == 1) options.axis = 0;
  return torch_options(call, options);
}

template <class T>
Variable<T> nll(Call<T>& call) {
  const Variable<T> input = call.real("input");
  auto options = class_options(call, input, losses::torch::nll_loss());
  call.set(options.ignore_index, "ignore_index");
  return losses::nll(input, call.integers("target"), options);
}

template <class T>
Variable<T> cross_entropy_with_indices(Call<T>& call) {
  const Variable<T> input = call.real("input");
  auto options = class_options(call, input, losses::torch::cross_entropy());
  call.set(options.ignore_index, "ignore_index");
  return losses::softmax_cross_entropy(input, call.integers("target"), options);
}

template <class T>
Variable<T> cross_entropy_with_probabilities(Call<T>& call) {
  const Variable<T> input = call.real("input");
  return losses::softmax_cross_entropy(
      input, call.real("target"),
      class_options(call, input, losses::torch::cross_entropy_with_probabilities()));
}

template <class T>
Variable<T> torch_cross_entropy(Call<T>& call) {
  const auto of_kind = choose<Variable<T> (*)(Call<T>&)>(
      call.param("target_kind"),
      {{"class_indices", cross_entropy_with_indices}, {"probabilities", cross_entropy_with_probabilities}});
  return of_kind(call);
}

template <class T>
Variable<T> torch_bce(Call<T>& call) {
  return losses::binary_cross_entropy(call.real("input"), call.real("target"),
                                      torch_options(call, losses::torch::bce_loss()));
}

template <class T>
Variable<T> torch_bce_with_logits(Call<T>& call) {
  auto options = torch_options(call, losses::torch::bce_with_logits_loss());
  options.pos_weight = call.weights("pos_weight");
  return losses::sigmoid_cross_entropy(call.real("input"), call.real("target"), options);
}

template <class T>
Variable<T> torch_kl_div(Call<T>& call) {
  const Variable<T> input = call.real("input");
  const std::size_t batch = input.shape()[0];
  auto options = losses::torch::kl_div_loss();
  if (call.flag("log_target")) options.variant = losses::KlVariant::log_targets;
  options.reduction = choose<Reduction>(
      call.param("reduction"),
      {{"none", Reduction::none},
       {"sum", Reduction::sum},
       {"mean", options.reduction},
       {"batchmean", batch > 0 ? Reduction::mean_by(static_cast<double>(batch)) : Reduction::mean}});
  return losses::kl_divergence_from_log(input, call.real("target"), options);
}

template <class T>
Variable<T> multilabel_soft_margin(Call<T>& call) {
  return losses::sigmoid_cross_entropy(call.real("input"), call.real("target"),
                                       torch_options(call, losses::torch::multilabel_soft_margin_loss()));
}

template <class T>
Variable<T> soft_margin(Call<T>& call) {
  return losses::soft_margin(call.real("input"), call.real("target"),
                             torch_options(call, losses::torch::soft_margin_loss()));
}

}  // namespace

template <class T>
Families<T> torch_families() {
  return {
      {"nll", {nll, "input target", "weight", "ignore_index reduction"}},
      {"torch_cross_entropy",
       {torch_cross_entropy, "input target", "weight", "target_kind ignore_index label_smoothing reduction"}},
      {"torch_bce", {torch_bce, "input target", "weight", "reduction"}},
      {"torch_bce_with_logits", {torch_bce_with_logits, "input target", "weight pos_weight", "reduction"}},
      {"torch_kl_div", {torch_kl_div, "input target", "", "log_target reduction"}},
      {"multilabel_soft_margin", {multilabel_soft_margin, "input target", "weight", "reduction"}},
      {"soft_margin", {soft_margin, "input target", "", "reduction"}},
  };
}

template Families<float> torch_families();
template Families<double> torch_families();

}  // namespace reference
