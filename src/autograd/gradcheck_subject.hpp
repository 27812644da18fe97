// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "core/at_end.hpp"
#include "xtape/autograd/gradcheck.hpp"
#include "xtape/random/random.hpp"

namespace xtape {

// The gradient of one output by one element according to the rules.
template <class T>
struct RuleGradient {
  std::size_t output;
  T first;        // where nothing was contributed before, and the memory holds NaN
  T added;        // where something was, without it
  bool assigned;  // what was contributed before is gone

  bool is_zero() const { return first == 0 && added == 0; }
};

// The function under test as a function of plain numbers. Each output counts by a random weight, so that
// rules have to multiply by the gradient that arrives.
template <class T>
class GradcheckSubject {
 public:
  using Named = std::pair<std::string, Parameter<T>*>;

  GradcheckSubject(const GradcheckLoss<T>& f, const std::vector<Named>& parameters, std::uint64_t seed)
      : f_(f), parameters_(parameters) {
    {
      const auto frame = tape_.frame();
      const Variable<T> y = f_(tape_);
      depends_on_parameters_ = y.requires_grad();
      base_ = Array<T>(y.shape());
    }
    base_ = evaluate();  // Without gradients, as for all differences, which may round otherwise.
    weights_ = Array<T>(base_.shape());
    Random random(seed);
    for (T& weight : weights_) {
      const double magnitude = random.uniform(0.5, 1.5);
      weight = static_cast<T>(random.below(2) == 0 ? magnitude : -magnitude);
    }
  }

  ~GradcheckSubject() {
    for (const Named& named : parameters_) named.second->zero_grad();
  }

  const std::vector<Named>& parameters() const { return parameters_; }
  bool depends_on_parameters() const { return depends_on_parameters_; }
  std::size_t outputs() const { return base_.size(); }
  const Array<T>& base() const { return base_; }
  double weight(std::size_t output) const { return weights_[output]; }
  std::string output_name(std::size_t output) const { return element_name("output", base_.shape(), output); }

  // How the outputs for the same inputs differ from the first ones, if they do.
  std::optional<std::string> difference_to_before() {
    const Array<T> again = evaluate();
    for (std::size_t j = 0; j < again.size(); ++j) {
      if (again[j] == base_[j] || (std::isnan(again[j]) && std::isnan(base_[j]))) continue;
      return fmt::format("{} was {} and then {}", output_name(j), base_[j], again[j]);
    }
    return std::nullopt;
  }

  // The outputs where the element x has another value.
  Array<T> outputs_at(T& x, T value) {
    const AtEnd restored([&x, before = x] { x = before; });
    x = value;
    return evaluate();
  }

  // For each element of each parameter, one after the other, the gradients of the outputs that are not 0.
  std::vector<std::vector<RuleGradient<T>>> gradients() {
    std::size_t elements = 0;
    for (const Named& named : parameters_) elements += named.second->size();
    std::vector<std::vector<RuleGradient<T>>> result(elements);
    // Once before, so that memory of the tape holds old gradients when it is written first.
    if (outputs() > 0) backward(0);
    for (std::size_t output = 0; output < outputs(); ++output) {
      const std::vector<T> first = first_contributions(output);
      const std::vector<T> before = earlier_contributions(first), after = contributions_after(output, before);
      for (std::size_t i = 0; i < elements; ++i) {
        const RuleGradient<T> gradient{output, first[i], after[i] - before[i], after[i] == first[i]};
        if (!gradient.is_zero()) result[i].push_back(gradient);
      }
    }
    return result;
  }

 private:
  Array<T> evaluate() {
    const auto frame = tape_.frame();
    const auto no_grad = tape_.no_grad();
    const Variable<T> y = f_(tape_);
    if (y.shape() != base_.shape()) {
      fail<ShapeError>("gradcheck: the function's result must keep its shape, got {} and then {}",
                       base_.shape(), y.shape());
    }
    return Array<T>(y.values());
  }

  void backward(std::size_t output) {
    const auto frame = tape_.frame();
    Array<T> seed(weights_.shape());
    seed[output] = weights_[output];
    f_(tape_).backward(seed);
  }

  std::vector<T> collected() {
    std::vector<T> result;
    for (const Named& named : parameters_) {
      const ArrayView<T> dx = named.second->gradients();
      result.insert(result.end(), dx.begin(), dx.end());
    }
    return result;
  }

  std::vector<T> first_contributions(std::size_t output) {
    for (const Named& named : parameters_) {
      std::ranges::fill(named.second->gradients(), std::numeric_limits<T>::quiet_NaN());
      named.second->zero_grad();
    }
    backward(output);
    return collected();
  }

  // About as large as what comes, so that none of it is lost by rounding, and of the other sign.
  static std::vector<T> earlier_contributions(const std::vector<T>& first) {
    std::vector<T> before;
    for (const T dx : first) {
      before.push_back(dx == 0 || !std::isfinite(dx) ? T{1}
                                                     : -std::copysign(std::ldexp(T{1}, std::ilogb(dx)), dx));
    }
    return before;
  }

  std::vector<T> contributions_after(std::size_t output, const std::vector<T>& before) {
    auto from = before.begin();
    for (const Named& named : parameters_) {
      for (T& dx : named.second->gradients()) dx = *from++;
    }
    backward(output);
    return collected();
  }

  const GradcheckLoss<T>& f_;
  const std::vector<Named>& parameters_;
  Tape<T> tape_;
  Array<T> base_, weights_;
  bool depends_on_parameters_ = false;
};

}  // namespace xtape
