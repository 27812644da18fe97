// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xtape::training {

// How many of some numbers are in each of equally wide bins.
struct Histogram {
  std::vector<double> edges;          // one more than bins, from a round number to a round one
  std::vector<std::int64_t> counts;   // of [edge, next edge), and the last one's end too
  std::int64_t below = 0, above = 0;  // of the first edge and of the last: far from the others, or infinite
};

// Around the numbers, but for those that lie far outside the middle half of them. None are NaN.
Histogram histogram_of(std::vector<double> numbers);

// Named by what the numbers are; `title` and `name` are not escaped yet.
std::string draw(const Histogram& histogram, const std::string& id, const std::string& title,
                 const char* name);

}  // namespace xtape::training
