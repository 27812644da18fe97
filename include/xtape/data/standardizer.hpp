// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include "xtape/data/column_transform.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// Brings features to mean 0 and variance 1: (x - mean) / scale in each column, with the mean and the
/// standard deviation (that divides by the number of rows) of the training rows, in double. The scale of a
/// constant column is 1. Its state are the arrays "mean", of finite numbers, and "scale", of positive ones.
///
///     data::Standardizer<float> standardizer;
///     standardizer.fit(features, split.train);  // the test rows must not be known to the model
///     standardizer.apply(features);
///
/// fit() throws ArgumentError too where there are no rows to learn from, and ValueError where an element in
/// them is not finite, or the variance is too large for double.
template <class T>
class Standardizer : public ColumnTransform<T> {
 public:
  Standardizer();

  /// (columns); of shape (0) before anything is fitted.
  const Array<double>& means() const& noexcept { return this->learned(0); }
  /// The same of a temporary.
  Array<double> means() && noexcept { return std::move(this->learned(0)); }
  /// The standard deviations: (columns), likewise.
  const Array<double>& scales() const& noexcept { return this->learned(1); }
  /// The same of a temporary.
  Array<double> scales() && noexcept { return std::move(this->learned(1)); }

 protected:
  std::vector<Array<double>> learn(const ArrayInput<T>& features, const Shape& columns,
                                   std::span<const std::size_t> rows) const override;
  void change(ArrayView<T> features) const override;
};

extern template class Standardizer<float>;
extern template class Standardizer<double>;

}  // namespace xtape::data
#pragma GCC visibility pop
