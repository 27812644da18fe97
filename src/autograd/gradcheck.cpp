// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/gradcheck.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <limits>

#include "core/element_name.hpp"
#include "core/format.hpp"
#include "xtape/core/random.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

// How fast the sum of the outputs grows with an element between two places.
struct Slope {
  double value;
  double noise;  // what rounding of the outputs can make of it
};

// The function under test as a function of plain numbers: the weighted sum of its outputs.
template <class T>
class Subject {
 public:
  Subject(const GradcheckFunction<T>& f, std::span<const Array<T>> inputs, std::uint64_t seed) : f_(f) {
    for (const Array<T>& input : inputs) inputs_.emplace_back("input", input);
    const auto frame = tape_.frame();
    const Variable<T> y = record();
    weights_ = Array<T>(y.shape());
    Random random(seed);
    for (T& weight : weights_) {
      const double magnitude = random.uniform(0.5, 1.5);
      weight = static_cast<T>(random.below(2) == 0 ? magnitude : -magnitude);
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (std::isfinite(y.values()[i])) size_ += std::abs(static_cast<double>(weights_[i]) * y.values()[i]);
    }
    depends_on_inputs_ = y.requires_grad();
  }

  std::deque<Parameter<T>>& inputs() { return inputs_; }
  double size() const { return size_; }
  bool depends_on_inputs() const { return depends_on_inputs_; }

  // Between x + from and x + to, where x is an element of an input.
  Slope slope(T& x, double from, double to) {
    const T kept = x, low = static_cast<T>(kept + from), high = static_cast<T>(kept + to);
    x = low;
    const Array<T> before = outputs();
    x = high;
    const Array<T> after = outputs();
    x = kept;
    double change = 0, noise = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] == after[i]) continue;  // Infinities too: where x has no part, they do no harm.
      const double weight = weights_[i], from_value = before[i], to_value = after[i];
      change += weight * (to_value - from_value);
      noise += std::abs(weight) * std::max(std::abs(from_value), std::abs(to_value)) *
               std::numeric_limits<T>::epsilon();
    }
    const double distance = static_cast<double>(high) - low;
    return {change / distance, noise / distance};
  }

  // The gradient by the rules, where `before` has been contributed to every input's gradient, and is taken
  // off again; or, if it is 0, where nothing has, and the memory holds NaN.
  std::vector<Array<T>> gradients(T before) {
    for (Parameter<T>& input : inputs_) {
      std::ranges::fill(input.gradients(), before == 0 ? std::numeric_limits<T>::quiet_NaN() : before);
      if (before == 0) input.zero_grad();
    }
    const auto frame = tape_.frame();
    record().backward(weights_);
    std::vector<Array<T>> result;
    for (Parameter<T>& input : inputs_) {
      result.emplace_back(ArrayView<const T>(input.gradients()));
      for (T& dx : result.back()) dx -= before;
    }
    return result;
  }

 private:
  Array<T> outputs() {
    const auto frame = tape_.frame();
    const auto no_grad = tape_.no_grad();
    return Array<T>(record().values());
  }

  Variable<T> record() {
    std::vector<Variable<T>> variables;
    for (Parameter<T>& input : inputs_) variables.push_back(tape_.watch(input));
    return f_(variables);
  }

  const GradcheckFunction<T>& f_;
  Tape<T> tape_;
  std::deque<Parameter<T>> inputs_;
  Array<T> weights_;
  double size_ = 0;
  bool depends_on_inputs_ = false;
};

// Steps are in proportion to this.
template <class T>
double scale_of(T x) {
  return std::max(std::abs(static_cast<double>(x)), 0.05);
}

struct Derivative {
  double value = std::numeric_limits<double>::quiet_NaN();
  double step = 0;
};

// Ridders' derivative: row i of the tableau begins with the slope at step / 4^i, and column k removes the
// error terms up to step^(2k). The last steps are small enough for an element near the end of the function's
// domain, or near a kink.
template <class T>
Derivative numeric_derivative(Subject<T>& subject, T& x) {
  constexpr std::size_t levels = 13;
  double step = scale_of(x) / 20;
  std::array<double, levels> previous{}, current{};
  Derivative best;
  double best_error = std::numeric_limits<double>::infinity(), noise = 0;
  for (std::size_t i = 0; i < levels; ++i, step /= 4) {
    const Slope slope = subject.slope(x, -step, step);
    current[0] = slope.value;
    // Where a step is too small to change the outputs, there is as much noise as there was one step earlier.
    if (slope.noise > 0) noise = slope.noise * step;
    double power = 1;
    for (std::size_t k = 1; k <= i; ++k) {
      power *= 16;
      current[k] = (power * current[k - 1] - previous[k - 1]) / (power - 1);
      const double error = noise / step + std::max(std::abs(current[k] - current[k - 1]),
                                                   std::abs(current[k] - previous[k - 1]));
      if (error < best_error) {
        best_error = error;
        best = {current[k], step};
      }
    }
    previous = current;
  }
  return best;
}

