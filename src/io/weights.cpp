// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/io/weights.hpp"

#include <algorithm>
#include <utility>

#include "core/format.hpp"
#include "io/safetensors.hpp"

namespace xtape::io::detail {
namespace {

template <class InFile, class InModel>
bool is_of_types(const std::pair<const std::string, AnyArray>& named, const NamedArrays& model_state) {
  return named.second.holds<InFile>() && model_state.contains(named.first) &&
         model_state[named.first].holds<InModel>();
}

}  // namespace

NamedArrays read_weights(const std::string& path, const NamedArrays& model_state) {
  Safetensors file = read_safetensors("load_weights", path);
  // The load_state of a model may round them, as that of nn::Module does; what a file holds is not to lose
  // digits unasked.
  for (const auto& named : file.arrays) {
    if (is_of_types<double, float>(named, model_state)) {
      fail<FileError>("load_weights: {}: it must fit the model: '{}' must hold float32, got float64", path,
                      named.first);
    }
  }
  const auto is_too_narrow = [&](const auto& named) {
    return is_of_types<float, double>(named, model_state);
  };
  if (std::ranges::none_of(file.arrays, is_too_narrow)) return std::move(file.arrays);

  NamedArrays weights;
  for (const auto& named : file.arrays) {
    named.second.visit([&](const auto& array) {
      if (is_too_narrow(named)) {
        Array<double> wide(array.shape());
        std::ranges::transform(array, wide.begin(), [](auto x) { return static_cast<double>(x); });
        weights.add(named.first, AnyArray(std::move(wide)));
      } else {
        weights.add(named.first, ArrayView(array.data(), array.shape()));
      }
    });
  }
  return weights;
}

void throw_misfit(const std::string& path, const Error& error) {
  fail<FileError>("load_weights: {}: it must fit the model: {}", path, error.what());
}

}  // namespace xtape::io::detail
