// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "finding.hpp"
#include "reference_ops.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::fuzz {

/// A variable and what it should be.
struct Item {
  Variable<double> variable;
  Values expected;
  bool requires_grad;
};

inline std::string shown(Real number) {
  char text[64];
  std::snprintf(text, sizeof text, "%.17Lg", number);
  return text;
}

/// Whether it is what a double can tell.
inline bool is_close(Real got, const Dual& expected, Real tolerance) {
  constexpr Real least = 1e-290L, most = 1e300L;
  const Real value = expected.value;
  if (std::isnan(value)) return std::isnan(got);
  if (std::isinf(value)) return got == value;
  if (!std::isfinite(expected.value_size)) return true;
  if (std::abs(value) > most) return std::abs(got) >= most && std::signbit(got) == std::signbit(value);
  return std::abs(got - value) <= least + tolerance * expected.value_size;
}

/// Records on a tape, and compares: each value with its definition, and the gradient with the slope in one
/// direction, which the definitions carry forward from leaf to result.
class CheckedTape {
 public:
  explicit CheckedTape(Tape<double>& tape) : tape_(tape) {}

  Tape<double>& tape() noexcept { return tape_; }
  /// What there is to go on with. References to them stay good while it grows.
  const std::deque<Item>& items() const noexcept { return items_; }
  /// All gradients so far.
  const std::vector<double>& gradients() const noexcept { return gradients_; }

  void add_constant(const Array<double>& values) {
    items_.push_back({tape_.constant(values), without_slopes(values), false});
  }
  void add_variable(const Array<double>& values) { add_leaf(tape_.variable(values), values); }
  void add_parameter(const Array<double>& values) {
    parameters_.emplace_back("parameter", values);
    add_leaf(tape_.watch(parameters_.back()), values);
  }

  /// What the library makes of it, beside what it should be. If it refuses, the tape must be as before.
  template <class Operation, class Definition>
  void record(bool requires_grad, Operation operation, Definition definition) {
    const TapeStatistics before = tape_.statistics();
    Variable<double> variable;
    try {
      variable = operation();
    } catch (const Error& error) {
      const TapeStatistics after = tape_.statistics();
      if (after.nodes == before.nodes && after.bytes_in_use == before.bytes_in_use) return;
      report(std::string("something stays on the tape after: ") + error.what());
    }
    add(variable, definition(), requires_grad && !in_no_grad_);
  }

  /// What `work` records needs no gradient.
  template <class Work>
  void without_gradients(Work work) {
    const auto no_grad = tape_.no_grad();
    const bool before = std::exchange(in_no_grad_, true);
    work();
    in_no_grad_ = before;
  }

  /// What `work` records is gone afterwards.
  template <class Work>
  void in_frame(Work work) {
    const std::size_t items = items_.size(), leaves = leaves_.size(), nodes = tape_.statistics().nodes;
    {
      const auto frame = tape_.frame();
      work();
    }
    require(tape_.statistics().nodes == nodes, "a frame releases its nodes");
    if (items_.size() > items) require_stale(items_.back().variable);
    items_.resize(items);
    leaves_.resize(leaves);
  }

  /// The gradient of the sum of the elements, each times its seed.
  void backward(const Item& root, const Array<double>& seed) {
    for (Parameter<double>& parameter : parameters_) parameter.zero_grad();
    try {
      const bool is_one = seed.size() == 1 && seed[0] == 1;
      is_one ? root.variable.backward() : root.variable.backward(seed);
    } catch (const TapeError&) {
      require(!root.requires_grad, "what needs a gradient has one");
      return;
    }
    require(root.requires_grad, "what needs no gradient has none");
    compare_slopes(root, seed);
  }

 private:
  struct Leaf {
    Variable<double> variable;
    std::vector<double> direction;
  };

  static Values without_slopes(const Array<double>& values) {
    Values result(values.shape());
    for (std::size_t i = 0; i < values.size(); ++i) result.at[i] = Dual(values[i]);
    return result;
  }

  void add_leaf(Variable<double> variable, const Array<double>& values) {
    Leaf leaf{variable, {}};
    Values expected(values.shape());
    for (std::size_t i = 0; i < values.size(); ++i) {
      leaf.direction.push_back(std::sin(static_cast<double>(1 + 7 * leaves_.size() + 3 * i)));
      expected.at[i] = Dual(values[i], leaf.direction.back());
    }
    items_.push_back({variable, std::move(expected), true});
    leaves_.push_back(std::move(leaf));
  }

  void add(Variable<double> variable, Values expected, bool requires_grad) {
    const std::string operation = variable.operation();
    if (variable.shape() != expected.shape) {
      report(operation + " has shape " + to_string(variable.shape()) + " instead of " +
             to_string(expected.shape));
    }
    if (variable.requires_grad() != requires_grad) {
      report(operation + (requires_grad ? " needs no gradient" : " needs a gradient"));
    }
    bool is_moderate = true;
    for (std::size_t i = 0; i < expected.at.size(); ++i) {
      const double got = variable.data()[i];
      Dual& dual = expected.at[i];
      if (!is_close(got, dual, 1e-12L)) {
        report(operation + " is " + shown(got) + " at " + std::to_string(i) + " instead of " +
               shown(dual.value));
      }
      is_moderate = is_moderate && std::abs(got) < 1e6 && dual.slope_size < 1e12L;
      // From here on the value is the library's, so that both are on the same side of every kink.
      dual.value = got;
      dual.value_size = std::abs(got);
      if (!requires_grad) dual.slope = dual.slope_size = 0;
    }
    if (is_moderate) items_.push_back({variable, std::move(expected), requires_grad});
  }

  static void require_stale(const Variable<double>& variable) {
    try {
      report(std::string(variable.operation()) + " outlives its frame");
    } catch (const StaleVariable&) {
    }
  }

  void compare_slopes(const Item& root, const Array<double>& seed) {
    Dual expected;
    for (std::size_t i = 0; i < seed.size(); ++i) {
      expected.value += seed[i] * root.expected.at[i].slope;
      expected.value_size += std::abs(seed[i]) * root.expected.at[i].slope_size;
    }
    Real got = 0;
    for (const Leaf& leaf : leaves_) {
      const ArrayView<const double> gradient = leaf.variable.gradients();
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        got += static_cast<Real>(gradient[i]) * leaf.direction[i];
        gradients_.push_back(gradient[i]);
      }
    }
    if (is_close(got, expected, 1e-9L)) return;
    report(std::string("the slope of ") + root.variable.operation() + " is " + shown(got) + " instead of " +
           shown(expected.value) + ", a sum of sizes of " + shown(expected.value_size));
  }

  Tape<double>& tape_;
  std::deque<Parameter<double>> parameters_;
  std::vector<Leaf> leaves_;
  std::deque<Item> items_;
  std::vector<double> gradients_;
  bool in_no_grad_ = false;
};

}  // namespace xtape::fuzz