// The slopes to both sides of an element.
struct Sides {
  Slope left, right;
  bool differ = false;
  bool have_between(double gradient, double tolerance) const {
    const auto [low, high] = std::minmax(left.value, right.value);
    return differ && gradient >= low - tolerance && gradient <= high + tolerance;
  }
};

// At a kink the slopes differ by about the same for any step. For a quarter of the step they differ by a
// quarter where the function is smooth, and by four times as much where it jumps.
template <class T>
Sides sides_of(Subject<T>& subject, T& x) {
  const double step = std::cbrt(static_cast<double>(std::numeric_limits<T>::epsilon())) * scale_of(x);
  const Slope far_left = subject.slope(x, -step, 0), left = subject.slope(x, -step / 4, 0);
  const Slope far_right = subject.slope(x, 0, step), right = subject.slope(x, 0, step / 4);
  const double far_difference = std::abs(far_right.value - far_left.value);
  const double difference = std::abs(right.value - left.value);
  Sides sides{left, right};
  sides.differ = difference > far_difference / 2 && difference < far_difference * 2 &&
                 difference > 8 * (left.noise + right.noise);
  // What the slopes tend to for a step of 0, up to terms in its square.
  sides.left.value += (left.value - far_left.value) / 3;
  sides.right.value += (right.value - far_right.value) / 3;
  return sides;
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
    T& x = subject_.inputs()[input].values()[i];
    const Derivative numeric = numeric_derivative(subject_, x);
    const Sides sides = sides_of(subject_, x);
    const double used_first = used(first, numeric, sides), used_added = used(added, numeric, sides);
    report_.elements += 1;
    report_.failures += std::max(used_first, used_added) > 1;
    report_.kinks += sides.have_between(first, tolerance(first, numeric));
    const bool only_added = used_first <= 1 && used_added > 1;
    if (std::max(used_first, used_added) <= worst_) return;
    worst_ = std::max(used_first, used_added);
    const Shape& shape = subject_.inputs()[input].shape();
    where_ = element_name(fmt::format("input {}", input).c_str(), shape, i);
    report_.input = input;
    report_.index = multi_index(shape, i);
    report_.analytic = only_added ? added : first;
    report_.numeric = numeric.value;
    report_.step = numeric.step;
    report_.tolerance = tolerance(report_.analytic, numeric);
    cause_ = likely_cause(only_added, used_added <= 1);
  }

  GradcheckReport finish() {
    if (report_.elements == 0) {
      report_.message = "gradcheck: the inputs must have elements to check, got none";
      return report_;
    }
    report_.passed = report_.failures == 0;
    report_.message = fmt::format(
        "gradcheck: {} of {} elements differ; worst: {}, analytic {}, numeric {} (step {:.2g}), tolerance "
        "{:.2g}{}",
        report_.failures, report_.elements, where_, report_.analytic, report_.numeric, report_.step,
        report_.tolerance, report_.passed ? "" : cause_);
    return report_;
  }

 private:
  double tolerance(double analytic, Derivative numeric) const {
    return relative_ * std::max(std::abs(analytic), std::abs(numeric.value)) + absolute_;
  }

  // How much of its tolerance the gradient uses up; above 1 it is wrong.
  double used(double analytic, Derivative numeric, const Sides& sides) const {
    const double allowed = tolerance(analytic, numeric);
    const double part = std::abs(analytic - numeric.value) / allowed;
    if (part <= 1) return part;
    if (sides.have_between(analytic, allowed)) return 1;
    return std::isnan(part) ? std::numeric_limits<double>::infinity() : part;
  }

  const char* likely_cause(bool only_added_differs, bool added_fits) const {
    const double analytic = report_.analytic, numeric = report_.numeric;
    if (only_added_differs) return "; the rule assigns to the gradient where it should add";
    if (added_fits) return "; the rule adds to the gradient where it should write the first contribution";
    if (std::abs(analytic + numeric) < 1e-3 * std::abs(numeric)) return "; the sign is flipped";
    if (analytic == 0) return "; nothing was contributed";
    return "";
  }

  Subject<T>& subject_;
  double relative_, absolute_;
  double worst_ = -1;
  std::string where_ = "none";
  const char* cause_ = "";
  GradcheckReport report_;
};

// Large beside every gradient and beside the tolerances, so that it is missed where a rule assigns.
template <class T>
T earlier_contribution(const std::vector<Array<T>>& gradients, double size) {
  T largest = static_cast<T>(std::max(1.0, size));
  for (const Array<T>& gradient : gradients) {
    for (const T dx : gradient) largest = std::max(largest, std::abs(dx));
  }
  return largest;
}

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
  // Done once before, so that memory of the tape holds old gradients when it is written first.
  const T before = earlier_contribution(subject.gradients(0), subject.size());
  const auto first = subject.gradients(0), added = subject.gradients(before);
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
#pragma GCC visibility pop
