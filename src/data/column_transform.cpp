// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/column_transform.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "data/row_numbers.hpp"

namespace xtape::data {
template <class T>
void ColumnTransform<T>::fit(const ArrayInput<T>& features, std::span<const std::size_t> rows) {
  const std::string function = fmt::format("{}::fit", name_);
  const Shape columns = columns_of("fit", features.shape());
  require_rows(function.c_str(), "rows", rows, features.shape()[0], "rows of features", features.shape());
  std::ranges::move(learn(features, columns, rows), learned_.begin());
  fitted_ = true;
}

template <class T>
void ColumnTransform<T>::fit(const ArrayInput<T>& features) {
  fit(features, row_numbers(features.shape().rank() == 0 ? 0 : features.shape()[0]));
}

template <class T>
void ColumnTransform<T>::apply(ArrayView<T> features) const {
  require_fitted("apply");
  const Shape& fitted = learned_[0].shape();
  if (columns_of("apply", features.shape()) != fitted) {
    fail<ShapeError>("{}::apply: features must have the columns {} that were fitted, got features {}", name_,
                     fitted, features.shape());
  }
  change(features);
}

template <class T>
Array<T> ColumnTransform<T>::applied(const ArrayInput<T>& features) const {
  Array<T> result(features);
  apply(result);
  return result;
}

template <class T>
NamedArrays ColumnTransform<T>::state() const {
  require_fitted("state");
  NamedArrays state;
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    state.add(numbers_[i].name, ArrayView<const double>(learned_[i]));
  }
  return state;
}

template <class T>
void ColumnTransform<T>::load_state(const NamedArrays& state) {
  const std::string function = fmt::format("{}::load_state", name_);
  std::vector<std::string> names;
  for (const Numbers& numbers : numbers_) names.emplace_back(numbers.name);
  state.require_only(function.c_str(), names);
  const Shape shape = fitted_ || !state.contains(names[0]) ? learned_[0].shape() : state[names[0]].shape();
  std::vector<Array<double>> loaded;
  for (const auto& [name, least] : numbers_) {
    const auto& values = loaded.emplace_back(state.get<double>(function.c_str(), name, shape));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool fits = std::abs(values[i]) <= static_cast<double>(std::numeric_limits<T>::max());
      if (fits && values[i] >= least) continue;
      fail<ValueError>("{}: {} must be finite{}{}, got {}", function, element_name(name, shape, i),
                       !fits && std::isfinite(values[i]) ? " as a float" : "",
                       least > 0 ? " and positive" : "", values[i]);
    }
  }
  std::ranges::move(loaded, learned_.begin());
  fitted_ = true;
}

template <class T>
void ColumnTransform<T>::require_fitted(const char* function) const {
  if (fitted_) return;
  fail<ArgumentError>("{}::{}: there must be a fit() or a load_state() before, got none", name_, function);
}

template <class T>
Shape ColumnTransform<T>::columns_of(const char* function, const Shape& features) const {
  if (features.rank() > 0) return Shape(features.begin() + 1, features.end());
  fail<ShapeError>("{}::{}: features must be (rows, ...), got a scalar", name_, function);
}

template class ColumnTransform<float>;
template class ColumnTransform<double>;

}  // namespace xtape::data
