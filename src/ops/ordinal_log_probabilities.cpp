// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <limits>

#include "arrays/format.hpp"
#include "kernels/exponential.hpp"
#include "kernels/logit_odds.hpp"
#include "kernels/sum.hpp"
#include "ops/ordinal_values.hpp"
#include "ops/rising.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/ordinal.hpp"

namespace xtape {
namespace {

using kernels::LogitOdds;
using kernels::Rounded;
using kernels::Sum;

constexpr double infinity = std::numeric_limits<double>::infinity();

// a - b
template <class T>
Rounded difference(double a, double b) {
  const double value = a - b;
  if (!kernels::is_double<T> || value == 0 || std::isinf(value)) return {value};
  return Rounded::sum(a, -b);
}

using Gap = OrdinalGap;

template <class T>
Gap gap_of(Rounded g) {
  if (g.value < 0.7) return {-std::log(-std::expm1(-g.nearest())), 1 / std::expm1(g.nearest())};
  Rounded e = kernels::is_double<T> ? kernels::exponential(-g.value) : Rounded{std::exp(-g.value)};
  if (g.low != 0) e.low -= g.value * g.low;
  return {-std::log1p(-e.nearest()), kernels::quotient<T>(e, kernels::one_minus(e)).nearest()};
}

// The odds that an outcome is below each end of the classes, of which the outermost are infinite. From them
// and the gap between,
//   s(a) - s(b) = s(a) s(-b) (1 - e^(b-a)),
// in which nothing is subtracted: the logarithm is a sum of numbers of one sign.
template <class T>
void write_odds(T score, ArrayView<const T> thresholds, LogitOdds* odds) {
  const std::size_t last = thresholds.size() + 1;
  odds[0] = kernels::logit_odds<T>({-infinity});
  for (std::size_t j = 1; j < last; ++j) {
    odds[j] = kernels::logit_odds<T>(difference<T>(thresholds[j - 1], score));
  }
  odds[last] = kernels::logit_odds<T>({infinity});
}

// d y_k / dx = s(b) - s(-a) at the ends a and b of class k. Of a class in the middle that is a difference,
// s(b) s(a) (1 - e^-(a+b)), or the same of -a and -b with the other sign.
template <class T>
double slope(T score, ArrayView<const T> thresholds, const LogitOdds* odds, std::size_t k) {
  const LogitOdds &below = odds[k], &above = odds[k + 1];
  if (k == 0 || k == thresholds.size()) return below.yes.nearest() - above.no.nearest();  // one of them is 0
  Sum<double> sum;
  for (const T term : {thresholds[k - 1], thresholds[k], -score, -score}) sum.add(term);
  const double a_plus_b = sum.value();
  if (a_plus_b < 0) return above.no.nearest() * below.no.nearest() * std::expm1(a_plus_b);
  return -above.yes.nearest() * below.yes.nearest() * std::expm1(-a_plus_b);
}

// How many scores there are, how many of them are worked on together, and the gaps of the classes.
struct OrdinalRows {
  std::size_t count, per_block;
  ArrayView<Gap> gaps;

  std::size_t classes() const { return gaps.size(); }
  std::size_t blocks() const { return (count + per_block - 1) / per_block; }
};

template <class T>
void write_values(const OrdinalRows& rows, const T* scores, ArrayView<const T> thresholds, T* y) {
  const std::size_t classes = rows.classes();
  write_ordinal_gaps(thresholds, rows.gaps.data());
  parallel_for_ranges(rows.count, rows.per_block, [&](std::size_t begin, std::size_t end) {
    Workspace workspace;
    LogitOdds* const odds = workspace.take<LogitOdds>(classes + 1);
    for (std::size_t row = begin; row < end; ++row)
      write_ordinal_row(scores[row], thresholds, rows.gaps.data(), odds, y + row * classes);
  });
}

// The gradients: `dx` is null where nobody needs that of the scores, `dthresholds`, with a sum for each
// threshold, where nobody needs those.
template <class T>
struct OrdinalGradients {
  const T* scores;
  ArrayView<const T> thresholds;
  const Gap* gaps;
  const T* dy;
  T* dx;
  bool first;

