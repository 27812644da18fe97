// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/regression.hpp"

#include <cmath>
#include <limits>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "kernels/sum.hpp"
#include "metrics/estimate.hpp"
#include "metrics/same_shape.hpp"
#include "xtape/arrays/array.hpp"

namespace xtape::metrics {
namespace {

Array<double> read(const char* function, const char* argument, const Numbers& given) {
  Array<double> numbers(given.shape());
  given.copy_to(numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isnan(numbers[i])) continue;
    fail<ArgumentError>("{}: {} must be numbers, got NaN at {}", function, argument,
                        element_name(argument, given.shape(), i));
  }
  return numbers;
}

// Outputs and targets, checked; a column for each output.
class Fit {
 public:
  Fit(const char* function, const Numbers& outputs, const Numbers& targets) {
    const Shape& shape = outputs.shape();
    if (shape.rank() != 1 && !(shape.rank() == 2 && shape[1] > 0)) {
      fail<ShapeError>("{}: outputs must be (rows), or (rows, outputs) with at least one output, got {}",
                       function, shape);
    }
    require_same_shape(function, "targets", targets.shape(), "outputs", shape);
    outputs_ = read(function, "outputs", outputs);
    targets_ = read(function, "targets", targets);
  }

  std::size_t rows() const { return targets_.shape()[0]; }
  std::size_t columns() const { return targets_.shape().rank() == 1 ? 1 : targets_.shape()[1]; }
  double target(std::size_t row, std::size_t column) const { return targets_[row * columns() + column]; }
  double error(std::size_t row, std::size_t column) const {
    return outputs_[row * columns() + column] - target(row, column);
  }

 private:
  Array<double> outputs_, targets_;
};

template <class Term>
double sum(std::size_t count, Term term) {
  kernels::Sum<double> sum;
  for (std::size_t i = 0; i < count; ++i) sum.add(term(i));
  return sum.value();
}

template <class Term>
double mean(std::size_t count, Term term) {
  return sum(count, term) / static_cast<double>(count);
}

template <class Loss>
Estimate mean_loss(const Fit& fit, Loss loss) {
  Array<double> of_rows(Shape{fit.rows()});
  for (std::size_t row = 0; row < fit.rows(); ++row) {
    of_rows[row] = mean(fit.columns(), [&](std::size_t column) { return loss(fit.error(row, column)); });
  }
  return estimate_mean(of_rows);
}

double squared(double x) { return x * x; }

// The sum of the squared distances from their mean: of equal values 0, which rounding would not leave.
template <class Value>
double spread(std::size_t count, Value value) {
  std::size_t equal = 0;
  while (equal < count && value(equal) == value(0)) ++equal;
  if (equal == count) return 0;
  const double centre = mean(count, value);
  return sum(count, [&](std::size_t i) { return squared(value(i) - centre); });
}

// The mean over the outputs of 1 - left(column) / spread of the targets.
template <class Left>
double explained(const Fit& fit, Left left) {
  if (fit.rows() < 2) return std::numeric_limits<double>::quiet_NaN();
  return mean(fit.columns(), [&](std::size_t column) {
    const double unexplained = left(column);
    const double all = spread(fit.rows(), [&](std::size_t row) { return fit.target(row, column); });
    if (unexplained == 0) return 1.0;
    return all == 0 ? 0.0 : 1 - unexplained / all;
  });
}

}  // namespace

Estimate mean_squared_error(Numbers outputs, Numbers targets) {
  return mean_loss(Fit("mean_squared_error", outputs, targets), squared);
}

Estimate root_mean_squared_error(Numbers outputs, Numbers targets) {
  const Fit fit("root_mean_squared_error", outputs, targets);
  const auto columns = static_cast<double>(fit.columns());
  // d sqrt(m) = dm / (2 sqrt(m)): how each row moves the mean of the roots.
  Array<double> influences(Shape{fit.rows()});
  const double value = mean(fit.columns(), [&](std::size_t column) {
    const double root =
        std::sqrt(mean(fit.rows(), [&](std::size_t row) { return squared(fit.error(row, column)); }));
    if (root == 0) return root;  // no row moves it
    for (std::size_t row = 0; row < fit.rows(); ++row) {
      influences[row] += squared(fit.error(row, column)) / (2 * root * columns);
    }
    return root;
  });
  return {value, estimate_mean(influences).standard_error, fit.rows()};
}

Estimate mean_absolute_error(Numbers outputs, Numbers targets) {
  return mean_loss(Fit("mean_absolute_error", outputs, targets),
                   [](double error) { return std::abs(error); });
}

double r_squared(Numbers outputs, Numbers targets) {
  const Fit fit("r_squared", outputs, targets);
  return explained(fit, [&](std::size_t column) {
    return sum(fit.rows(), [&](std::size_t row) { return squared(fit.error(row, column)); });
  });
}

double explained_variance(Numbers outputs, Numbers targets) {
  const Fit fit("explained_variance", outputs, targets);
  return explained(fit, [&](std::size_t column) {
    return spread(fit.rows(), [&](std::size_t row) { return fit.error(row, column); });
  });
}

}  // namespace xtape::metrics
