// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <type_traits>
#include <variant>

#include "xtape/autograd/variable.hpp"
#include "xtape/core/array_source.hpp"

namespace xtape::losses {

/// A function argument: one number per prediction, as a Variable, which receives a gradient if it needs one,
/// or as a number, an xtensor expression, an ArrayView or a flat container of reals, integers or bools.
template <class T>
class Labels {
 public:
  Labels(Variable<T> variable) : labels_(variable) {}

  template <class Source>
  requires(detail::RealArray<Source> || detail::IntegerArray<Source> || detail::BoolArray<Source>)
      Labels(const Source& source)
      : labels_(detail::ArraySource<T>(source)) {}

  const Variable<T>* variable() const { return std::get_if<Variable<T>>(&labels_); }
  Shape shape() const { return variable() ? variable()->shape() : array().shape(); }
  const detail::ArraySource<T>& array() const { return std::get<detail::ArraySource<T>>(labels_); }

 private:
  std::variant<Variable<T>, detail::ArraySource<T>> labels_;
};

/// A function argument: the true classes. An array of integers holds their indices, one per sample; an array
/// of reals or bools, or a Variable, holds soft labels: a distribution over the classes for each sample.
template <class T>
class ClassLabels {
 public:
  ClassLabels(Variable<T> soft) : labels_(Labels<T>(soft)) {}

  template <class Source>
  requires(detail::RealArray<Source> || detail::BoolArray<Source>) ClassLabels(const Source& soft)
      : labels_(Labels<T>(soft)) {}

  template <detail::IntegerArray Source>
  ClassLabels(const Source& class_indices) : labels_(Indices(class_indices)) {}

  ClassLabels(const Indices& class_indices) : labels_(class_indices) {}

  const Labels<T>* soft() const { return std::get_if<Labels<T>>(&labels_); }
  const Indices* indices() const { return std::get_if<Indices>(&labels_); }
  Shape shape() const { return soft() ? soft()->shape() : indices()->shape(); }

 private:
  std::variant<Labels<T>, Indices> labels_;
};

}  // namespace xtape::losses
