// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/softmax_rows.hpp"

namespace xtape::kernels {
namespace {

// x y - product, where `product` is x y rounded.
XTAPE_INLINE double product_error(double x, double y, double product) {
#ifdef __FMA__
  return __builtin_fma(x, y, -product);
#else  // Dekker (Numerische Mathematik 18, 1971)
  const double x_split = x * 0x8000001p0, x_high = x_split - (x_split - x), x_low = x - x_high;
  const double y_split = y * 0x8000001p0, y_high = y_split - (y_split - y), y_low = y - y_high;
  return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low;
#endif
}

// A number as the sum of two, of which the second is what rounding took from the first.
struct Precise {
  double value;
  double low;

  XTAPE_INLINE Precise times(double factor) const {
    const double product = value * factor;
    return {product, product_error(value, factor, product) + low * factor};
  }
};

// 1 / (1 + rest)
XTAPE_INLINE Precise inverse_of_1_plus(double rest) {
  const double sum = 1 + rest;
  const double lost = rest > 1 ? (rest - sum) + 1 : (1 - sum) + rest;
  const double inverse = 1 / sum, product = inverse * sum;
  const double residual = (1 - product) - product_error(inverse, sum, product);
  const double low = inverse * (residual - inverse * lost);
  return {inverse + low, (inverse - (inverse + low)) + low};
}

// One factor for each row of a block, which doubles are multiplied by in twice their precision.
template <class T, std::size_t rows>
struct Factors {
  static constexpr bool have_low = sizeof(T) == 8;
  double exact[rows];
  T rounded[rows], low[rows];

  XTAPE_INLINE void set(std::size_t row, Precise inverse, double scale, double total = 1,
                        double total_low = 0) {
    if constexpr (have_low) {
      const Precise whole = inverse.times(total).times(scale);
      exact[row] = whole.value;
      low[row] = whole.low + inverse.value * total_low * scale;
    } else {
      exact[row] = inverse.value * total * scale;
    }
  }

  // Whether they are normal numbers, or 0, also as T.
  XTAPE_INLINE bool round() {
    int abnormal = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      rounded[r] = static_cast<T>(exact[r]);
      const T magnitude = rounded[r] < 0 ? -rounded[r] : rounded[r];
      abnormal |= (magnitude < std::numeric_limits<T>::min()) & (exact[r] != 0);
    }
    return abnormal == 0;
  }

  // e factor + term
  template <class Block>
  XTAPE_INLINE auto multiplication(const Block& block) const {
    const Batch<T> factor = block.of_row(rounded);
    if constexpr (have_low) {
      const Batch<T> small = block.of_row(low);
      return [=](Batch<T> e, Batch<T> term) { return multiply_add(e, factor, multiply_add(e, small, term)); };
    } else {
      return [=](Batch<T> e, Batch<T> term) { return multiply_add(e, factor, term); };
    }
  }
};

// e[j] becomes e[j] factor.
template <class T, class Block, std::size_t rows>
XTAPE_INLINE void multiply_rows(const Block& block, Factors<T, rows>& factors, T* e) {
  if (!factors.round()) {
    for (std::size_t i = 0; i < block.elements(); ++i) {
      e[i] = static_cast<T>(static_cast<double>(e[i]) * factors.exact[i % rows]);
    }
    return;
  }
  const auto multiply = factors.multiplication(block);
  for_each_batch<T>(block.elements(), [&](std::size_t j, auto count) {
    store_some(multiply(load_some<Batch<T>>(e + j, count, T{0}), Batch<T>(T{0})), e + j, count);
  });
}

// What multiplies the gradients of the rows of a block.
template <class T, std::size_t most_rows>
struct Scales {
  double of_row[most_rows];

