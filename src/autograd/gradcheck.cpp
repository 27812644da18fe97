// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/gradcheck.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <limits>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "autograd/extrapolation.hpp"
#include "autograd/gradcheck_subject.hpp"
#include "autograd/slopes.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

// One output as a function of one element.
template <class T>
struct Pair {
  RuleGradient<T> rule;
  Extrapolation numeric;
  Sides sides;  // where kinks are counted
};

// How a gradient compares with the differences.
struct Verdict {
  bool is_resolved;     // a flipped sign, or a factor of 2, would have been seen
  long double used;     // of the tolerance; above 1 it is wrong
  long double allowed;  // the tolerance
};

// Compares element after element and keeps the worst.
template <class T>
class Comparison {
 public:
  Comparison(GradcheckSubject<T>& subject, const GradcheckOptions& options) : subject_(subject) {
    constexpr bool is_double = std::is_same_v<T, double>;
    relative_ = options.relative_tolerance > 0 ? options.relative_tolerance : (is_double ? 1e-6 : 5e-3);
    absolute_ = options.absolute_tolerance;
  }

  void compare(std::size_t input, std::size_t i, const std::vector<RuleGradient<T>>& rules) {
    Parameter<T>& parameter = *subject_.parameters()[input].second;
    x_ = &parameter.values()[i];
    pairs_.clear();
    pair_of_output_.assign(subject_.outputs(), none);
    for (const RuleGradient<T>& rule : rules) pair(rule.output).rule = rule;
    const std::vector<double> scales = scales_of(parameter.values());
    differentiate(scales.front());
    for (std::size_t k = 1; k < scales.size(); ++k) {
      if (scales[k] > 1000 * scales.front() || !settled()) differentiate(scales[k]);
    }
    find_sides(scales.front());
    report_.elements += 1;
    judge(input, i);
  }

  GradcheckReport finish() {
    if (report_.elements == 0) {
      report_.message = "gradcheck: the inputs must have elements to check, got none";
      return report_;
    }
    report_.passed = report_.failures == 0 && (report_.unresolved == 0 || resolved_ > 0);
    const std::string unresolved =
        report_.unresolved == 0
            ? ""
            : fmt::format(", {} could not be checked (rounding of the outputs hides their change)",
                          report_.unresolved);
    report_.message = fmt::format(
        "gradcheck: {} of {} elements differ{}; worst: {}, analytic {}, numeric {} (step {:.2g}), tolerance "
        "{:.2g}{}",
        report_.failures, report_.elements, unresolved, where_, report_.analytic, report_.numeric,
        report_.step, report_.tolerance, report_.failures > 0 ? cause_ : "");
    return report_;
  }

 private:
  Pair<T>& pair(std::size_t output) {
    if (pair_of_output_[output] == none) {
      pair_of_output_[output] = pairs_.size();
      pairs_.push_back({{output, 0, 0, false}, {}, {}});
    }
    return pairs_[pair_of_output_[output]];
  }

  // What the steps may be in proportion to, smallest first: the element, the largest of its array, and 1.
  std::vector<double> scales_of(ArrayView<const T> array) const {
    double largest = 0;
    for (const T x : array) {
      if (std::isfinite(x)) largest = std::max(largest, std::abs(static_cast<double>(x)));
    }
    std::vector<double> scales;
    for (const double scale : {std::abs(static_cast<double>(*x_)), largest, 1.0}) {
      if (scale > 0 && (scales.empty() || scale > 4 * scales.back())) scales.push_back(scale);
    }
    return scales;
  }

  // Central differences over steps that begin at 1/20 of the scale and are quartered, until they tell enough.
  // The last ones are small enough for an element near the end of the function's domain, or near a kink. Of
  // an element that is 0 nothing says how small they have to be.
  void differentiate(double scale) {
    constexpr int usual_levels = 13;
    for (Pair<T>& pair : pairs_) pair.numeric.restart();
    const T x = *x_;
    double step = scale / 20;
    for (int level = 1;; ++level, step /= 4) {
      const T high = static_cast<T>(x + step), low = x - (high - x);
      if (!(low < x && x < high)) return;
      if (!std::isfinite(low) || !std::isfinite(high)) continue;
      const bool changes = take_difference(low, high, scale);
      if (settled()) return;
      if (level >= usual_levels && (x != 0 || !changes || all_are_sharp())) return;
    }
  }

