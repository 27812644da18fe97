// SPDX-License-Identifier: BSD-3-Clause
#include "onnx/ordinal_thresholds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "onnx/ordinal_constants.hpp"

namespace xtape::onnx {
namespace {

// The threshold that Ordinal puts behind one by a gap.
template <class T>
T next_threshold(T threshold, T gap) {
  const double softplus =
      std::max<double>(gap, 0) + std::log1p(std::exp(-std::abs(static_cast<double>(gap))));
  const T next = static_cast<T>(threshold + softplus);
  return next <= threshold ? std::nextafter(threshold, std::numeric_limits<T>::infinity()) : next;
}

// The gap that leads from one threshold to the next; the nearest where none leads there exactly.
template <class T>
T gap_between(T threshold, T next) {
  constexpr T never = -800;  // Of which softplus is 0.
  T low = never, high = next - threshold + std::abs(next) * std::numeric_limits<T>::epsilon() + T{1};
  for (;;) {
    const T middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    const T reached = next_threshold(threshold, middle);
    if (reached == next) return middle;
    (reached < next ? low : high) = middle;
    // With so small a gap the next digits change nothing.
    if (high - low < std::numeric_limits<T>::min()) break;
  }
  // Rounding may have led past it.
  constexpr int nearby = 64;
  T gap = low;
  for (int i = 0; i < nearby; ++i) gap = std::nextafter(gap, never);
  for (int i = 0; i < 2 * nearby; ++i) {
    if (next_threshold(threshold, gap) == next) return gap;
    gap = std::nextafter(gap, high + T{1});
  }
  return high;
}

template <class T>
bool are_near(const Array<T>& a, const Array<T>& b) {
  constexpr double rounding = 1e-5;
  return std::ranges::equal(
      a, b, [](T x, T y) { return x == y || std::abs(x - y) <= rounding * (1 + std::abs(y)); });
}

}  // namespace

template <class T>
std::optional<NamedArrays> ordinal_state(const Array<T>& upper, const Array<T>& lower,
                                         const Array<T>& log_widths) {
  const std::size_t classes = upper.size();
  if (classes < 2) return std::nullopt;
  const Shape shape{classes};
  if (upper.shape() != shape || lower.shape() != shape || log_widths.shape() != shape) return std::nullopt;
  const ArrayView<const T> thresholds(upper.data(), Shape{classes - 1});
  for (std::size_t j = 0; j < thresholds.size(); ++j) {
    if (!std::isfinite(thresholds[j]) || (j > 0 && !(thresholds[j] > thresholds[j - 1]))) return std::nullopt;
  }
  const OrdinalConstants<T> constants(thresholds);
  const bool fits = std::ranges::equal(upper, constants.upper) &&
                    std::ranges::equal(lower, constants.lower) && are_near(log_widths, constants.log_widths);
  if (!fits) return std::nullopt;

  NamedArrays state;
  state.add("first_threshold", ArrayView<const T>(thresholds.data(), Shape{1}));
  Array<T> gaps(Shape{classes - 2});
  T threshold = thresholds[0];
  for (std::size_t j = 0; j < gaps.size(); ++j) {
    gaps[j] = gap_between(threshold, thresholds[j + 1]);
    threshold = next_threshold(threshold, gaps[j]);
  }
  if (gaps.size() > 0) state.add("gaps", AnyArray(std::move(gaps)));
  return state;
}

template std::optional<NamedArrays> ordinal_state(const Array<float>&, const Array<float>&,
                                                  const Array<float>&);
template std::optional<NamedArrays> ordinal_state(const Array<double>&, const Array<double>&,
                                                  const Array<double>&);

}  // namespace xtape::onnx
