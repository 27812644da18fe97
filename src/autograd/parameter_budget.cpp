// SPDX-License-Identifier: BSD-3-Clause
#include "autograd/parameter_budget.hpp"

#include "core/fail.hpp"

namespace xtape {
namespace {

thread_local ParameterBudget* of_thread = nullptr;

}  // namespace

ParameterBudget::ParameterBudget(std::uint64_t numbers) noexcept : left_(numbers), outer_(of_thread) {
  of_thread = this;
}

ParameterBudget::~ParameterBudget() { of_thread = outer_; }

std::size_t ParameterBudget::spend(std::size_t numbers) {
  if (of_thread == nullptr) return numbers;
  if (numbers > of_thread->left_) {
    fail<ArgumentError>("the modules must have no more numbers than the file holds, got {} where {} are left",
                        numbers, of_thread->left_);
  }
  of_thread->left_ -= numbers;
  return numbers;
}

}  // namespace xtape
