// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_view.hpp"

namespace xtape::onnx {

// What Ordinal is written with.
template <class T>
struct OrdinalConstants {
  // Of one threshold or more, rising.
  explicit OrdinalConstants(ArrayView<const T> thresholds)
      : upper(Shape{thresholds.size() + 1}), lower(upper.shape()), log_widths(upper.shape()) {
    const std::size_t last = thresholds.size();
    for (std::size_t k = 0; k <= last; ++k) {
      // Not infinity, of which a runtime might take a difference.
      upper[k] = k == last ? std::numeric_limits<T>::max() : thresholds[k];
      lower[k] = k == 0 ? std::numeric_limits<T>::lowest() : thresholds[k - 1];
      const bool is_end = k == 0 || k == last;
      const double width = is_end
                               ? std::numeric_limits<double>::infinity()
                               : static_cast<double>(thresholds[k]) - static_cast<double>(thresholds[k - 1]);
      log_widths[k] = static_cast<T>(std::log(-std::expm1(-width)));
    }
  }

  Array<T> upper;       // (classes): the threshold above a class
  Array<T> lower;       // (classes): the one below
  Array<T> log_widths;  // (classes): log(1 - exp(lower - upper))
};

}  // namespace xtape::onnx
