// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "xtape/arrays/array_source.hpp"
#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// A function argument: one number per prediction, as a Variable, which receives a gradient if it needs one,
/// or as a number, an xtensor expression, an ArrayView or a flat container of reals, integers or bools.
template <class T>
class Labels {
 public:
  /// Labels that may be trained themselves.
  Labels(Variable<T> variable) : labels_(variable) {}

  /// Labels that are only read: those that have a name in the call, temporaries are kept.
  template <class Source>
  requires(detail::RealArray<Source> || detail::IntegerArray<Source> || detail::BoolArray<Source>)
      Labels(Source&& source)
      : labels_(detail::ArraySource<T>(std::forward<Source>(source))) {}

  /// The variable, or null.
  const Variable<T>* variable() const { return std::get_if<Variable<T>>(&labels_); }
  /// Their extents.
  Shape shape() const { return variable() ? variable()->shape() : array().shape(); }
  /// The array; only where there is no variable.
  const detail::ArraySource<T>& array() const { return std::get<detail::ArraySource<T>>(labels_); }

 private:
  std::variant<Variable<T>, detail::ArraySource<T>> labels_;
};

/// A function argument: the true classes. An array of integers holds their indices, one per sample; an array
/// of reals or bools, or a Variable, holds soft labels: a distribution over the classes for each sample.
template <class T>
class ClassLabels {
 public:
  /// A distribution over the classes for each sample.
  ClassLabels(Variable<T> soft) : labels_(Labels<T>(soft)) {}

  /// A distribution over the classes for each sample; bools say which of them are true.
  template <class Source>
  requires(detail::RealArray<Source> || detail::BoolArray<Source>) ClassLabels(Source&& soft)
      : labels_(Labels<T>(std::forward<Source>(soft))) {}

  /// The class of each sample.
  template <detail::IntegerArray Source>
  ClassLabels(Source&& class_indices) : labels_(Indices(std::forward<Source>(class_indices))) {}

  /// The class of each sample.
  ClassLabels(const Indices& class_indices) : labels_(class_indices) {}

  /// The soft labels, or null.
  const Labels<T>* soft() const { return std::get_if<Labels<T>>(&labels_); }
  /// The class indices, or null.
  const Indices* indices() const { return std::get_if<Indices>(&labels_); }
  /// Their extents.
  Shape shape() const { return soft() ? soft()->shape() : indices()->shape(); }

 private:
  std::variant<Labels<T>, Indices> labels_;
};

}  // namespace xtape::losses
#pragma GCC visibility pop
