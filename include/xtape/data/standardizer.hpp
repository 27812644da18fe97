// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/named_arrays.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// Brings features to mean 0 and variance 1: (x - mean) / scale in each column, with the mean and the
/// standard deviation (that divides by the number of rows) of the training rows, in double. The scale of a
/// constant column is 1. Save its state with the model, which has learned from features brought to it.
///
///     data::Standardizer<float> standardizer;
///     standardizer.fit(features, split.train);  // the test rows must not be known to the model
///     standardizer.apply(features);
///
/// Features are (rows, ...); each place behind the first axis is a column. T is float or double.
template <class T>
class Standardizer {
 public:
  /// @param rows  those to learn from; without them all.
  /// @throws ShapeError     features have no axis.
  /// @throws ArgumentError  there are no rows to learn from, or a row number is not below those of features.
  /// @throws ValueError     an element in these rows is not finite, or the variance is too large for double.
  void fit(const ArrayInput<T>& features, std::span<const std::size_t> rows);
  /// The same from all rows.
  void fit(const ArrayInput<T>& features);

  /// In place.
  /// @throws ArgumentError  nothing has been fitted or loaded.
  /// @throws ShapeError     features have not the columns that were fitted.
  void apply(ArrayView<T> features) const;

  /// A copy.
  /// @throws ArgumentError, ShapeError  as apply().
  Array<T> applied(const ArrayInput<T>& features) const;

  /// (columns); of shape (0) before anything is fitted.
  const Array<double>& means() const& noexcept { return means_; }
  /// The same of a temporary.
  Array<double> means() && noexcept { return std::move(means_); }
  /// The standard deviations: (columns), likewise.
  const Array<double>& scales() const& noexcept { return scales_; }
  /// The same of a temporary.
  Array<double> scales() && noexcept { return std::move(scales_); }

  /// The arrays "mean" and "scale".
  /// @throws ArgumentError  nothing has been fitted or loaded.
  NamedArrays state() const;
  /// @throws ArgumentError  a name or a type differs from those of state().
  /// @throws ShapeError     "mean" and "scale" have not one shape, or another than what was fitted here.
  /// @throws ValueError     a mean is not finite, or a scale not finite and positive.
  void load_state(const NamedArrays& state);

 private:
  bool fitted_ = false;
  Array<double> means_, scales_;
};

extern template class Standardizer<float>;
extern template class Standardizer<double>;

}  // namespace xtape::data
#pragma GCC visibility pop
