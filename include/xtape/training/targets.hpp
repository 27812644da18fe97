// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/data/rows.hpp"
#include "xtape/losses/labels.hpp"
#include "xtape/losses/option_arrays.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

/// What the targets of a training are.
enum class TargetKind {
  class_indices,  ///< (rows): each row is of one class
  soft_labels,    ///< (rows, classes): a distribution over the classes
  multilabel,     ///< (rows, labels): 1 for each label that a row has, 0 for the others
  binary,         ///< (rows): 1 for yes, 0 for no
  numbers         ///< (rows) or (rows, outputs): real numbers
};

/// "class_indices"
const char* to_string(TargetKind kind) noexcept;

}  // namespace xtape::training

namespace xtape::detail {

template <training::TargetKind kind, class Source>
struct TargetsOf {
  Source source;
};

}  // namespace xtape::detail

namespace xtape::training {

/// Targets that are distributions over the classes: (rows, classes), for Dataset::targets. Like the others
/// below, of an array of any element type or a data::RowSource, with data::Rows' rule for temporaries.
template <class Source>
xtape::detail::TargetsOf<TargetKind::soft_labels, Source> soft_labels(Source&& source) {
  return {std::forward<Source>(source)};
}
/// Targets that say of each label whether a row has it: (rows, labels) of 0 and 1.
template <class Source>
xtape::detail::TargetsOf<TargetKind::multilabel, Source> multilabel(Source&& source) {
  return {std::forward<Source>(source)};
}
/// Targets that are one yes or no for each row: (rows) of 0 and 1.
template <class Source>
xtape::detail::TargetsOf<TargetKind::binary, Source> binary(Source&& source) {
  return {std::forward<Source>(source)};
}
/// Targets that are real numbers: (rows) or (rows, outputs).
template <class Source>
xtape::detail::TargetsOf<TargetKind::numbers, Source> numbers(Source&& source) {
  return {std::forward<Source>(source)};
}

/// A function argument: what a model is to say of each row. Integers are class indices, unless soft_labels(),
/// multilabel(), binary() or numbers() says what they are; reals are named in any case.
template <class T>
class Targets {
 public:
  /// None.
  Targets() = default;

  /// The class of each row: (rows), an array of integers or a data::RowSource of them.
  template <class Source>
  requires(std::is_constructible_v<data::Rows<std::int64_t>, Source>) Targets(Source&& class_indices)
      : class_indices_(std::forward<Source>(class_indices)) {}

  /// The class indices at an address: (rows).
  template <StoredElement From>
  requires std::integral<From> Targets(const From* class_indices, const Shape& shape)
      : class_indices_(class_indices, shape) {}

  /// What the function says by which they are named.
  template <TargetKind kind, class Source>
  Targets(xtape::detail::TargetsOf<kind, Source> named)
      : kind_(kind), values_(std::forward<Source>(named.source)) {}

  /// What they are.
  TargetKind kind() const noexcept { return kind_; }
  /// (rows) or (rows, ...)
  const Shape& shape() const noexcept {
    return kind_ == TargetKind::class_indices ? class_indices_.shape() : values_.shape();
  }
  /// The classes; none where they are others.
  const data::Rows<std::int64_t>& class_indices() const noexcept { return class_indices_; }
  /// Of all but class indices: numbers, or 0 and 1.
  const data::Rows<T>& values() const noexcept { return values_; }

 private:
  TargetKind kind_ = TargetKind::class_indices;
  data::Rows<std::int64_t> class_indices_;
  data::Rows<T> values_;
};

/// The targets of the rows that a loss is about, as the loss takes them: it converts to the labels of every
/// loss of the library, and to the plain array.
template <class T>
class BatchTargets {
 public:
  /// The weights of rows, and whether somebody has asked for them.
  struct RowWeights {
    const double* weights = nullptr;                 ///< (rows); null: there are none
    std::atomic<bool>* were_weights_read = nullptr;  ///< set by weights(); null: nobody wants to know
  };

  /// Class indices, (rows).
  BatchTargets(ArrayView<const std::int64_t> class_indices, std::span<const std::size_t> rows,
               const RowWeights& weights = {}) noexcept
      : class_indices_(class_indices), rows_(rows), weights_(weights) {}
  /// All others, (rows) or (rows, ...).
  BatchTargets(TargetKind kind, ArrayView<const T> values, std::span<const std::size_t> rows,
               const RowWeights& weights = {}) noexcept
      : kind_(kind), values_(values), rows_(rows), weights_(weights) {}

  /// What they are.
  TargetKind kind() const noexcept { return kind_; }

  /// The classes, (rows).
  /// @throws ArgumentError  the targets are no class indices.
  ArrayView<const std::int64_t> class_indices() const {
    if (kind_ != TargetKind::class_indices) throw_other_kind("class_indices");
    return class_indices_;
  }
  /// The numbers, (rows) or (rows, ...).
  /// @throws ArgumentError  the targets are class indices.
  ArrayView<const T> values() const {
    if (kind_ == TargetKind::class_indices) throw_other_kind("values");
    return values_;
  }

  /// class_indices()
  operator ArrayView<const std::int64_t>() const { return class_indices(); }
  /// values()
  operator ArrayView<const T>() const { return values(); }
  /// class_indices()
  operator Indices() const { return Indices(class_indices()); }
  /// For losses over classes.
  operator losses::ClassLabels<T>() const {
    return kind_ == TargetKind::class_indices ? losses::ClassLabels<T>(class_indices_)
                                              : losses::ClassLabels<T>(values_);
  }
  /// For losses of single elements.
  operator losses::Labels<T>() const { return losses::Labels<T>(values()); }

  /// Where the rows stand in the dataset, or in the stream.
  std::span<const std::size_t> rows() const noexcept { return rows_; }

  /// The weight of each row, (rows), for the option sample_weights of a loss; not given where the dataset has
  /// none. Of a loss with an axis, or of one number a row.
  losses::Weights weights() const {
    if (weights_.were_weights_read != nullptr)
      weights_.were_weights_read->store(true, std::memory_order_relaxed);
    return weights_.weights == nullptr
               ? losses::Weights()
               : losses::Weights(ArrayView<const double>(weights_.weights, Shape{rows_.size()}));
  }

 private:
  [[noreturn]] void throw_other_kind(const char* wanted) const;

  TargetKind kind_ = TargetKind::class_indices;
  ArrayView<const std::int64_t> class_indices_;
  ArrayView<const T> values_;
  std::span<const std::size_t> rows_;
  RowWeights weights_;
};

}  // namespace xtape::training
#pragma GCC visibility pop
