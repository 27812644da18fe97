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

// The losses of rows: offset + weight log1p(rest). Those of single rows wait until there are some logarithms
// to take together.
template <class T>
class RowLosses {
 public:
  static constexpr std::size_t most_waiting = 64;

  explicit RowLosses(double* losses) : losses_(losses) {}

  // Of row r, or of a batch of rows from r on, of which `count` are there.
  XTAPE_INLINE void add(std::size_t r, std::size_t, double rest, double offset, double weight) {
    if (waiting_ == 0) first_ = r;
    rest_[waiting_] = rest;
    offset_[waiting_] = offset;
    weight_[waiting_++] = weight;
  }
  XTAPE_INLINE void add(std::size_t r, std::size_t count, Wide rest, Wide offset, Wide weight) {
    write(r, count, multiply_add(weight, log1p_of_positive<PrecisionOf<T>>(rest), offset));
  }

  // Of a batch of rows as well.
  XTAPE_INLINE void write(std::size_t r, std::size_t count, Wide loss) {
    all_are_numbers_ &= xsimd::all(loss == loss);
    if (count >= lanes<double>) {
      store(loss, losses_ + r);
    } else {
      store_some(loss, losses_ + r, count);
    }
  }

  void add_waiting() {
    for_each_batch<double>(waiting_, [&](std::size_t r, auto count) {
      add(first_ + r, waiting_ - r, load_some<Wide>(rest_ + r, count, 0.0),
          load_some<Wide>(offset_ + r, count, 0.0), load_some<Wide>(weight_ + r, count, 0.0));
    });
    waiting_ = 0;
  }

  bool all_are_numbers() const { return all_are_numbers_; }

 private:
  double* losses_;
  bool all_are_numbers_ = true;
  std::size_t first_ = 0, waiting_ = 0;
  double rest_[most_waiting], offset_[most_waiting], weight_[most_waiting];
};

template <class Block>
std::size_t rows_from(const Block& block, std::size_t r) {
  return block.rows() > r ? block.rows() - r : 0;
}

// Class indices: (max - x_y) + log1p(rest). The gradient is p - onehot(y): p_y - 1 is exact enough where p_y
// <= 1/2; for the largest it is -rest / (1 + rest), never a difference.
template <bool gradient, class T, class Block, std::size_t most_rows>
void hard_cross_entropy(const SoftmaxRows<T>& in, Block& block, const RowSums<T, most_rows>& sums,
                        std::size_t first, RowLosses<T>& losses) {
  const auto classes = block.classes(in.labels + first);
  T* const destination = gradient ? in.gradient + first * in.classes : nullptr;
  T* const e = block.values(destination);
  T logit[most_rows], of_label[most_rows], given_logit[most_rows];
  block.template pick<gradient>(classes, e, logit, of_label);
  for (std::size_t r = 0; r < block.rows() && in.label_logits != nullptr; ++r)
    given_logit[r] = in.label_logits[first + r];
  const T* const label_logits = in.label_logits == nullptr ? logit : given_logit;
  for_rows<most_rows>([&]<class D>(std::size_t r, D) {
    losses.add(first + r, rows_from(block, r), load_rows<D>(sums.rest + r),
               load_rows<D>(sums.max + r) - load_rows<D>(label_logits + r), D(1.0));
  });
  if constexpr (!gradient) return;

  double slope[most_rows];
  Factors<T, most_rows> factors;
  const Scales<T, most_rows> scales(in, first, block.rows());
  for_rows<most_rows>([&]<class D>(std::size_t r, D) {
    const D scale = load_rows<D>(scales.of_row + r), rest = load_rows<D>(sums.rest + r);
    const Precise<D> inverse = inverse_of_1_plus<T>(rest);
    factors.set(r, inverse, scale * load_rows<D>(sums.scale + r));
    const D of_other = factors.product(r, load_rows<D>(of_label + r)) - scale;
    const auto is_largest = load_rows<D>(logit + r) == load_rows<D>(sums.max + r);
    store_rows(where(is_largest, -scale * (rest * inverse.value), of_other), slope + r);
  });
  factors.round(e, block.elements());
  block.write_slopes(classes, slope, factors, e, destination);
}

