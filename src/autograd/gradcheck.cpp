// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/gradcheck.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/element_name.hpp"
#include "core/format.hpp"
#include "xtape/core/random.hpp"

namespace xtape {
namespace {

// The function under test as a function of plain numbers: the weighted sum of its outputs.
template <class T>
class Subject {
 public:
  Subject(const GradcheckFunction<T>& f, std::span<const Array<T>> inputs, std::uint64_t seed) : f_(f) {
    for (const Array<T>& input : inputs) inputs_.emplace_back(ArrayView<const T>(input));
    const auto frame = tape_.frame();
    const Variable<T> y = record();
    weights_ = Array<T>(y.shape());
    Random random(seed);
    for (T& weight : weights_) {
      const double magnitude = random.uniform(0.5, 1.5);
      weight = static_cast<T>(random.below(2) == 0 ? magnitude : -magnitude);
    }
    for (std::size_t i = 0; i < y.size(); ++i)
      size_ += std::abs(static_cast<double>(weights_[i]) * y.values()[i]);
    depends_on_inputs_ = y.requires_grad();
  }

  std::vector<Array<T>>& inputs() { return inputs_; }
  double size() const { return size_; }
  bool depends_on_inputs() const { return depends_on_inputs_; }

  double evaluate() {
    const auto frame = tape_.frame();
    const auto no_grad = tape_.no_grad();
    const ArrayView<const T> y = record().values();
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(weights_[i]) * y[i];
    return sum;
  }

  // The gradient by the rules. With something_before, each input is also used by an operation whose rule
  // runs before those of f and contributes 1 to every element, which is taken off again.
  std::vector<Array<T>> gradients(bool something_before) {
    const auto frame = tape_.frame();
    const Variable<T> y = record();
    if (something_before) {
      std::vector<Variable<T>> operands = variables_;
      operands.push_back(y);
      Recording<T> op("gradcheck", operands);
      op.output({})[0] = 0;
      op.finish([this](Backward<T>& b) {
          for (std::size_t i = 0; i < inputs_.size(); ++i) {
            for (T& dx : b.input_grad(i)) dx += 1;
          }
          const ArrayView<T> dy = b.input_grad(inputs_.size());
          for (std::size_t i = 0; i < dy.size(); ++i) dy[i] += weights_[i];
        }).backward();
    } else {
      y.backward(weights_);
    }
    std::vector<Array<T>> result;
    for (const Variable<T>& variable : variables_) {
      result.emplace_back(variable.gradients());
      for (T& dx : result.back()) dx -= something_before ? T{1} : T{0};
    }
    return result;
  }

 private:
  Variable<T> record() {
    variables_.clear();
    for (const Array<T>& input : inputs_) variables_.push_back(tape_.variable(ArrayView<const T>(input)));
    return f_(variables_);
  }

  const GradcheckFunction<T>& f_;
  Tape<T> tape_;
  std::vector<Array<T>> inputs_;
  std::vector<Variable<T>> variables_;
  Array<T> weights_;
  double size_ = 0;
  bool depends_on_inputs_ = false;
};

struct Slope {
  double value = std::numeric_limits<double>::quiet_NaN();
  double step = 0;
};

// (L(x + step) - L(x)) / step for the element x, with the step that rounding leaves.
template <class T>
double one_sided_slope(Subject<T>& subject, T& x, double step) {
  const T kept = x;
  const double here = subject.evaluate();
  x = static_cast<T>(kept + step);
  const double slope = (subject.evaluate() - here) / (static_cast<double>(x) - kept);
  x = kept;
  return slope;
}

template <class T>
double central_slope(Subject<T>& subject, T& x, double step) {
  const T kept = x;
  const T above = static_cast<T>(kept + step), below = static_cast<T>(kept - step);
  x = above;
  const double up = subject.evaluate();
  x = below;
  const double down = subject.evaluate();
  x = kept;
  return (up - down) / (static_cast<double>(above) - below);
}

// Ridders' derivative: row i of the tableau begins with the slope at step / 2^i, and column k removes the
// error terms up to step^(2k).
template <class T>
Slope numeric_slope(Subject<T>& subject, T& x) {
  constexpr std::size_t levels = std::is_same_v<T, double> ? 9 : 6;
  double step = 0.05 * std::max(std::abs(static_cast<double>(x)), 0.05);
  std::array<double, levels> previous{}, current{};
  Slope best;
  double best_error = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < levels; ++i, step /= 2) {
    current[0] = central_slope(subject, x, step);
    double power = 1;
    for (std::size_t k = 1; k <= i; ++k) {
      power *= 4;
      current[k] = (power * current[k - 1] - previous[k - 1]) / (power - 1);
      const double error =
          std::max(std::abs(current[k] - current[k - 1]), std::abs(current[k] - previous[k - 1]));
      if (error < best_error) {
        best_error = error;
        best = {current[k], step};
      }
    }
    previous = current;
  }
  return best;
}

// Whether the slopes to the left and to the right differ and the gradient is one between them.
template <class T>
bool is_kink(Subject<T>& subject, T& x, double analytic, double tolerance) {
  const double step = std::sqrt(static_cast<double>(std::numeric_limits<T>::epsilon())) *
                      std::max(std::abs(static_cast<double>(x)), 0.05);
  const double right = one_sided_slope(subject, x, step), left = one_sided_slope(subject, x, -step);
  const auto [low, high] = std::minmax(left, right);
  return high - low > 1e-3 * std::max(std::abs(low), std::abs(high)) && analytic >= low - tolerance &&
         analytic <= high + tolerance;
}

const char* likely_cause(double analytic, double numeric, bool only_after_another) {
  if (only_after_another) return "; the rule assigns to input_grad where it should add";
  if (std::abs(analytic + numeric) < 1e-3 * std::abs(numeric)) return "; the sign is flipped";
  if (analytic == 0) return "; nothing was contributed";
  return "";
}

// Compares element after element and keeps the worst.
template <class T>
class Comparison {
 public:
  Comparison(Subject<T>& subject, const GradcheckOptions& options) : subject_(subject) {
    constexpr bool is_double = std::is_same_v<T, double>;
    relative_ = options.relative_tolerance > 0 ? options.relative_tolerance : (is_double ? 1e-6 : 5e-3);
    absolute_ = options.absolute_tolerance > 0 ? options.absolute_tolerance : (is_double ? 1e-9 : 1e-4);
    absolute_ *= std::max(1.0, subject.size());
  }

