// SPDX-License-Identifier: BSD-3-Clause
#include "transposed_layer.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace benchmarks {

void write_transposed(const Layer& layer, float* to) {
  const std::size_t out = layer.weight.shape[0], in = layer.weight.shape[1];
  for (std::size_t i = 0; i < in; ++i) {
    for (std::size_t o = 0; o < out; ++o) *to++ = layer.weight.values[o * in + i];
  }
  std::ranges::copy(layer.bias.values, to);
}

void append_transposed(const float* gradients, std::size_t in, std::size_t out, Step::Results& results) {
  std::vector<float> weight;
  for (std::size_t o = 0; o < out; ++o) {
    for (std::size_t i = 0; i < in; ++i) weight.push_back(gradients[i * out + o]);
  }
  results.push_back(std::move(weight));
  results.emplace_back(gradients + in * out, gradients + (in + 1) * out);
}

}  // namespace benchmarks