  // Those of row `row`.
  void add(std::size_t row, LogitOdds* odds, Sum<T>* dthresholds) const {
    const std::size_t classes = thresholds.size() + 1;
    const T score = scores[row], *const dy_of_row = dy + row * classes;
    const bool counts = std::any_of(dy_of_row, dy_of_row + classes, [](T part) { return part != 0; });
    if (counts) write_odds(score, thresholds, odds);
    Sum<T> sum;
    for (std::size_t k = 0; counts && k < classes; ++k) {
      const double part = dy_of_row[k];
      if (part == 0) continue;
      if (dx != nullptr) sum.add(part * slope(score, thresholds, odds, k));
      if (dthresholds == nullptr) continue;
      if (k + 1 < classes) dthresholds[k].add(part * (odds[k + 1].no.nearest() + gaps[k].growth));
      if (k > 0) dthresholds[k - 1].add(-part * (odds[k].yes.nearest() + gaps[k].growth));
    }
    if (dx != nullptr) dx[row] = static_cast<T>(first ? sum.value() : dx[row] + sum.value());
  }
};

template <class T>
void contribute(const OrdinalRows& rows, Backward<T>& b) {
  const bool needs_dx = b.needs_grad(0), needs_dthresholds = b.needs_grad(1);
  const Contribution<T> dx = needs_dx ? b.contribution(0) : Contribution<T>{{}, false};
  const OrdinalGradients<T> gradients{b.input(0).data(),
                                      b.input(1),
                                      rows.gaps.data(),
                                      b.output_grad().data(),
                                      needs_dx ? dx.grad.data() : nullptr,
                                      dx.first};
  const std::size_t thresholds = rows.classes() - 1;
  Workspace workspace;
  Sum<T>* const sums = workspace.take<Sum<T>>(rows.blocks() * thresholds);
  std::fill_n(sums, rows.blocks() * thresholds, Sum<T>());
  parallel_for_ranges(rows.count, rows.per_block, [&](std::size_t begin, std::size_t end) {
    Workspace of_block;
    LogitOdds* const odds = of_block.take<LogitOdds>(rows.classes() + 1);
    Sum<T>* const sums_of_block = needs_dthresholds ? sums + begin / rows.per_block * thresholds : nullptr;
    for (std::size_t row = begin; row < end; ++row) gradients.add(row, odds, sums_of_block);
  });
  if (!needs_dthresholds) return;
  const ArrayView<T> dthresholds = b.input_grad(1);
  for (std::size_t j = 0; j < thresholds; ++j) {
    Sum<T> sum;
    sum.add(dthresholds[j]);
    for (std::size_t block = 0; block < rows.blocks(); ++block)
      sum.add(sums[block * thresholds + j].rounded());
    dthresholds[j] = static_cast<T>(sum.value());
  }
}

template <class T>
Variable<T> record(const char* name, Variable<T> scores, Variable<T> thresholds) {
  const std::size_t classes = thresholds.size() + 1;
  Shape shape = scores.shape();
  shape.append(classes);

  Recording<T> op(name, {scores, thresholds});
  const ArrayView<T> y = op.output(shape);
  const OrdinalRows rows{scores.size(), std::max<std::size_t>(1, exponentials_per_block / classes),
                         op.template save<Gap>({classes})};
  write_values(rows, scores.data(), thresholds.values(), y.data());

  return op.finish([rows](Backward<T>& b) { contribute(rows, b); });
}

}  // namespace

template <class T>
void require_rising(const char* function, ArrayView<const T> thresholds) {
  if (thresholds.shape().rank() != 1) {
    fail<ShapeError>("{}: thresholds must have one axis, shape (classes - 1), got {}", function,
                     thresholds.shape());
  }
  for (std::size_t j = 1; j < thresholds.size(); ++j) {
    if (!(thresholds[j] <= thresholds[j - 1])) continue;
    fail<ValueError>(
        "{}: thresholds must rise, got {} at thresholds[{}] and {} at thresholds[{}]; nn::Ordinal keeps them "
        "apart",
        function, thresholds[j - 1], j - 1, thresholds[j], j);
  }
}

template void require_rising(const char*, ArrayView<const float>);
template void require_rising(const char*, ArrayView<const double>);

template <class T>
void write_ordinal_gaps(ArrayView<const T> thresholds, OrdinalGap* gaps) {
  const std::size_t classes = thresholds.size() + 1;
  for (std::size_t k = 1; k + 1 < classes; ++k)
    gaps[k] = gap_of<T>(difference<T>(thresholds[k], thresholds[k - 1]));
  gaps[0] = gaps[classes - 1] = {};
}

template <class T>
void write_ordinal_row(T score, ArrayView<const T> thresholds, const OrdinalGap* gaps, LogitOdds* odds,
                       T* y) {
  write_odds(score, thresholds, odds);
  for (std::size_t k = 0; k < thresholds.size() + 1; ++k)
    y[k] = static_cast<T>(-(odds[k + 1].nats_yes + odds[k].nats_no + gaps[k].nats));
}

template void write_ordinal_gaps(ArrayView<const float>, OrdinalGap*);
template void write_ordinal_gaps(ArrayView<const double>, OrdinalGap*);
template void write_ordinal_row(float, ArrayView<const float>, const OrdinalGap*, LogitOdds*, float*);
template void write_ordinal_row(double, ArrayView<const double>, const OrdinalGap*, LogitOdds*, double*);

#pragma GCC visibility push(default)

template <class T>
Variable<T> ordinal_log_probabilities(Variable<T> scores, Variable<T> thresholds) {
  const char* const name = "ordinal_log_probabilities";
  require_rising<T>(name, thresholds.values());
  if (scores.shape().rank() == Shape::max_rank) {
    fail<ShapeError>("{}: scores must leave an axis for the classes, at most {} axes, got {}", name,
                     Shape::max_rank - 1, scores.shape());
  }
  return record(name, scores, thresholds);
}

template Variable<float> ordinal_log_probabilities(Variable<float>, Variable<float>);
template Variable<double> ordinal_log_probabilities(Variable<double>, Variable<double>);

#pragma GCC visibility pop
}  // namespace xtape
