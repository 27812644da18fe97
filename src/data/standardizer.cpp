// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/standardizer.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "data/columns.hpp"

namespace xtape::data {

template <class T>
void Standardizer<T>::fit(const ArrayInput<T>& features, std::span<const std::size_t> rows) {
  const char* const function = "Standardizer::fit";
  const Shape columns = columns_of(function, features.shape(), rows);
  if (rows.empty()) fail<ArgumentError>("{}: there must be rows to learn from, got none", function);
  const std::size_t width = columns.elements();
  const auto count = static_cast<double>(rows.size());

  // Differences from the first row, so that nothing is lost where all numbers of a column are near each
  // other; those of a constant column are exactly 0.
  const T* const origin = features.data() + rows[0] * width;
  Array<double> means(columns), scales(columns);
  for (const std::size_t row : rows) {
    const T* const x = features.data() + row * width;
    for (std::size_t c = 0; c < width; ++c) {
      if (!std::isfinite(x[c])) fail_not_finite(function, features.shape(), row * width + c, x[c]);
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
  means_ = std::move(means);
  scales_ = std::move(scales);
  fitted_ = true;
}

template <class T>
void Standardizer<T>::fit(const ArrayInput<T>& features) {
  fit(features, all_rows(features.shape()));
}

template <class T>
void Standardizer<T>::apply(ArrayView<T> features) const {
  require_fitted("Standardizer::apply", fitted_);
  require_columns("Standardizer::apply", features.shape(), means_.shape());
  const std::size_t width = means_.size(), rows = features.shape()[0];
  for (std::size_t row = 0; row < rows; ++row) {
    T* const x = features.data() + row * width;
    for (std::size_t c = 0; c < width; ++c) {
      x[c] = static_cast<T>((static_cast<double>(x[c]) - means_[c]) / scales_[c]);
    }
  }
}

template <class T>
Array<T> Standardizer<T>::applied(const ArrayInput<T>& features) const {
  Array<T> result(features);
  apply(result);
  return result;
}

template <class T>
NamedArrays Standardizer<T>::state() const {
  require_fitted("Standardizer::state", fitted_);
  NamedArrays state;
  state.add("mean", ArrayView<const double>(means_));
  state.add("scale", ArrayView<const double>(scales_));
  return state;
}

template <class T>
void Standardizer<T>::load_state(const NamedArrays& state) {
  const char* const function = "Standardizer::load_state";
  state.require_only(function, std::array<std::string_view, 2>{"mean", "scale"});
  const Shape shape = fitted_ || !state.contains("mean") ? means_.shape() : state["mean"].shape();
  Array<double> means =
      finite_of_state(function, state, "mean", shape, std::numeric_limits<double>::lowest());
  Array<double> scales =
      finite_of_state(function, state, "scale", shape, std::numeric_limits<double>::denorm_min());
  means_ = std::move(means);
  scales_ = std::move(scales);
  fitted_ = true;
}

template class Standardizer<float>;
template class Standardizer<double>;

}  // namespace xtape::data
