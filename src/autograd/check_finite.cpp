// SPDX-License-Identifier: BSD-3-Clause
#include "autograd/check_finite.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/autograd/parameter.hpp"

namespace xtape::detail {
namespace {

template <class T>
ArrayView<const T> array_of(const Node<T>& node) {
  return {node.value, node.shape};
}

constexpr auto is_finite = [](auto x) { return std::isfinite(x); };
constexpr auto is_nan = [](auto x) { return std::isnan(x); };

// "-inf at output[0, 1]"
template <class T>
std::string element(const char* array, const Node<T>& node, const T* at) {
  // As it stands, a NaN would show its sign.
  const char* value = std::isnan(*at) ? "nan" : *at > 0 ? "inf" : "-inf";
  const auto flat_index = static_cast<std::size_t>(at - node.value);
  return fmt::format("{} at {}", value, element_name(array, node.shape, flat_index));
}

// "input 1 (2, 2), made by constant"
template <class T>
std::string input_name(const Node<T>& node, std::size_t i) {
  const Node<T>& input = *node.inputs[i];
  const std::string origin = input.parameter != nullptr
                                 ? fmt::format("the parameter '{}'", input.parameter->name())
                                 : fmt::format("made by {}", input.name);
  return fmt::format("input {} {}, {}", i, input.shape, origin);
}

}  // namespace

template <class T>
void check_finite(const Node<T>& node) {
  if (node.input_count == 0) return;
  const ArrayView<const T> output = array_of(node);
  const T* const not_finite = std::find_if_not(output.begin(), output.end(), is_finite);
  if (not_finite == output.end()) return;

  for (std::size_t i = 0; i < node.input_count; ++i) {
    const ArrayView<const T> input = array_of(*node.inputs[i]);
    const T* const nan = std::find_if(input.begin(), input.end(), is_nan);
    if (nan == input.end()) continue;
    fail<NonFiniteError>("{}: {}, must not hold NaN, got {}", node.name, input_name(node, i),
                         element("input", *node.inputs[i], nan));
  }

  for (std::size_t i = 0; i < node.input_count; ++i) {
    const ArrayView<const T> input = array_of(*node.inputs[i]);
    const T* const infinity = std::find_if_not(input.begin(), input.end(), is_finite);
    if (infinity == input.end()) continue;
    const T* const nan = std::find_if(not_finite, output.end(), is_nan);
    if (nan == output.end()) return;  // An infinity that comes of an infinity.
    fail<NonFiniteError>(
        "{}: the output {} must not hold NaN, got {}; {}, holds {}, and inf - inf, inf / inf and 0 * inf are "
        "NaN",
        node.name, node.shape, element("output", node, nan), input_name(node, i),
        element("input", *node.inputs[i], infinity));
  }

  fail<NonFiniteError>("{}: the output {} must be finite, got {}, though every input variable is finite",
                       node.name, node.shape, element("output", node, not_finite));
}

template void check_finite(const Node<float>&);
template void check_finite(const Node<double>&);

}  // namespace xtape::detail