  XTAPE_INLINE Scales(const SoftmaxRows<T>& in, std::size_t first, std::size_t rows) {
    for (double& scale : of_row) scale = in.scale;
    for (std::size_t r = 0; r < rows && in.scales != nullptr; ++r) of_row[r] = in.scales[first + r];
  }
};

// The loss of a row is offset + weight log1p(rest).
template <std::size_t rows>
struct LossParts {
  double rest[rows];
  double offset[rows];
  double weight[rows];
};

// Class indices: (max - x_y) + log1p(rest).
template <class T, class Block, std::size_t rows>
void hard_cross_entropy(const SoftmaxRows<T>& in, Block& block, std::size_t first, LossParts<rows>& parts) {
  constexpr std::size_t most_rows = Block::most_rows;
  RowSums<T, most_rows> sums;
  const std::int64_t* const labels = in.labels + first;
  const T* const x = in.x + first * in.classes;
  if (in.gradient == nullptr) {
    block.template normalise<false>(sums, nullptr);
  } else {
    T* const gradient = in.gradient + first * in.classes;
    T* const p = block.values(gradient);
    block.template normalise<true>(sums, p);
    Factors<T, most_rows> factors;
    const Scales<T, most_rows> scales(in, first, block.rows());
    T slope_of_largest[most_rows];
    for (std::size_t r = 0; r < most_rows; ++r) {
      const Precise inverse = inverse_of_1_plus(sums.rest[r]);
      factors.set(r, inverse, scales.of_row[r] * sums.scale[r]);
      slope_of_largest[r] = static_cast<T>(-scales.of_row[r] * (sums.rest[r] * inverse.value));
    }
    multiply_rows(block, factors, p);
    block.write(p, gradient);
    // It is p - onehot(y). p_y - 1 is exact enough where p_y <= 1/2; 1 - p is never a difference for the
    // largest.
    for (std::size_t r = 0; r < block.rows(); ++r) {
      const std::size_t at = r * in.classes + static_cast<std::size_t>(labels[r]);
      const T slope_of_other = static_cast<T>(gradient[at] - scales.of_row[r]);
      gradient[at] = x[at] == sums.max[r] ? slope_of_largest[r] : slope_of_other;
    }
  }
  for (std::size_t r = 0; r < block.rows(); ++r) {
    const T label_logit = in.label_logits == nullptr ? x[r * in.classes + static_cast<std::size_t>(labels[r])]
                                                     : in.label_logits[first + r];
    parts.rest[first % rows + r] = sums.rest[r];
    parts.offset[first % rows + r] = static_cast<double>(sums.max[r]) - static_cast<double>(label_logit);
    parts.weight[first % rows + r] = 1;
  }
}

// Soft labels: sum t_j (max - x_j) + sum(t) log1p(rest), of which every term is >= 0. A term with t_j = 0 is
// 0.
template <class T, class Block, std::size_t rows>
void soft_cross_entropy(const SoftmaxRows<T>& in, Block& block, std::size_t first, LossParts<rows>& parts) {
  constexpr std::size_t most_rows = Block::most_rows;
  RowSums<T, most_rows> sums;
  T* const e = in.gradient == nullptr ? nullptr : block.values(in.gradient + first * in.classes);
  if (e == nullptr) {
    block.template normalise<false>(sums, nullptr);
  } else {
    block.template normalise<true>(sums, e);
  }
  const T *const x = block.x(), *const t = block.labels(in.soft_labels + first * in.classes);
  // Halves: the difference of two finite logits may be too large for T.
  const Batch<T> max = block.of_row(sums.max), zero(T{0}), half(T{0.5}), half_max = half * max;

  enum { half_gaps, top, others };
  Accumulator<T> terms[3];
  add_up<T>(block.elements(), terms, [&](std::size_t j, auto count, Batch<T>(&out)[3]) {
    const Batch<T> label = load_some<Batch<T>>(t + j, count, T{0}),
                   logit = load_some<Batch<T>>(x + j, count, T{0});
    const auto is_largest = logit == max;
    out[half_gaps] = xsimd::select(label == zero, zero, label * (half_max - half * logit));
    out[top] = xsimd::select(is_largest, label, zero);
    out[others] = xsimd::select(is_largest, zero, label);
  });
  double half_gap[most_rows], top_label[most_rows], other_labels[most_rows];
  block.sum(terms[half_gaps], half_gap);
  block.sum(terms[top], top_label);
  block.sum(terms[others], other_labels);
  for (std::size_t r = 0; r < block.rows(); ++r) {
    parts.rest[first % rows + r] = sums.rest[r];
    parts.offset[first % rows + r] = 2 * half_gap[r];
    parts.weight[first % rows + r] = top_label[r] + other_labels[r];
  }
  if (e == nullptr) return;

  // p_j sum(t) - t_j. Where p may be near 1 that is p_k (sum of the other t) - t_k (1 - p_k).
  Factors<T, most_rows> factors;
  const Scales<T, most_rows> row_scales(in, first, block.rows());
  T scale[most_rows], top_logit[most_rows], top_slope[most_rows];
  for (std::size_t r = 0; r < most_rows; ++r) {
    const double row_scale = row_scales.of_row[r], total = top_label[r] + other_labels[r];
    const double back = total - top_label[r];
    const double total_low = (top_label[r] - (total - back)) + (other_labels[r] - back);
    const Precise inverse = inverse_of_1_plus(sums.rest[r]);
    scale[r] = static_cast<T>(row_scale);
    factors.set(r, inverse, row_scale * sums.scale[r], total, total_low);
    top_slope[r] =
        static_cast<T>(row_scale * inverse.value * (other_labels[r] - top_label[r] * sums.rest[r]));
    top_logit[r] = sums.ties[r] == 0 ? sums.max[r] : std::numeric_limits<T>::quiet_NaN();
  }
  if (!factors.round()) {
    multiply_rows(block, factors, e);
    for (std::size_t r = 0; r < most_rows; ++r) {
      factors.rounded[r] = 1;
      factors.low[r] = 0;
    }
  }
  const auto multiply = factors.multiplication(block);
  const Batch<T> scales = block.of_row(scale);
  const Batch<T> top_logits = block.of_row(top_logit), top_slopes = block.of_row(top_slope);
  for_each_batch<T>(block.elements(), [&](std::size_t j, auto count) {
    const Batch<T> label = load_some<Batch<T>>(t + j, count, T{0}),
                   logit = load_some<Batch<T>>(x + j, count, T{0});
    const Batch<T> slope = multiply(load_some<Batch<T>>(e + j, count, T{0}), -(scales * label));
    store_some(xsimd::select(logit == top_logits, top_slopes, slope), e + j, count);
  });
  block.write(e, in.gradient + first * in.classes);
}

template <class T>
void softmax_cross_entropy(const SoftmaxRows<T>& in) {
  constexpr std::size_t most_rows = 64;
  LossParts<most_rows> parts;
  const auto work = [&](auto& block, std::size_t first) {
    if (in.soft_labels == nullptr) {
      hard_cross_entropy(in, block, first, parts);
    } else {
      soft_cross_entropy(in, block, first, parts);
    }
  };
  const auto finish = [&](std::size_t first, std::size_t rows) {
    replace_by_log1p(parts.rest, rows);
    for (std::size_t r = 0; r < rows; ++r)
      in.losses[first + r] = parts.offset[r] + parts.weight[r] * parts.rest[r];
  };
  for_row_blocks<most_rows>(in.x, in.rows, in.classes, work, finish);
}

template <class T>
void work_labels(const T* given, const double* kept, const double* added, double mass, T* t, std::size_t n) {
  const Wide share(1 / mass), zero(0.0);
  for_each_batch<double>(n, [&](std::size_t j, auto count) {
    const Wide label = load_some<Wide>(given + j, count, T{0});
    const Wide own = xsimd::select(label == zero, zero, label * load_some<Wide>(kept + j, count, 0.0));
    store_some(multiply_add(load_some<Wide>(added + j, count, 0.0), share, own), t + j, count);
  });
}

}  // namespace
}  // namespace xtape::kernels