  // Whether an output changes between two values of the element.
  bool take_difference(T low, T high, double scale) {
    const Array<T> before = subject_.outputs_at(*x_, low), after = subject_.outputs_at(*x_, high);
    const long double distance = static_cast<long double>(high) - low;
    bool changes = false;
    for (std::size_t j = 0; j < before.size(); ++j) {
      const T at_x = subject_.base()[j];
      const bool differs = (before[j] != at_x && !(std::isnan(before[j]) && std::isnan(at_x))) ||
                           (after[j] != at_x && !(std::isnan(after[j]) && std::isnan(at_x)));
      changes = changes || differs;
      if (!differs && pair_of_output_[j] == none) continue;
      const bool stays_infinite = std::isinf(at_x) && !differs;
      const Slope slope = stays_infinite ? Slope{0, 0} : slope_between(before[j], after[j], distance);
      const long double weight = subject_.weight(j);
      pair(j).numeric.add(weight * slope.value, std::abs(weight) * slope.noise,
                          static_cast<double>(distance / 2), scale);
    }
    return changes;
  }

  bool is_sharp(const Pair<T>& pair) const {
    return pair.numeric.best().error <= relative_ * std::abs(pair.numeric.best().value) / 10;
  }

  bool all_are_sharp() const {
    return std::ranges::all_of(pairs_, [this](const Pair<T>& pair) { return is_sharp(pair); });
  }

  bool settled() const {
    return std::ranges::all_of(pairs_, [this](const Pair<T>& pair) {
      return is_sharp(pair) && compared(pair.rule.first, pair.numeric.best(), 0).used <= 1;
    });
  }

  Verdict compared(T gradient, const Derivative& numeric, long double noise) const {
    const long double analytic = gradient;
    const long double size = std::max(std::abs(analytic), std::abs(numeric.value));
    const long double uncertainty =
        numeric.error + noise + 4 * static_cast<long double>(std::numeric_limits<T>::denorm_min());
    const long double allowed = relative_ * size + uncertainty + absolute_;
    // Where the derivative is beyond the range of the type, infinity is right.
    const bool overflows = std::isinf(analytic) && std::isfinite(numeric.value) &&
                           std::abs(numeric.value) > std::numeric_limits<T>::max() &&
                           std::signbit(analytic) == std::signbit(numeric.value);
    if (overflows) return {false, 0, allowed};
    const long double used = std::abs(analytic - numeric.value) / allowed;
    return {size == 0 || uncertainty <= size / 4,
            std::isnan(used) ? std::numeric_limits<long double>::infinity() : used, allowed};
  }

  void find_sides(double scale) {
    if (pairs_.empty()) return;
    for (Pair<T>& pair : pairs_) pair.sides = {};
    const double step = std::cbrt(static_cast<double>(std::numeric_limits<T>::epsilon())) * scale;
    const T x = *x_;
    const auto beside = [x](double distance) { return static_cast<T>(x + distance); };
    const T far_low = beside(-step), low = beside(-step / 4), high = beside(step / 4),
            far_high = beside(step);
    if (!(far_low < low && low < x && x < high && high < far_high)) return;
    const Array<T> at_far_low = subject_.outputs_at(*x_, far_low), at_low = subject_.outputs_at(*x_, low);
    const Array<T> at_high = subject_.outputs_at(*x_, high), at_far_high = subject_.outputs_at(*x_, far_high);
    const Array<T>& at_x = subject_.base();
    const auto distance = [](T from, T to) { return static_cast<long double>(to) - from; };
    for (Pair<T>& pair : pairs_) {
      const std::size_t j = pair.rule.output;
      pair.sides = sides_of(slope_between(at_far_low[j], at_x[j], distance(far_low, x)),
                            slope_between(at_low[j], at_x[j], distance(low, x)),
                            slope_between(at_x[j], at_high[j], distance(x, high)),
                            slope_between(at_x[j], at_far_high[j], distance(x, far_high)));
      pair.sides.left *= subject_.weight(j);
      pair.sides.right *= subject_.weight(j);
    }
    sides_scale_ = scale;
  }

