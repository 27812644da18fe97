// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {
namespace {

// weight * x, 0 where the weight is 0, whatever x is.
inline Wide weighted(Wide weight, Wide x) {
  return xsimd::select(weight == Wide(0.0), Wide(0.0), weight * x);
}

// With the label z and its complement z', the loss is w z log(1 + e^-x) + z' log(1 + e^x) and its gradient
// z' sigmoid(x) - w z sigmoid(-x); log(1 + e^x) = max(x, 0) + log1p(e^-|x|).
template <class T, bool simple>
void sigmoid_cross_entropy(const SigmoidElements<T>& in) {
  using Precision = PrecisionOf<T>;
  const Wide one(1.0), zero(0.0), kept(in.kept), added_yes(in.added_yes), added_no(in.added_no);
  for_each_batch<double>(in.count, [&](std::size_t i, auto count) {
    const auto option = [&](const double* option, double all) {
      return option == nullptr ? Wide(all) : load_some<Wide>(option + i, count, 0.0);
    };
    const Wide x = load_some<Wide>(in.x + i, count, T{0}),
               label = load_some<Wide>(in.labels + i, count, T{0});
    Wide no = one - label, yes = label;
    if constexpr (!simple) {
      no = multiply_add(kept, no, added_no);
      yes = weighted(multiply_add(kept, yes, added_yes), option(in.pos_weights, 1));
    }
    const Wide e = decay<Precision>(x), t = log1p_of_fraction<Precision>(e);
    const Wide nats_no = xsimd::select(x > zero, x, zero) + t,
               nats_yes = xsimd::select(x < zero, -x, zero) + t;
    // NaN in x is not hidden by a label of 0.
    Wide loss = weighted(no, nats_no) + weighted(yes, nats_yes);
    loss = xsimd::select(x == x, loss, x);
    const Wide weight = simple ? one : option(in.weights, 1);
    store_some(simple ? loss : weight * loss, in.losses + i, count);
    if (in.gradient == nullptr) return;
    const Wide larger = one / (one + e), smaller = e * larger;
    const Wide slope = no * where_negative(x, smaller, larger) - yes * where_negative(x, larger, smaller);
    const Wide scale = simple ? Wide(in.scale) : weight * option(in.scales, in.scale);
    store_some(slope * scale, in.gradient + i, count);
  });
}

template <class T>
void sigmoid_cross_entropy(const SigmoidElements<T>& in) {
  const bool simple =
      in.kept == 1 && in.pos_weights == nullptr && in.weights == nullptr && in.scales == nullptr;
  if (simple) {
    sigmoid_cross_entropy<T, true>(in);
  } else {
    sigmoid_cross_entropy<T, false>(in);
  }
}

}  // namespace
}  // namespace xtape::kernels
