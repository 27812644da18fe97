// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/cross_entropy_kernels.hpp"
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {
namespace {

// weight * x, 0 where the weight is 0, whatever x is.
XTAPE_INLINE Wide weighted(Wide weight, Wide x) {
  return xsimd::select(weight == Wide(0.0), Wide(0.0), weight * x);
}

// With the label z the loss is z log(1 + e^-x) + (1 - z) log(1 + e^x) = w |x| + log1p(e^-|x|), where w is 1 -
// z for x > 0 and z for x < 0, and its gradient sign(x) (w - (1 - w) e^-|x|) / (1 + e^-|x|).
template <class T>
void plain_sigmoid_cross_entropy(const SigmoidElements<T> in) {
  using Precision = PrecisionOf<T>;
  const Wide one(1.0), zero(0.0), scale(in.scale), negative_scale(-in.scale);
  for_each_batch<double>(in.count, [&](std::size_t i, auto count) {
    const Wide x = load_some<Wide>(in.x + i, count, T{0}), z = load_some<Wide>(in.labels + i, count, T{0});
    const auto is_positive = x > zero;
    const Wide complement = one - z, w = xsimd::select(is_positive, complement, z);
    const Wide e = decay<Precision>(x), t = log1p_of_fraction<Precision>(e);
    store_some(weighted(w, xsimd::abs(x)) + t, in.losses + i, count);
    if (in.gradient == nullptr) return;
    const Wide other = xsimd::select(is_positive, z, complement);
    const Wide share = xsimd::select(is_positive, scale, negative_scale) / (one + e);
    store_some((w - other * e) * share, in.gradient + i, count);
  });
}

// The same with everything: for the label z' and its complement, smoothed, and the weight of the label 1.
template <class T>
void weighted_sigmoid_cross_entropy(const SigmoidElements<T> in) {
  using Precision = PrecisionOf<T>;
  const Wide one(1.0), zero(0.0), kept(in.kept), added_yes(in.added_yes), added_no(in.added_no);
  for_each_batch<double>(in.count, [&](std::size_t i, auto count) {
    const auto option = [&](const double* option, double all) {
      return option == nullptr ? Wide(all) : load_some<Wide>(option + i, count, 0.0);
    };
    const Wide x = load_some<Wide>(in.x + i, count, T{0}), z = load_some<Wide>(in.labels + i, count, T{0});
    const Wide no = multiply_add(kept, one - z, added_no);
    const Wide yes = weighted(multiply_add(kept, z, added_yes), option(in.pos_weights, 1));
    const Wide e = decay<Precision>(x), t = log1p_of_fraction<Precision>(e);
    const Wide nats_no = xsimd::select(x > zero, x, zero) + t,
               nats_yes = xsimd::select(x < zero, -x, zero) + t;
    // NaN in x is not hidden by a label of 0.
    const Wide loss = xsimd::select(x == x, weighted(no, nats_no) + weighted(yes, nats_yes), x);
    const Wide weight = option(in.weights, 1);
    store_some(weight * loss, in.losses + i, count);
    if (in.gradient == nullptr) return;
    const Wide larger = one / (one + e), smaller = e * larger;
    const Wide slope = no * where_negative(x, smaller, larger) - yes * where_negative(x, larger, smaller);
    store_some(slope * (weight * option(in.scales, in.scale)), in.gradient + i, count);
  });
}

template <class T>
void sigmoid_cross_entropy(const SigmoidElements<T>& in) {
  const bool is_plain =
      in.kept == 1 && in.pos_weights == nullptr && in.weights == nullptr && in.scales == nullptr;
  if (is_plain) {
    plain_sigmoid_cross_entropy(in);
  } else {
    weighted_sigmoid_cross_entropy(in);
  }
}

}  // namespace

XTAPE_KERNEL(SigmoidCrossEntropy, sigmoid_cross_entropy<T>);

}  // namespace xtape::kernels
