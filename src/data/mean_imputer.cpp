// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/mean_imputer.hpp"

#include <cmath>
#include <limits>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"

namespace xtape::data {

template <class T>
MeanImputer<T>::MeanImputer()
    : ColumnTransform<T>("MeanImputer", {{"mean", std::numeric_limits<double>::lowest()}}) {}

template <class T>
std::vector<Array<double>> MeanImputer<T>::learn(const ArrayInput<T>& features, const Shape& columns,
                                                 std::span<const std::size_t> rows) const {
  const std::size_t width = columns.elements();
  std::vector<Array<double>> learned(1);
  Array<double>& means = learned[0] = Array<double>(columns);
  std::vector<double> counts(width);
  for (const std::size_t row : rows) {
    const T* const x = features.data() + row * width;
    for (std::size_t c = 0; c < width; ++c) {
      if (std::isinf(x[c])) {
        fail<ValueError>("MeanImputer::fit: {} must be finite, got {}",
                         element_name("features", features.shape(), row * width + c), x[c]);
      }
      if (std::isnan(x[c])) continue;
      // No sum, which may be larger than any double.
      means[c] += (static_cast<double>(x[c]) / ++counts[c]) - means[c] / counts[c];
    }
  }
  for (std::size_t c = 0; c < width; ++c) {
    if (counts[c] == 0) {
      fail<ValueError>("MeanImputer::fit: {} must have a number in the {} rows to learn from, got NaN in all",
                       element_name("column", columns, c), rows.size());
    }
  }
  return learned;
}

template <class T>
void MeanImputer<T>::change(ArrayView<T> features) const {
  const std::size_t width = means().size();
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (std::isnan(features[i])) features[i] = static_cast<T>(means()[i % width]);
  }
}

template class MeanImputer<float>;
template class MeanImputer<double>;

}  // namespace xtape::data
