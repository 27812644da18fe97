// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include "xtape/data/column_transform.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// Puts in place of each NaN the mean of its column over the training rows that have a number there. Its
/// state is the array "mean", of finite numbers.
///
///     const auto table = data::read_csv("patients.csv", {.missing = data::Missing::nan});
///     auto features = table.features<float>("outcome");
///     data::MeanImputer<float> imputer;
///     imputer.fit(features, split.train);
///     imputer.apply(features);
///
/// fit() throws ValueError too where a column has no number in the rows, or an infinity.
template <class T>
class MeanImputer : public ColumnTransform<T> {
 public:
  MeanImputer();

  /// (columns); of shape (0) before anything is fitted.
  const Array<double>& means() const& noexcept { return this->learned(0); }
  /// The same of a temporary.
  Array<double> means() && noexcept { return std::move(this->learned(0)); }

 protected:
  std::vector<Array<double>> learn(const ArrayInput<T>& features, const Shape& columns,
                                   std::span<const std::size_t> rows) const override;
  void change(ArrayView<T> features) const override;
};

extern template class MeanImputer<float>;
extern template class MeanImputer<double>;

}  // namespace xtape::data
#pragma GCC visibility pop
