// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <utility>

#include "numbers.hpp"
#include "training_steps.hpp"

namespace benchmarks {
namespace {

// As he_uniform draws them.
Layer layer(std::vector<std::size_t> weight_shape, std::size_t fan_in, std::uint64_t seed) {
  const double bound = std::sqrt(6 / static_cast<double>(fan_in));
  const std::size_t out = weight_shape.front();
  return {uniform(std::move(weight_shape), -bound, bound, seed), uniform({out}, -0.1, 0.1, seed + 20)};
}

}  // namespace

Network network(const std::vector<std::size_t>& widths, std::size_t batch) {
  Network result{{}, uniform({batch, widths.front()}, -1, 1, 4), class_indices(batch, widths.back())};
  for (std::size_t i = 0; i + 1 < widths.size(); ++i)
    result.layers.push_back(layer({widths[i + 1], widths[i]}, widths[i], 5 + i));
  return result;
}

Network convolutional_network(std::size_t image, const std::vector<std::size_t>& channels,
                              std::size_t classes, std::size_t batch) {
  constexpr std::size_t kernel = 3, pool = 2;
  Network result{
      {}, uniform({batch, channels.front(), image, image}, -1, 1, 4), class_indices(batch, classes)};
  for (std::size_t i = 0; i + 1 < channels.size(); ++i) {
    result.layers.push_back(
        layer({channels[i + 1], channels[i], kernel, kernel}, channels[i] * kernel * kernel, 5 + i));
    image = (image - kernel + 1) / pool;
  }
  const std::size_t features = channels.back() * image * image;
  result.layers.push_back(layer({classes, features}, features, 4 + channels.size()));
  return result;
}

}  // namespace benchmarks