  // `first` and `added` are the gradients of the element by the rules, in the two situations.
  void compare(std::size_t input, std::size_t i, double first, double added) {
    T& x = subject_.inputs()[input][i];
    const Slope numeric = numeric_slope(subject_, x);
    const bool fits_first = fits(input, i, x, first, numeric, false);
    const bool fits_added = fits_first && fits(input, i, x, added, numeric, true);
    report_.elements += 1;
    report_.failures += !fits_added;
  }

  GradcheckReport finish() {
    report_.passed = report_.failures == 0;
    report_.message = fmt::format(
        "gradcheck: {} of {} elements differ; worst: {}, analytic {}, numeric {} (step {:.2g}), tolerance "
        "{:.2g}{}",
        report_.failures, report_.elements, where_, report_.analytic, report_.numeric, report_.step,
        report_.tolerance, report_.passed ? "" : cause_);
    return report_;
  }

 private:
  bool fits(std::size_t input, std::size_t i, T& x, double analytic, Slope numeric, bool after_another) {
    const double tolerance = relative_ * std::max(std::abs(analytic), std::abs(numeric.value)) + absolute_;
    double used = std::abs(analytic - numeric.value) / tolerance;
    if (std::isnan(used)) used = std::numeric_limits<double>::infinity();
    if (used > 1 && is_kink(subject_, x, analytic, tolerance)) {
      used = 1;
      report_.kinks += 1;
    }
    if (used > worst_) {
      worst_ = used;
      const Shape& shape = subject_.inputs()[input].shape();
      where_ = element_name(fmt::format("input {}", input).c_str(), shape, i);
      cause_ = likely_cause(analytic, numeric.value, after_another);
      report_.input = input;
      report_.index = multi_index(shape, i);
      report_.analytic = analytic;
      report_.numeric = numeric.value;
      report_.step = numeric.step;
      report_.tolerance = tolerance;
    }
    return used <= 1;
  }

  Subject<T>& subject_;
  double relative_, absolute_;
  double worst_ = -1;
  std::string where_ = "none";
  const char* cause_ = "";
  GradcheckReport report_;
};

}  // namespace

template <class T>
GradcheckReport gradcheck(const GradcheckFunction<T>& f, std::span<const Array<T>> inputs,
                          const GradcheckOptions& options) {
  Subject<T> subject(f, inputs, options.seed);
  if (!subject.depends_on_inputs()) {
    GradcheckReport report;
    report.message = "gradcheck: the function's result must depend on its inputs through recorded operations";
    return report;
  }
  const auto first = subject.gradients(false), added = subject.gradients(true);
  Comparison<T> comparison(subject, options);
  for (std::size_t input = 0; input < inputs.size(); ++input) {
    for (std::size_t i = 0; i < inputs[input].size(); ++i) {
      comparison.compare(input, i, first[input][i], added[input][i]);
    }
  }
  return comparison.finish();
}

template GradcheckReport gradcheck(const GradcheckFunction<float>&, std::span<const Array<float>>,
                                   const GradcheckOptions&);
template GradcheckReport gradcheck(const GradcheckFunction<double>&, std::span<const Array<double>>,
                                   const GradcheckOptions&);

}  // namespace xtape