// Class indices of two classes: with d = x_other - x_y, which doubles hold exactly enough, the loss is max(d,
// 0) + log1p(e^-|d|), and the slopes are 1 / (1 + e^-d) and its negative. Where d is not finite the loss is
// NaN.
template <bool gradient>
void hard_cross_entropy_of_two(const SoftmaxRows<float>& in, std::size_t first, RowLosses<float>& losses) {
  constexpr std::size_t together = lanes<float>;
  const std::size_t left = in.rows - first, rows = left < together ? left : together;
  float logits[2 * together], slopes[2 * together];
  double classes[together];
  rows_to_lanes(in.x + 2 * first, 2, rows, 2, logits);
  write_classes<together>(in.labels + first, rows, classes);
  const Scales<float, together> scales(in, first, rows);
  const Wide zero(0.0), one(1.0);
  for (std::size_t r = 0; r < rows; r += lanes<double>) {
    const Wide sign = multiply_add(Wide(-2.0), load<Wide>(classes + r), one);
    const Wide d = sign * (load<Wide>(logits + together + r) - load<Wide>(logits + r));
    const Wide e = decay<Single>(d), log = log1p_of_fraction<Single>(e);
    losses.write(first + r, rows - r, at_least(zero, d) + log + (d - d));
    if constexpr (!gradient) continue;
    const Wide slope = sign * load<Wide>(scales.of_row + r) * (xsimd::select(d > zero, one, e) / (one + e));
    store(-slope, slopes + r);
    store(slope, slopes + together + r);
  }
  if constexpr (gradient) lanes_to_rows<2>(slopes, rows, 2, in.gradient + 2 * first);
}

// Soft labels: sum t_j (max - x_j) + sum(t) log1p(rest), of which every term is >= 0. A term with t_j = 0 is
// 0.
template <bool gradient, class T, class Block, std::size_t most_rows>
void soft_cross_entropy(const SoftmaxRows<T>& in, Block& block, const RowSums<T, most_rows>& sums,
                        std::size_t first, RowLosses<T>& losses) {
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
    losses.add(first + r, rows_from(block, r), load_rows<D>(sums.rest + r),
               D(2.0) * load_rows<D>(half_gap + r),
               load_rows<D>(top_label + r) + load_rows<D>(other_labels + r));
  });
  if constexpr (!gradient) return;

  T* const e = block.values(in.gradient + first * in.classes);
  // p_j sum(t) - t_j. Where p may be near 1 that is p_k (sum of the other t) - t_k (1 - p_k).
  Factors<T, most_rows> factors;
  const Scales<T, most_rows> row_scales(in, first, block.rows());
  double scale[most_rows], top_logit[most_rows], top_slope[most_rows];
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

template <bool gradient, class T>
bool softmax_cross_entropy(const SoftmaxRows<T>& in) {
  RowLosses<T> losses(in.losses);
  if constexpr (sizeof(T) == 4) {
    if (in.classes == 2 && in.soft_labels == nullptr && in.label_logits == nullptr) {
      for (std::size_t first = 0; first < in.rows; first += lanes<T>)
        hard_cross_entropy_of_two<gradient>(in, first, losses);
      return losses.all_are_numbers();
    }
  }
  const auto work = [&](auto& block, const auto& sums, std::size_t first) {
    if (in.soft_labels == nullptr) {
      hard_cross_entropy<gradient>(in, block, sums, first, losses);
    } else {
      soft_cross_entropy<gradient>(in, block, sums, first, losses);
    }
  };
  for_row_blocks<RowLosses<T>::most_waiting, gradient>(
      in.x, in.rows, in.classes, in.gradient, work, [&](std::size_t, std::size_t) { losses.add_waiting(); });
  return losses.all_are_numbers();
}

template <class T>
bool softmax_cross_entropy(const SoftmaxRows<T>& in) {
  return in.gradient == nullptr ? softmax_cross_entropy<false>(in) : softmax_cross_entropy<true>(in);
}

}  // namespace

XTAPE_KERNEL(SoftmaxCrossEntropy, softmax_cross_entropy<T>);

}  // namespace xtape::kernels
