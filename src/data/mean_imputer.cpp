// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/mean_imputer.hpp"

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
void MeanImputer<T>::fit(const ArrayInput<T>& features, std::span<const std::size_t> rows) {
  const char* const function = "MeanImputer::fit";
  const Shape columns = columns_of(function, features.shape(), rows);
  const std::size_t width = columns.elements();

  Array<double> means(columns);
  std::vector<double> counts(width);
  for (const std::size_t row : rows) {
    const T* const x = features.data() + row * width;
    for (std::size_t c = 0; c < width; ++c) {
      if (std::isinf(x[c])) fail_not_finite(function, features.shape(), row * width + c, x[c]);
      if (std::isnan(x[c])) continue;
      // No sum, which may be larger than any double.
      means[c] += (static_cast<double>(x[c]) / ++counts[c]) - means[c] / counts[c];
    }
  }
  for (std::size_t c = 0; c < width; ++c) {
    if (counts[c] == 0) {
      fail<ValueError>("{}: {} must have a number in the {} rows to learn from, got NaN in all", function,
                       element_name("column", columns, c), rows.size());
    }
  }
  means_ = std::move(means);
  fitted_ = true;
}

template <class T>
void MeanImputer<T>::fit(const ArrayInput<T>& features) {
  fit(features, all_rows(features.shape()));
}

template <class T>
void MeanImputer<T>::apply(ArrayView<T> features) const {
  require_fitted("MeanImputer::apply", fitted_);
  require_columns("MeanImputer::apply", features.shape(), means_.shape());
  const std::size_t width = means_.size();
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (std::isnan(features[i])) features[i] = static_cast<T>(means_[i % width]);
  }
}

template <class T>
Array<T> MeanImputer<T>::applied(const ArrayInput<T>& features) const {
  Array<T> result(features);
  apply(result);
  return result;
}

template <class T>
NamedArrays MeanImputer<T>::state() const {
  require_fitted("MeanImputer::state", fitted_);
  NamedArrays state;
  state.add("mean", ArrayView<const double>(means_));
  return state;
}

template <class T>
void MeanImputer<T>::load_state(const NamedArrays& state) {
  const char* const function = "MeanImputer::load_state";
  state.require_only(function, std::array<std::string_view, 1>{"mean"});
  const Shape shape = fitted_ || !state.contains("mean") ? means_.shape() : state["mean"].shape();
  means_ = finite_of_state(function, state, "mean", shape, std::numeric_limits<double>::lowest());
  fitted_ = true;
}

template class MeanImputer<float>;
template class MeanImputer<double>;

}  // namespace xtape::data