  // Whether the element is at a kink of the output, and the gradient between the slopes there.
  bool is_between_slopes(Pair<T>& pair, T gradient) {
    const long double allowed = compared(gradient, pair.numeric.best(), 0).allowed;
    if (pair.sides.have_between(gradient, allowed)) return true;
    if (pair.numeric.best().scale == sides_scale_ || pair.numeric.best().scale == 0) return false;
    find_sides(pair.numeric.best().scale);
    return pair.sides.have_between(gradient, allowed);
  }

  // What rounding inside of the function, which its outputs do not show, can make of the slope: measured to
  // both sides, as a kink to one of them would look the same.
  long double measured_noise(const Pair<T>& pair) {
    const double step = pair.numeric.best().step;
    if (step == 0) return 0;
    long double smaller = std::numeric_limits<long double>::infinity();
    for (const double side : {-step, step}) {
      std::array<long double, 7> y;
      for (std::size_t i = 0; i < y.size(); ++i) {
        const T place = static_cast<T>(*x_ + side * (4 + static_cast<double>(i)) / 16);
        y[i] = subject_.outputs_at(*x_, place)[pair.rule.output];
      }
      smaller = std::min(smaller, noise_of(y));
    }
    return 10 * std::abs(subject_.weight(pair.rule.output)) * smaller / step;
  }

  Verdict verdict(Pair<T>& pair, T gradient) {
    const Derivative& numeric = pair.numeric.best();
    Verdict result = compared(gradient, numeric, 0);
    if (result.used <= 1 && result.is_resolved) return result;
    if (is_between_slopes(pair, gradient)) return {true, std::min(result.used, 1.0L), result.allowed};
    if (result.used <= 1) return result;
    const Verdict with_noise = compared(gradient, numeric, measured_noise(pair));
    return with_noise.used <= 1 ? with_noise : result;
  }

  void judge(std::size_t input, std::size_t i) {
    bool fails = false, is_unresolved = false, is_kink = false;
    for (Pair<T>& pair : pairs_) {
      const long double allowed = compared(pair.rule.first, pair.numeric.best(), 0).allowed;
      is_kink = is_kink || pair.sides.have_between(pair.rule.first, allowed);
      const Verdict first = verdict(pair, pair.rule.first), added = verdict(pair, pair.rule.added);
      const bool is_wrong = !(std::max(first.used, added.used) <= 1);
      const bool is_resolved = first.is_resolved && added.is_resolved;
      fails = fails || is_wrong;
      is_unresolved = is_unresolved || !is_resolved;
      resolved_ += is_resolved;
      keep_worst(input, i, pair, first, added);
    }
    report_.failures += fails;
    report_.unresolved += !fails && is_unresolved;
    report_.kinks += is_kink;
    if (pairs_.empty() && worst_ < 0) {  // An element that changes nothing, and of which the rules say so.
      worst_ = 0;
      place(input, i);
    }
  }

  void place(std::size_t input, std::size_t i) {
    const auto& [name, parameter] = subject_.parameters()[input];
    where_ = element_name(name.c_str(), parameter->shape(), i);
    report_.name = name;
    report_.input = input;
    report_.index = multi_index(parameter->shape(), i);
  }

  void keep_worst(std::size_t input, std::size_t i, const Pair<T>& pair, const Verdict& first,
                  const Verdict& added) {
    const long double used = std::max(first.used, added.used);
    if (used <= worst_) return;
    worst_ = used;
    place(input, i);
    const bool only_added = first.used <= 1 && added.used > 1;
    report_.output = multi_index(subject_.base().shape(), pair.rule.output);
    report_.analytic = only_added ? pair.rule.added : pair.rule.first;
    report_.numeric = static_cast<double>(pair.numeric.best().value);
    report_.step = pair.numeric.best().step;
    report_.tolerance = static_cast<double>(only_added ? added.allowed : first.allowed);
    cause_ = cause(pair, first, added);
  }

