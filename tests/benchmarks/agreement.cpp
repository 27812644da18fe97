// SPDX-License-Identifier: BSD-3-Clause
#include "agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "xtape/core/error.hpp"

namespace benchmarks {
namespace {

// Relative to each number, or to the largest where a sum of numbers like it has cancelled out. Where the
// input of one relu among a million is rounded to either side of 0, all gradients of that unit's weights
// differ.
bool agree(const std::vector<float>& ours, const std::vector<float>& theirs, float tolerance) {
  if (ours.size() != theirs.size()) return false;
  float largest = 0;
  for (const float value : theirs) largest = std::max(largest, std::abs(value));
  std::size_t others = 0;
  for (std::size_t i = 0; i < ours.size(); ++i)
    others += !(std::abs(ours[i] - theirs[i]) <= tolerance * std::abs(theirs[i]) + tolerance / 10 * largest);
  return others <= ours.size() / 500;
}

}  // namespace

void require_agreement(const std::string& name, const Step::Results& ours, const Step::Results& theirs,
                       float tolerance) {
  for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
    if (agree(ours.at(i), theirs.at(i), tolerance)) continue;
    throw xtape::Error(fmt::format("{}: all sides must agree, got other numbers in result {}", name, i));
  }
}

}  // namespace benchmarks
