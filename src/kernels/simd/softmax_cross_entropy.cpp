// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/cross_entropy_kernels.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_factors.hpp"

namespace xtape::kernels {
namespace {

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

// The class indices of a block of rows, and the logits of these classes. Rows that a block lacks are like the
// last.
template <class T, std::size_t most_rows>
struct BlockLabels {
  std::size_t label[most_rows];
  T logit[most_rows];

  XTAPE_INLINE BlockLabels(const SoftmaxRows<T>& in, std::size_t first, std::size_t rows) {
    for (std::size_t i = 0; i < most_rows; ++i) {
      const std::size_t row = first + (i < rows ? i : rows - 1);
      label[i] = static_cast<std::size_t>(in.labels[row]);
      logit[i] = in.x[row * in.classes + label[i]];
    }
  }
};

// Class indices: (max - x_y) + log1p(rest). The gradient is p - onehot(y): p_y - 1 is exact enough where p_y
// <= 1/2; for the largest it is -rest / (1 + rest), never a difference.
template <class T, class Block, std::size_t rows>
void hard_cross_entropy(const SoftmaxRows<T>& in, Block& block, std::size_t first, LossParts<rows>& parts) {
  constexpr std::size_t most_rows = Block::most_rows;
  const BlockLabels<T, most_rows> labels(in, first, block.rows());
  T* const gradient = in.gradient == nullptr ? nullptr : in.gradient + first * in.classes;
  T* const e = gradient == nullptr ? nullptr : block.values(gradient);
  RowSums<T, most_rows> sums;
  if (e == nullptr) {
    block.template normalise<false>(sums, nullptr);
  } else {
    block.template normalise<true>(sums, e);
  }

  T of_label[most_rows];
  for (std::size_t r = 0; r < most_rows; ++r) of_label[r] = labels.logit[r];
  for (std::size_t r = 0; r < block.rows() && in.label_logits != nullptr; ++r)
    of_label[r] = in.label_logits[first + r];
  for_rows<most_rows>([&]<class D>(std::size_t r, D) {
    store_rows(load_rows<D>(sums.rest + r), parts.rest + first % rows + r);
    store_rows(load_rows<D>(sums.max + r) - load_rows<D>(of_label + r), parts.offset + first % rows + r);
    store_rows(D(1.0), parts.weight + first % rows + r);
  });
  if (e == nullptr) return;

  Factors<T, most_rows> factors;
  const Scales<T, most_rows> scales(in, first, block.rows());
  T slope_of_largest[most_rows];
  for_rows<most_rows>([&]<class D>(std::size_t r, D) {
    const D row_scale = load_rows<D>(scales.of_row + r), rest = load_rows<D>(sums.rest + r);
    const Precise<D> inverse = inverse_of_1_plus<T>(rest);
    factors.set(r, inverse, row_scale * load_rows<D>(sums.scale + r));
    store_rows(-row_scale * (rest * inverse.value), slope_of_largest + r);
  });
  factors.round(e, block.elements());
  block.write_slopes(labels, sums.max, slope_of_largest, scales.of_row, factors, e, gradient);
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
  for_rows<most_rows>([&]<class D>(std::size_t r, D) {
    store_rows(load_rows<D>(sums.rest + r), parts.rest + first % rows + r);
    store_rows(D(2.0) * load_rows<D>(half_gap + r), parts.offset + first % rows + r);
    store_rows(load_rows<D>(top_label + r) + load_rows<D>(other_labels + r), parts.weight + first % rows + r);
  });
  if (e == nullptr) return;

  // p_j sum(t) - t_j. Where p may be near 1 that is p_k (sum of the other t) - t_k (1 - p_k).
  Factors<T, most_rows> factors;
  const Scales<T, most_rows> row_scales(in, first, block.rows());
  T scale[most_rows], top_logit[most_rows], top_slope[most_rows];
  for_rows<most_rows>([&]<class D>(std::size_t r, D) {
    const D row_scale = load_rows<D>(row_scales.of_row + r), rest = load_rows<D>(sums.rest + r);
    const D of_top = load_rows<D>(top_label + r), of_others = load_rows<D>(other_labels + r);
    const D total = of_top + of_others, back = total - of_top;
    const D total_low = (of_top - (total - back)) + (of_others - back);
    const Precise<D> inverse = inverse_of_1_plus<T>(rest);
    factors.set(r, inverse, row_scale * load_rows<D>(sums.scale + r), total, total_low);
    store_rows(row_scale, scale + r);
    store_rows(row_scale * inverse.value * (of_others - of_top * rest), top_slope + r);
    const D no_logit(std::numeric_limits<double>::quiet_NaN());
    const auto is_alone = load_rows<D>(sums.ties + r) == D(0.0);
    store_rows(where(is_alone, load_rows<D>(sums.max + r), no_logit), top_logit + r);
  });
  factors.round(e, block.elements());
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
    for_each_batch<double>(rows, [&](std::size_t r, auto count) {
      const Wide rest = load_some<Wide>(parts.rest + r, count, 0.0);
      const Wide log_rest = log1p_of_positive<PrecisionOf<T>>(rest);
      const Wide offset = load_some<Wide>(parts.offset + r, count, 0.0);
      store_some(multiply_add(load_some<Wide>(parts.weight + r, count, 0.0), log_rest, offset),
                 in.losses + first + r, count);
    });
  };
  for_row_blocks<most_rows>(in.x, in.rows, in.classes, work, finish);
}

}  // namespace

XTAPE_KERNEL(SoftmaxCrossEntropy, softmax_cross_entropy<T>);

}  // namespace xtape::kernels
