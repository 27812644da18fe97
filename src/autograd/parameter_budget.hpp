// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

namespace xtape {

// While it lives, the parameters and buffers that this thread makes must not hold more numbers than this:
// those that a file says a model has are to be no more than the file holds.
class ParameterBudget {
 public:
  explicit ParameterBudget(std::uint64_t numbers) noexcept;
  ~ParameterBudget();
  ParameterBudget(const ParameterBudget&) = delete;
  ParameterBudget& operator=(const ParameterBudget&) = delete;

  // Throws ArgumentError where there is a budget and it does not suffice. Gives the number.
  static std::size_t spend(std::size_t numbers);

 private:
  std::uint64_t left_;
  ParameterBudget* outer_;
};

}  // namespace xtape
