// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/io/weights.hpp"

#include <algorithm>
#include <utility>

#include "core/format.hpp"
#include "io/safetensors.hpp"

namespace xtape::io::detail {

NamedArrays read_weights(const std::string& path, const NamedArrays& model_state) {
  Safetensors file = read_safetensors("load_weights", path);
  const auto is_too_narrow = [&](const auto& named) {
    return std::holds_alternative<Array<float>>(named.second) && model_state.contains(named.first) &&
           std::holds_alternative<Array<double>>(model_state[named.first]);
  };
  if (std::ranges::none_of(file.arrays, is_too_narrow)) return std::move(file.arrays);

  NamedArrays weights;
  for (const auto& named : file.arrays) {
    std::visit(
        [&](const auto& array) {
          if (is_too_narrow(named)) {
            Array<double> wide(array.shape());
            std::ranges::transform(array, wide.begin(), [](auto x) { return static_cast<double>(x); });
            weights.add(named.first, AnyArray(std::move(wide)));
          } else {
            weights.add(named.first, ArrayView(array.data(), array.shape()));
          }
        },
        named.second);
  }
  return weights;
}

void throw_misfit(const std::string& path, const Error& error) {
  fail<FileError>("load_weights: {}: it must fit the model: {}", path, error.what());
}

}  // namespace xtape::io::detail
