// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/standardizer.hpp"

#include <cmath>
#include <limits>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"

namespace xtape::data {

template <class T>
Standardizer<T>::Standardizer()
    : ColumnTransform<T>("Standardizer", {{"mean", std::numeric_limits<double>::lowest()},
                                          {"scale", std::numeric_limits<double>::denorm_min()}}) {}

template <class T>
std::vector<Array<double>> Standardizer<T>::learn(const ArrayInput<T>& features, const Shape& columns,
                                                  std::span<const std::size_t> rows) const {
  const char* const function = "Standardizer::fit";
  if (rows.empty()) fail<ArgumentError>("{}: there must be rows to learn from, got none", function);
  const std::size_t width = columns.elements();
  const auto count = static_cast<double>(rows.size());

  // Differences from the first row, so that nothing is lost where all numbers of a column are near each
  // other; those of a constant column are exactly 0.
  const T* const origin = features.data() + rows[0] * width;
  std::vector<Array<double>> learned(2);
  Array<double>&means = learned[0] = Array<double>(columns), &scales = learned[1] = Array<double>(columns);
  for (const std::size_t row : rows) {
    const T* const x = features.data() + row * width;
    for (std::size_t c = 0; c < width; ++c) {
      if (!std::isfinite(x[c])) {
        fail<ValueError>("{}: {} must be finite, got {}", function,
                         element_name("features", features.shape(), row * width + c), x[c]);
      }
      means[c] += static_cast<double>(x[c]) - static_cast<double>(origin[c]);
    }
  }
  for (double& mean : means) mean /= count;

  std::vector<double> rest(width);  // of the deviations, which would sum to 0 if the mean were not rounded
  for (const std::size_t row : rows) {
    const T* const x = features.data() + row * width;
    for (std::size_t c = 0; c < width; ++c) {
      const double deviation = (static_cast<double>(x[c]) - static_cast<double>(origin[c])) - means[c];
      rest[c] += deviation;
      scales[c] += deviation * deviation;
    }
  }
  for (std::size_t c = 0; c < width; ++c) {
    const double variance = (scales[c] - rest[c] * rest[c] / count) / count;
    means[c] = static_cast<double>(origin[c]) + (means[c] + rest[c] / count);
    scales[c] = variance > 0 ? std::sqrt(variance) : 1;
    if (!std::isfinite(variance)) {
      fail<ValueError>("{}: the variance of {} must be finite in double, got {}", function,
                       element_name("column", columns, c), variance);
    }
  }
  return learned;
}

template <class T>
void Standardizer<T>::change(ArrayView<T> features) const {
  const std::size_t width = means().size(), rows = features.shape()[0];
  for (std::size_t row = 0; row < rows; ++row) {
    T* const x = features.data() + row * width;
    for (std::size_t c = 0; c < width; ++c) {
      x[c] = static_cast<T>((static_cast<double>(x[c]) - means()[c]) / scales()[c]);
    }
  }
}

template class Standardizer<float>;
template class Standardizer<double>;

}  // namespace xtape::data
