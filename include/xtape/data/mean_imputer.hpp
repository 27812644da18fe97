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

/// Puts in place of each NaN the mean of its column over the training rows that have a number there. Save its
/// state with the model.
///
///     const auto table = data::read_csv("patients.csv", {.missing = data::Missing::nan});
///     auto features = table.features<float>("outcome");
///     data::MeanImputer<float> imputer;
///     imputer.fit(features, split.train);
///     imputer.apply(features);
///
/// Features are (rows, ...); each place behind the first axis is a column. T is float or double.
template <class T>
class MeanImputer {
 public:
  /// @param rows  those to learn from; without them all.
  /// @throws ShapeError     features have no axis.
  /// @throws ArgumentError  a row number is not below those of features.
  /// @throws ValueError     a column has no number in these rows, or an infinity.
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

  /// The array "mean".
  /// @throws ArgumentError  nothing has been fitted or loaded.
  NamedArrays state() const;
  /// @throws ArgumentError  a name or a type differs from those of state().
  /// @throws ShapeError     "mean" has another shape than what was fitted here.
  /// @throws ValueError     a mean is not finite.
  void load_state(const NamedArrays& state);

 private:
  bool fitted_ = false;
  Array<double> means_;
};

extern template class MeanImputer<float>;
extern template class MeanImputer<double>;

}  // namespace xtape::data
#pragma GCC visibility pop
