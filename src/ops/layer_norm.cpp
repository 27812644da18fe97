// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <span>

#include "arrays/format.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/kernel.hpp"
#include "kernels/standardise_rows_kernels.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/normalization.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

using kernels::kernel;
using kernels::Standard;
using kernels::StandardiseRows;

struct Rows {
  std::size_t count, length;
};

Rows check(const Shape& x, const Shape& normalized, const LayerNormOptions& options) {
  const bool fits = normalized.rank() > 0 && normalized.rank() <= x.rank() &&
                    std::equal(normalized.begin(), normalized.end(), x.end() - normalized.rank());
  if (!fits) {
    fail<ShapeError>("layer_norm: the last axes of x must have the shape that is normalized, {}, got x {}",
                     normalized, x);
  }
  if (!(options.epsilon >= 0) || std::isinf(options.epsilon))
    fail<ArgumentError>("layer_norm: epsilon must be a finite number from 0, got {}", options.epsilon);
  return {Shape(x.begin(), x.end() - normalized.rank()).elements(), normalized.elements()};
}

// Calls work(first row, rows, where they begin) for all rows that have elements, `range` at a time, on
// several threads if there are many.
template <class Work>
void for_some_rows_of(const Rows& rows, std::size_t range, Work work) {
  if (rows.length == 0) return;
  parallel_for_ranges(rows.count, range, [&](std::size_t begin, std::size_t end) {
    work(begin, end - begin, begin * rows.length);
  });
}
std::size_t rows_worth_a_thread(const Rows& rows) {
  return std::max<std::size_t>(1, exponentials_per_block / std::max<std::size_t>(1, rows.length));
}

// dweight = dy z and dbias = dy, summed over the rows, with z = x standardised: the sums of each range of
// rows at first.
template <class T>
class ParameterGradients {
 public:
  ParameterGradients(const Rows& rows, std::size_t range)
      : length_(rows.length),
        range_(range),
        ranges_((rows.count + range - 1) / range),
        sums_(workspace_.take<double>(ranges_ * of_range())) {
    std::fill_n(sums_, ranges_ * of_range(), 0.0);
  }

  // Of rows that a range begins with.
  void add(const T* x, const T* dy, std::size_t first_row, std::size_t rows, const Standard* standards) {
    double* const g = sums_ + first_row / range_ * of_range();
    double* const gz = g + 2 * length_;
    kernel<StandardiseRows, T>().add_slopes(x, dy, {rows, length_, length_}, standards, {g, g + length_},
                                            {gz, gz + length_});
  }

  void take_totals(const Contribution<T>& dweight, const Contribution<T>& dbias) const {
    take_total(2 * length_, dweight);
    take_total(0, dbias);
  }

 private:
  std::size_t of_range() const { return 4 * length_; }

  void take_total(std::size_t offset, const Contribution<T>& to) const {
    if (to.grad.empty()) return;
    for (std::size_t i = 0; i < length_; ++i) {
      kernels::Sum<T> total;
      for (std::size_t r = 0; r < ranges_; ++r) {
        const double* const sum = sums_ + r * of_range() + offset + i;
        total.add(kernels::sum_with_error(sum[0], sum[length_]));
      }
      to.grad[i] = static_cast<T>(to.first ? total.value() : to.grad[i] + total.value());
    }
  }

  Workspace workspace_;
  std::size_t length_, range_, ranges_;
  double* sums_;
};

template <class T>
Variable<T> record(Variable<T> x, const Variable<T>* weight, const Variable<T>* bias, const Shape& normalized,
                   const LayerNormOptions& options) {
  const Rows rows = check(x.shape(), normalized, options);
  if (bias != nullptr && bias->shape() != normalized) {
    fail<ShapeError>("layer_norm: bias must have the shape of weight {}, got {}", normalized, bias->shape());
  }
  const Variable<T> inputs[] = {x, weight == nullptr ? x : *weight, bias == nullptr ? x : *bias};
  const std::size_t count = weight == nullptr ? 1 : bias == nullptr ? 2 : 3;
  Recording<T> op("layer_norm", std::span(inputs, count));
  const ArrayView<T> y = op.output(x.shape());
  const ArrayView<Standard> standards = op.template save<Standard>(Shape{rows.count});
  const T *const factors = weight == nullptr ? nullptr : weight->data(), *const shifts = bias == nullptr
                                                                                             ? nullptr
                                                                                             : bias->data();
  for_some_rows_of(rows, rows_worth_a_thread(rows), [&](std::size_t row, std::size_t some, std::size_t at) {
    kernel<StandardiseRows, T>().value(x.data() + at, some, rows.length, options.epsilon, factors, shifts,
                                       &standards[row], y.data() + at);
  });

  return op.finish([rows, standards, count](Backward<T>& b) {
    const T *const in = b.input(0).data(), *const dy = b.output_grad().data();
    const auto part_of = [&](std::size_t i) {
      return i < count && b.needs_grad(i) ? b.contribution(i) : Contribution<T>{{}, false};
    };
    // dx = (g - mean of g - z mean of g z) / deviation, with g = dy weight
    const Contribution<T> dx = part_of(0), dweight = part_of(1), dbias = part_of(2);
    const T* const factors = count > 1 ? b.input(1).data() : nullptr;
    const bool have_parameters = !dweight.grad.empty() || !dbias.grad.empty();
    constexpr std::size_t fewest = 64;  // of which the sums are little beside the rows
    const std::size_t range = std::max(rows_worth_a_thread(rows), fewest);
    ParameterGradients<T> parameters(have_parameters ? rows : Rows{0, 0}, range);
    for_some_rows_of(rows, range, [&](std::size_t row, std::size_t some, std::size_t at) {
      if (!dx.grad.empty())
        kernel<StandardiseRows, T>().gradient(in + at, dy + at, some, rows.length, &standards[row], factors,
                                              dx.grad.data() + at, dx.first);
      if (have_parameters) parameters.add(in + at, dy + at, row, some, &standards[row]);
    });
    parameters.take_totals(dweight, dbias);
  });
}

}  // namespace

template <class T>
Variable<T> layer_norm(Variable<T> x, Variable<T> weight, Variable<T> bias, const LayerNormOptions& options) {
  return record(x, &weight, &bias, weight.shape(), options);
}

template <class T>
Variable<T> layer_norm(Variable<T> x, Variable<T> weight, const LayerNormOptions& options) {
  return record<T>(x, &weight, nullptr, weight.shape(), options);
}

template <class T>
Variable<T> layer_norm(Variable<T> x, const Shape& normalized_shape, const LayerNormOptions& options) {
  return record<T>(x, nullptr, nullptr, normalized_shape, options);
}

template Variable<float> layer_norm(Variable<float>, Variable<float>, Variable<float>,
                                    const LayerNormOptions&);
template Variable<float> layer_norm(Variable<float>, Variable<float>, const LayerNormOptions&);
template Variable<float> layer_norm(Variable<float>, const Shape&, const LayerNormOptions&);
template Variable<double> layer_norm(Variable<double>, Variable<double>, Variable<double>,
                                     const LayerNormOptions&);
template Variable<double> layer_norm(Variable<double>, Variable<double>, const LayerNormOptions&);
template Variable<double> layer_norm(Variable<double>, const Shape&, const LayerNormOptions&);

}  // namespace xtape
#pragma GCC visibility pop
