// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/temperature.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "arrays/format.hpp"
#include "arrays/index_range.hpp"
#include "arrays/multi_index.hpp"
#include "kernels/logistic.hpp"
#include "kernels/softmax.hpp"
#include "kernels/sum.hpp"
#include "metrics/labelled_scores.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::metrics {
namespace {

// Below, b is 1 / temperature, x the logits of a row, d = x - max(x) and y its true class. Its log loss is
// log(sum over c of exp(b d_c)) - b d_y.

// The first two derivatives by b of a log loss.
struct Slopes {
  double first;   // E[d] - d_y, under the probabilities softmax(b x)
  double second;  // Var[d]
};

Slopes slopes_of_row(const double* x, std::size_t classes, std::size_t y, double b) {
  const double max = *std::max_element(x, x + classes);
  kernels::Sum<double> mass, first, second;
  for (std::size_t c = 0; c < classes; ++c) {
    const double d = x[c] - max, p = std::exp(b * d);
    if (p == 0) continue;  // d may be -inf
    mass.add(p);
    first.add(p * d);
    second.add(p * d * d);
  }
  const double mean = first.value() / mass.value();
  return {mean - (x[y] - max), second.value() / mass.value() - mean * mean};
}

// Of the sum over all rows. Sums of blocks of rows are added in their order, whoever made them.
Slopes slopes(const ScoreRows& rows, double b) {
  const std::size_t rows_per_block = std::max<std::size_t>(1, exponentials_per_block / rows.classes());
  std::vector<Slopes> of_blocks((rows.count() + rows_per_block - 1) / rows_per_block);
  parallel_for_ranges(rows.count(), rows_per_block, [&](std::size_t begin, std::size_t end) {
    kernels::Sum<double> first, second;
    for (std::size_t row = begin; row < end; ++row) {
      Workspace workspace;
      const Slopes of_row = slopes_of_row(rows.logits(row, workspace), rows.classes(), rows.label(row), b);
      first.add(of_row.first);
      second.add(of_row.second);
    }
    of_blocks[begin / rows_per_block] = {first.value(), second.value()};
  });
  kernels::Sum<double> first, second;
  for (const Slopes& of_block : of_blocks) {
    first.add(of_block.first);
    second.add(of_block.second);
  }
  return {first.value(), second.value()};
}

void require_below_infinity(const ScoreRows& rows) {
  const std::size_t length = rows.is_single() ? 1 : rows.classes();
  rows.for_each([&](std::size_t row, const double* x) {
    const double* infinite = std::find(x, x + length, std::numeric_limits<double>::infinity());
    if (infinite == x + length) return;
    const auto at = rows.number_of(row) * length + static_cast<std::size_t>(infinite - x);
    fail<ArgumentError>("{}: {} must be less than inf, got inf at {}", rows.function(), rows.argument(),
                        element_name(rows.argument(), rows.shape(), at));
  });
}

void require_possible_labels(const ScoreRows& rows) {
  for (std::size_t row = 0; row < rows.count(); ++row) {
    Workspace workspace;
    if (!std::isinf(rows.logits(row, workspace)[rows.label(row)])) continue;
    fail<ArgumentError>("{}: {} of the true classes must be finite, got -inf for class {} in row {}",
                        rows.function(), rows.argument(), rows.label(row), rows.number_of(row));
  }
}

// Whether the log loss falls, or stays, whenever the temperature does.
struct Separation {
  bool all_largest = true;  // each true class has the largest logit of its row
  bool all_equal = true;    // and so have all others that are not ruled out
};

Separation separation(const ScoreRows& rows) {
  Separation result;
  for (std::size_t row = 0; row < rows.count() && result.all_largest; ++row) {
    Workspace workspace;
    const double* x = rows.logits(row, workspace);
    const double max = *std::max_element(x, x + rows.classes());
    result.all_largest = x[rows.label(row)] == max;
    result.all_equal = result.all_equal && std::all_of(x, x + rows.classes(), [&](double logit) {
                         return logit == max || std::isinf(logit);
                       });
  }
  return result;
}

// The root of a rising function between low, where it is negative, and high, where it is positive: Newton's
// steps, and halvings of the bracket (of its logarithm) where they leave it or do not halve.
template <class Function>
double find_root(Function slopes, double low, double high, double start) {
  double at = start, last_step = std::numeric_limits<double>::infinity();
  while (true) {
    const Slopes here = slopes(at);
    if (here.first == 0) return at;
    (here.first < 0 ? low : high) = at;
    double next = at - here.first / here.second;
    if (!(next > low && next < high) || std::abs(next - at) > last_step / 2)
      next = std::sqrt(low) * std::sqrt(high);
    last_step = std::abs(next - at);
    if (last_step <= 1e-13 * at) return next;
    at = next;
  }
}

}  // namespace

double fit_temperature(Scores logits, Indices class_indices, const TemperatureBounds& bounds,
                       const LabelOptions& options) {
  const char* const function = "fit_temperature";
  if (!(bounds.lowest > 0 && bounds.lowest <= bounds.highest && std::isfinite(bounds.highest) &&
        std::isfinite(1 / bounds.lowest))) {
    fail<ArgumentError>("{}: bounds must be 0 < lowest <= highest < inf, got {} and {}", function,
                        bounds.lowest, bounds.highest);
  }
  const ScoreRows rows(function, "logits", logits, Layout::numbers_or_classes, class_indices, options);
  if (rows.shape()[0] == 0) {
    fail<ShapeError>("{}: logits must have at least one row, got {}", function, rows.shape());
  }
  if (rows.count() == 0) throw_all_ignored(function, options, rows.shape()[0]);
  require_below_infinity(rows);
  require_possible_labels(rows);

  const double start = std::clamp(1.0, bounds.lowest, bounds.highest);
  // Far out, where exponentials are 0, the slopes could not tell.
  const Separation separated = separation(rows);
  if (separated.all_largest) return separated.all_equal ? start : bounds.lowest;
  const double low = 1 / bounds.highest, high = 1 / bounds.lowest;
  const auto slopes_at = [&](double b) { return slopes(rows, b); };
  if (slopes_at(low).first >= 0) return bounds.highest;
  if (slopes_at(high).first <= 0) return bounds.lowest;
  return 1 / find_root(slopes_at, low, high, 1 / start);
}

Array<double> calibrated_probabilities(Scores logits, double temperature) {
  const char* const function = "calibrated_probabilities";
  if (!(temperature > 0 && std::isfinite(temperature))) {
    fail<ArgumentError>("{}: temperature must be positive and finite, got {}", function, temperature);
  }
  const ScoreRows rows(function, "logits", logits, Layout::numbers_or_classes);
  Array<double> probabilities(rows.shape());
  if (rows.is_single()) {
    for (std::size_t row = 0; row < rows.count(); ++row) {
      probabilities[row] = kernels::sigmoid(rows.at(row, 0) / temperature);
    }
    return probabilities;
  }
  require_below_infinity(rows);
  const std::size_t classes = rows.classes();
  rows.for_each([&](std::size_t row, const double* x) {
    const double max = *std::max_element(x, x + classes);
    double* p = probabilities.data() + row * classes;
    // The maximum comes off first: logits divided by a small temperature could overflow.
    for (std::size_t c = 0; c < classes; ++c) p[c] = kernels::scaled_difference(x[c], max, temperature);
    kernels::softmax(p, classes, p);
  });
  return probabilities;
}

}  // namespace xtape::metrics
