// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "numbers.hpp"
#include "training_steps.hpp"

namespace benchmarks {

Network network(const std::vector<std::size_t>& widths, std::size_t batch) {
  Network result{{}, uniform({batch, widths.front()}, -1, 1, 4), class_indices(batch, widths.back())};
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const double bound = std::sqrt(6 / static_cast<double>(widths[i]));
    result.layers.push_back({uniform({widths[i + 1], widths[i]}, -bound, bound, 5 + i),
                             uniform({widths[i + 1]}, -0.1, 0.1, 25 + i)});
  }
  return result;
}

}  // namespace benchmarks
