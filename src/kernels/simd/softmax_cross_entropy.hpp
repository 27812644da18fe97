// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/softmax_rows.hpp"

namespace xtape::kernels {
namespace {

// e[j] becomes T(e[j] factor), also where the factor is no normal number of type T.
template <class T, class Block>
void multiply_rows(const Block& block, const double* factors, T* e) {
  T rounded[Block::most_rows];
  int abnormal = 0;
  for (std::size_t r = 0; r < Block::most_rows; ++r) {
    rounded[r] = static_cast<T>(factors[r]);
    const T magnitude = rounded[r] < 0 ? -rounded[r] : rounded[r];
    abnormal |= (magnitude < std::numeric_limits<T>::min()) & (factors[r] != 0);
  }
  if (abnormal != 0) {
    for (std::size_t i = 0; i < block.elements(); ++i) {
      const double factor = factors[i % Block::most_rows];
      e[i] = static_cast<T>(static_cast<double>(e[i]) * factor);
    }
    return;
  }
  const Batch<T> factor = block.of_row(rounded);
  for_each_batch<T>(block.elements(), [&](std::size_t j, auto count) {
    store_some(load_some<Batch<T>>(e + j, count, T{0}) * factor, e + j, count);
  });
}

// 1 / (1 + rest), also of the part of the sum that is lost when it is rounded.
inline double inverse_of_1_plus(double rest) {
  const double sum = 1 + rest;
  const double lost = rest > 1 ? (rest - sum) + 1 : (1 - sum) + rest;
  const double inverse = 1 / sum;
  return inverse - inverse * (lost * inverse);
}

// Turns p, times the scales, into the gradient p - onehot(y).
template <class T, class Block, std::size_t most_rows>
void subtract_labels(const SoftmaxRows<T>& in, const Block& block, std::size_t first,
                     const RowSums<T, most_rows>& sums, const double (&inverse)[most_rows],
                     const double (&scale)[most_rows], T* p) {
  std::size_t at[most_rows] = {};
  T logit[most_rows], p_label[most_rows], slope[most_rows];
  for (std::size_t r = 0; r < block.rows(); ++r) {
    at[r] = static_cast<std::size_t>(in.labels[first + r]) * most_rows + r;
  }
  for (std::size_t r = 0; r < most_rows; ++r) {
    logit[r] = block.x()[at[r]];
    p_label[r] = p[at[r]];
  }
  // p_y - 1 is exact enough where p_y <= 1/2; 1 - p is never a difference for the largest.
  for (std::size_t r = 0; r < most_rows; ++r) {
    const double of_largest = -scale[r] * (sums.rest[r] * inverse[r]), of_others = p_label[r] - scale[r];
    slope[r] = static_cast<T>(logit[r] == sums.max[r] ? of_largest : of_others);
  }
  for (std::size_t r = 0; r < block.rows(); ++r) p[at[r]] = slope[r];
}

// What multiplies the gradients of the rows of a block.
template <class T>
double scale_of(const SoftmaxRows<T>& in, std::size_t row) {
  return in.scales == nullptr ? in.scale : in.scales[row];
}

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
  RowSums<T, Block::most_rows> sums;
  if (in.gradient == nullptr) {
    block.template normalise<false>(sums, nullptr);
  } else {
    T* const gradient = in.gradient + first * in.classes;
    T* const e = block.values(gradient);
    block.template normalise<true>(sums, e);
    double scale[Block::most_rows] = {}, inverse[Block::most_rows], factor[Block::most_rows];
    for (std::size_t r = 0; r < block.rows(); ++r) scale[r] = scale_of(in, first + r);
    for (std::size_t r = 0; r < Block::most_rows; ++r) {
      inverse[r] = inverse_of_1_plus(sums.rest[r]);
      factor[r] = inverse[r] * scale[r] * sums.scale[r];
    }
    multiply_rows(block, factor, e);
    subtract_labels(in, block, first, sums, inverse, scale, e);
    block.write(e, gradient);
  }
  for (std::size_t r = 0; r < block.rows(); ++r) {
    parts.rest[first % rows + r] = sums.rest[r];
    parts.offset[first % rows + r] =
        static_cast<double>(sums.max[r]) - static_cast<double>(in.label_logits[first + r]);
    parts.weight[first % rows + r] = 1;
  }
}

// Soft labels: sum t_j (max - x_j) + sum(t) log1p(rest), of which every term is >= 0. A term with t_j = 0 is
// 0.
template <class T, class Block, std::size_t rows>
void soft_cross_entropy(const SoftmaxRows<T>& in, Block& block, std::size_t first, LossParts<rows>& parts) {
  constexpr std::size_t most_rows = Block::most_rows;
  RowSums<T, most_rows> sums;
  T* const gradient = in.gradient == nullptr ? nullptr : in.gradient + first * in.classes;
  T* const e = block.values(gradient);
  if (gradient == nullptr) {
    block.template normalise<false>(sums, nullptr);
  } else {
    block.template normalise<true>(sums, e);
  }
  const T* const x = block.x();
  const T* const t = block.labels(in.soft_labels + first * in.classes);
  const Batch<T> max = block.of_row(sums.max), zero(T{0});

  enum { gaps, top, others };
  Accumulator<T> terms[3];
  add_up<T>(block.elements(), terms, [&](std::size_t j, auto count, Batch<T>(&out)[3]) {
    const Batch<T> label = load_some<Batch<T>>(t + j, count, T{0}),
                   logit = load_some<Batch<T>>(x + j, count, T{0});
    const auto is_largest = logit == max;
    out[gaps] = xsimd::select(label == zero, zero, label * (max - logit));
    out[top] = xsimd::select(is_largest, label, zero);
    out[others] = xsimd::select(is_largest, zero, label);
  });
  double gap[most_rows], top_label[most_rows], other_labels[most_rows];
  block.sum(terms[gaps], gap);
  block.sum(terms[top], top_label);
  block.sum(terms[others], other_labels);
  for (std::size_t r = 0; r < block.rows(); ++r) {
    parts.rest[first % rows + r] = sums.rest[r];
    parts.offset[first % rows + r] = gap[r];
    parts.weight[first % rows + r] = top_label[r] + other_labels[r];
  }
  if (gradient == nullptr) return;

  // p_j sum(t) - t_j. Where p may be near 1 that is p_k (sum of the other t) - t_k (1 - p_k).
  double factor[most_rows];
  T scale[most_rows] = {}, top_logit[most_rows], top_slope[most_rows];
  for (std::size_t r = 0; r < most_rows; ++r) {
    const double row_scale = r < block.rows() ? scale_of(in, first + r) : 0,
                 inverse = inverse_of_1_plus(sums.rest[r]);
    scale[r] = static_cast<T>(row_scale);
    factor[r] = (top_label[r] + other_labels[r]) * inverse * row_scale * sums.scale[r];
    top_slope[r] = static_cast<T>(row_scale * inverse * (other_labels[r] - top_label[r] * sums.rest[r]));
    top_logit[r] = sums.ties[r] == 0 ? sums.max[r] : std::numeric_limits<T>::quiet_NaN();
  }
  multiply_rows(block, factor, e);
  const Batch<T> scales = block.of_row(scale), top_logits = block.of_row(top_logit),
                 top_slopes = block.of_row(top_slope);
  for_each_batch<T>(block.elements(), [&](std::size_t j, auto count) {
    const Batch<T> label = load_some<Batch<T>>(t + j, count, T{0}),
                   logit = load_some<Batch<T>>(x + j, count, T{0});
    const Batch<T> slope = load_some<Batch<T>>(e + j, count, T{0}) - scales * label;
    store_some(xsimd::select(logit == top_logits, top_slopes, slope), e + j, count);
  });
  block.write(e, gradient);
}

template <class T>
void softmax_cross_entropy(const SoftmaxRows<T>& in) {
  constexpr std::size_t most_rows = 64;
  LossParts<most_rows> parts;
  for_row_blocks<most_rows>(
      in.x, in.rows, in.classes,
      [&](auto& block, std::size_t first) {
        if (in.soft_labels == nullptr) {
          hard_cross_entropy(in, block, first, parts);
        } else {
          soft_cross_entropy(in, block, first, parts);
        }
      },
      [&](std::size_t first, std::size_t rows) {
        replace_by_log1p(parts.rest, rows);
        for (std::size_t r = 0; r < rows; ++r) {
          in.losses[first + r] = parts.offset[r] + parts.weight[r] * parts.rest[r];
        }
      });
}

}  // namespace
}  // namespace xtape::kernels
