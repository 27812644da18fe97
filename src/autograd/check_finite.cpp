// SPDX-License-Identifier: BSD-3-Clause
#include "autograd/check_finite.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "xtape/autograd/parameter.hpp"

namespace xtape::detail {
namespace {

constexpr auto is_nan = [](auto x) { return std::isnan(x); };
constexpr auto is_not_finite = [](auto x) { return !std::isfinite(x); };

// Where the first such element of the node's value is; null if there is none.
template <class T, class Is>
const T* find(const Node<T>& node, Is is) {
  const T* const end = node.value + node.shape.elements();
  const T* const found = std::find_if(node.value, end, is);
  return found != end ? found : nullptr;
}

// "-inf at output[0, 1]"
template <class T>
std::string element(const char* array, const Node<T>& node, const T* at) {
  const auto flat_index = static_cast<std::size_t>(at - node.value);
  return fmt::format("{} at {}", in_words(static_cast<double>(*at)),
                     element_name(array, node.shape, flat_index));
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
  const T* const not_finite = find(node, is_not_finite);
  if (not_finite == nullptr) return;

  for (std::size_t i = 0; i < node.input_count; ++i) {
    const T* const nan = find(*node.inputs[i], is_nan);
    if (nan == nullptr) continue;
    fail<NonFiniteError>("{}: {}, must not hold NaN, got {}", node.name, input_name(node, i),
                         element("input", *node.inputs[i], nan));
  }

  for (std::size_t i = 0; i < node.input_count; ++i) {
    const T* const infinity = find(*node.inputs[i], is_not_finite);
    if (infinity == nullptr) continue;
    const T* const nan = find(node, is_nan);
    if (nan == nullptr) return;  // An infinity that comes of an infinity.
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
