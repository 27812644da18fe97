// SPDX-License-Identifier: BSD-3-Clause
#include "numbers.hpp"

#include <algorithm>
#include <numeric>

#include "xtape/random/random.hpp"

namespace benchmarks {

Numbers uniform(std::vector<std::size_t> shape, double low, double high, std::uint64_t seed) {
  xtape::Random random(seed);
  std::size_t elements = 1;
  for (const std::size_t extent : shape) elements *= extent;
  std::vector<float> values(elements);
  for (float& value : values) value = static_cast<float>(random.uniform(low, high));
  return {std::move(shape), std::move(values)};
}

Numbers logits(std::vector<std::size_t> shape) { return uniform(std::move(shape), -4, 4, 1); }

std::vector<std::int64_t> class_indices(std::size_t rows, std::size_t classes) {
  xtape::Random random(2);
  std::vector<std::int64_t> labels(rows);
  for (auto& label : labels) label = static_cast<std::int64_t>(random.below(classes));
  return labels;
}

Numbers distributions(std::size_t rows, std::size_t classes) {
  Numbers labels = uniform({rows, classes}, 0, 1, 2);
  for (std::size_t r = 0; r < rows; ++r) {
    float* const row = labels.values.data() + r * classes;
    const float sum = std::accumulate(row, row + classes, 0.0F);
    std::for_each(row, row + classes, [sum](float& label) { label /= sum; });
  }
  return labels;
}

}  // namespace benchmarks
