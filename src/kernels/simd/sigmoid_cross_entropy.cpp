// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/cross_entropy_kernels.hpp"
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {
namespace {

// weight * x, 0 where the weight is 0, whatever x is.
template <class B>
XTAPE_INLINE B weighted(B weight, B x) {
  const B zero(Value<B>{0});
  return xsimd::select(weight == zero, zero, weight * x);
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

// The same of floats in floats, to 2 ulp. The scale must neither lose digits as a float nor make subnormal
// slopes normal.
bool floats_suffice(double scale) { return multiply_add_rounds_once && scale >= 0x1p-100 && scale <= 1; }

XTAPE_INLINE void store_losses(Batch<float> losses, double* to, All) {
  store(low_half(losses), to);
  store(high_half(losses), to + lanes<double>);
}
XTAPE_INLINE void store_losses(Batch<float> losses, double* to, std::size_t count) {
  double all[lanes<float>];
  store_losses(losses, all, All());
  std::memcpy(to, all, count * sizeof(double));
}

// Some neighbouring batches, which take each step together: those of one would wait for each other.
template <std::size_t batches, class Count>
XTAPE_INLINE void plain_sigmoid_cross_entropy_of_batches(const SigmoidElements<float>& in, std::size_t begin,
                                                         Count count) {
  using B = Batch<float>;
  const float high = static_cast<float>(in.scale), low = static_cast<float>(in.scale - high);
  const B one(1.0F), zero(0.0F), scale(high), scale_low(low);
  B x[batches], z[batches], e[batches], t[batches];
  const auto at = [begin](std::size_t b) { return begin + b * lanes<float>; };
  for (std::size_t b = 0; b < batches; ++b) {
    x[b] = load_some<B>(in.x + at(b), count, 0.0F);
    z[b] = load_some<B>(in.labels + at(b), count, 0.0F);
  }
  for (std::size_t b = 0; b < batches; ++b) e[b] = decay(x[b]);
  for (std::size_t b = 0; b < batches; ++b) t[b] = log1p_of_fraction(e[b]);
  for (std::size_t b = 0; b < batches; ++b) {
    const B w = xsimd::select(x[b] > zero, one - z[b], z[b]);
    store_losses(weighted(w, xsimd::abs(x[b])) + t[b], in.losses + at(b), count);
  }
  if (in.gradient == nullptr) return;
  for (std::size_t b = 0; b < batches; ++b) {
    const auto is_positive = x[b] > zero;
    const B complement = one - z[b], w = xsimd::select(is_positive, complement, z[b]),
            other = xsimd::select(is_positive, z[b], complement);
    // What the sum, the quotient and the scale lose by rounding goes into the product.
    const B numerator = multiply_add(-other, e[b], w), sum = one + e[b], sum_low = e[b] - (sum - one);
    const B inverse = quotient(one, sum), ratio = numerator * inverse;
    const B rest = multiply_add(-ratio, sum_low, multiply_add(-ratio, sum, numerator));
    const B product = multiply_add(ratio, scale, multiply_add(rest * inverse, scale, ratio * scale_low));
    store_some(xsimd::select(is_positive, product, -product), in.gradient + at(b), count);
  }
}

void plain_sigmoid_cross_entropy_in_floats(const SigmoidElements<float> in) {
  constexpr std::size_t together = 4;
  std::size_t i = 0;
  for (; i + together * lanes<float> <= in.count; i += together * lanes<float>)
    plain_sigmoid_cross_entropy_of_batches<together>(in, i, All());
  for_each_batch<float>(in.count - i, [&](std::size_t rest, auto count) {
    plain_sigmoid_cross_entropy_of_batches<1>(in, i + rest, count);
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
  if constexpr (sizeof(T) == 4) {
    if (is_plain && floats_suffice(in.scale)) return plain_sigmoid_cross_entropy_in_floats(in);
  }
  if (is_plain) {
    plain_sigmoid_cross_entropy(in);
  } else {
    weighted_sigmoid_cross_entropy(in);
  }
}

}  // namespace

XTAPE_KERNEL(SigmoidCrossEntropy, sigmoid_cross_entropy<T>);

}  // namespace xtape::kernels
