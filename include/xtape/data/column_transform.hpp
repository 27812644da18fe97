// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/named_arrays.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// Learns numbers about each column from the training rows, and changes features by them: see MeanImputer and
/// Standardizer. Save its state with the model, which has learned from features brought to it.
///
/// Features are (rows, ...); each place behind the first axis is a column. T is float or double.
template <class T>
class ColumnTransform {
 public:
  virtual ~ColumnTransform() = default;

  /// @param rows  those to learn from; without them all.
  /// @throws ShapeError     features have no axis.
  /// @throws ArgumentError  a row number is not below those of features.
  /// What else is thrown, the derived class says; nothing has changed then.
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

  /// What has been learned; the derived class names the arrays.
  /// @throws ArgumentError  nothing has been fitted or loaded.
  NamedArrays state() const;
  /// @throws ArgumentError  a name or a type differs from those of state().
  /// @throws ShapeError     the arrays have not one shape, or another than what was fitted here.
  /// @throws ValueError     a number is not finite, or out of the range that the derived class gives.
  void load_state(const NamedArrays& state);

 protected:
  /// Numbers that are learned, one for each column.
  struct Numbers {
    const char* name;  ///< of the array in the state
    double least;      ///< They must be at least that.
  };

  /// @param name  of the derived class, for messages.
  ColumnTransform(const char* name, std::initializer_list<Numbers> numbers)
      : name_(name), numbers_(numbers) {}
  /// Takes what the other has learned.
  ColumnTransform(ColumnTransform&&) = default;
  /// The same.
  ColumnTransform& operator=(ColumnTransform&&) = default;

  /// The numbers that these rows give, each of shape `columns`, which have been found to be in features.
  virtual std::vector<Array<double>> learn(const ArrayInput<T>& features, const Shape& columns,
                                           std::span<const std::size_t> rows) const = 0;
  /// Changes features of the columns that were fitted.
  virtual void change(ArrayView<T> features) const = 0;

  /// What has been learned, in the order of the constructor's `numbers`; of shape (0) before.
  Array<double>& learned(std::size_t i) noexcept { return learned_[i]; }
  /// The same, only to be read.
  const Array<double>& learned(std::size_t i) const noexcept { return learned_[i]; }

 private:
  void require_fitted(const char* function) const;
  Shape columns_of(const char* function, const Shape& features) const;

  const char* name_;
  std::vector<Numbers> numbers_;
  std::array<Array<double>, 2> learned_;  // as many as there are numbers
  bool fitted_ = false;
};

extern template class ColumnTransform<float>;
extern template class ColumnTransform<double>;

}  // namespace xtape::data
#pragma GCC visibility pop