  // Nothing where the numbers do not show it.
  const char* cause(const Pair<T>& pair, const Verdict& first, const Verdict& added) const {
    const Derivative& numeric = pair.numeric.best();
    if (first.used <= 1) {
      return pair.rule.assigned ? "; the rule assigns to the gradient where it should add"
                                : "; it is right where nothing was contributed before, and only there";
    }
    if (!(numeric.error <= std::abs(numeric.value) / 4)) {
      return numeric.value == 0 ? "" : "; the differences do not converge: there may be no derivative";
    }
    if (std::isnan(pair.rule.first) && added.used <= 1) {
      return "; the rule adds to the gradient where it should write the first contribution";
    }
    if (compared(-pair.rule.first, numeric, 0).used <= 1) return "; the sign is flipped";
    if (pair.rule.first == 0) return "; the gradient is 0 where the function changes";
    return "";
  }

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  GradcheckSubject<T>& subject_;
  double relative_, absolute_;
  T* x_ = nullptr;
  std::vector<Pair<T>> pairs_;
  std::vector<std::size_t> pair_of_output_;
  double sides_scale_ = 0;
  std::size_t resolved_ = 0;
  long double worst_ = -1;
  std::string where_ = "none";
  const char* cause_ = "";
  GradcheckReport report_;
};

GradcheckReport refused(std::string message) {
  GradcheckReport report;
  report.message = std::move(message);
  return report;
}

GradcheckReport gives_other_outputs(const std::string& difference) {
  return refused(fmt::format(
      "gradcheck: the function must give the same outputs for the same inputs, but {}; if it draws random "
      "numbers, make its Random inside, so that each call draws the same",
      difference));
}

}  // namespace

template <class T>
GradcheckReport gradcheck_parameters(const GradcheckLoss<T>& f,
                                     const std::vector<std::pair<std::string, Parameter<T>*>>& parameters,
                                     const GradcheckOptions& options) {
  GradcheckSubject<T> subject(f, parameters, options.seed);
  if (const auto difference = subject.difference_to_before()) return gives_other_outputs(*difference);
  if (!subject.depends_on_parameters()) {
    return refused("gradcheck: the function's result must depend on its inputs through recorded operations");
  }
  const auto rules = subject.gradients();
  Comparison<T> comparison(subject, options);
  auto rule = rules.begin();
  for (std::size_t input = 0; input < parameters.size(); ++input) {
    for (std::size_t i = 0; i < parameters[input].second->size(); ++i) comparison.compare(input, i, *rule++);
  }
  if (const auto difference = subject.difference_to_before()) return gives_other_outputs(*difference);
  return comparison.finish();
}

template <class T>
GradcheckReport gradcheck(const GradcheckFunction<T>& f, std::span<const Array<T>> inputs,
                          const GradcheckOptions& options) {
  std::deque<Parameter<T>> parameters;
  std::vector<std::pair<std::string, Parameter<T>*>> named;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string name = fmt::format("input {}", i);
    named.emplace_back(name, &parameters.emplace_back(name, inputs[i]));
  }
  const GradcheckLoss<T> of_parameters = [&](Tape<T>& tape) {
    std::vector<Variable<T>> variables;
    for (Parameter<T>& parameter : parameters) variables.push_back(tape.watch(parameter));
    return f(variables);
  };
  return gradcheck_parameters<T>(of_parameters, named, options);
}

template GradcheckReport gradcheck(const GradcheckFunction<float>&, std::span<const Array<float>>,
                                   const GradcheckOptions&);
template GradcheckReport gradcheck(const GradcheckFunction<double>&, std::span<const Array<double>>,
                                   const GradcheckOptions&);
template GradcheckReport gradcheck_parameters(const GradcheckLoss<float>&,
                                              const std::vector<std::pair<std::string, Parameter<float>*>>&,
                                              const GradcheckOptions&);
template GradcheckReport gradcheck_parameters(const GradcheckLoss<double>&,
                                              const std::vector<std::pair<std::string, Parameter<double>*>>&,
                                              const GradcheckOptions&);

}  // namespace xtape
#pragma GCC visibility pop
