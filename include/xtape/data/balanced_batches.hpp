// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/data/batches.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// Options of BalancedBatches.
struct BalancedBatchesOptions {
  std::size_t rows_per_class = 0;  ///< In an epoch; 0 stands for the rows of the largest class.
  std::optional<std::int64_t> ignore_index = {};  ///< Rows with class indices of this value are never taken.
};

/// Batches in which every class is equally frequent, for data in which some are rare. An epoch holds
/// rows_per_class rows of each class: all rows of a smaller class again and again, each as often as the
/// others up to one time, and as many of a larger class. The epoch is a sequence of rounds with one row of
/// each class, so that the classes are as frequent in each batch as in the whole, up to two rows. In use as
/// Batches:
///
///     data::BalancedBatches batches(split.train, labels, 32);
///     for (...) {
///       batches.shuffle(random);
///       for (const auto rows : batches) {
///
/// Whatever numbers the classes have, each is as frequent as every other: a -1 that stands for "no class"
/// must be named as ignore_index, as to the loss.
///
/// Accuracies of a model trained so, and its probabilities, are those of equally frequent classes.
class BalancedBatches {
 public:
  /// @param rows           rows to take, as of Split::train.
  /// @param class_indices  the class of each row of the dataset: (rows of the dataset), integers of any type.
  /// @throws ArgumentError  batch_size is 0, a row is not one of the dataset, or ignore_index leaves no row
  /// of
  ///                        those that are given.
  /// @throws ShapeError     class_indices have not one axis.
  BalancedBatches(const std::vector<std::size_t>& rows, const Indices& class_indices, std::size_t batch_size,
                  const BalancedBatchesOptions& options = {});

  /// Draws the next epoch. It depends on the state of `random` alone, not on the epochs before.
  void shuffle(Random& random);

  /// How many batches there are.
  std::size_t size() const noexcept { return batches_.size(); }
  /// @throws ArgumentError  there is no such batch.
  std::span<const std::size_t> operator[](std::size_t batch) const& { return batches_[batch]; }
  /// The rows would be gone with the batches.
  std::span<const std::size_t> operator[](std::size_t batch) const&& = delete;

  /// The first batch.
  Batches::Iterator begin() const noexcept { return batches_.begin(); }
  /// Behind the last one.
  Batches::Iterator end() const noexcept { return batches_.end(); }

  /// The rows of the epoch, as "rows".
  NamedArrays state() const { return batches_.state(); }
  /// @throws ArgumentError  a name or a type differs from those of state(), or a row is not one of these.
  /// @throws ShapeError     they are not as many as here.
  void load_state(const NamedArrays& state);

 private:
  void draw(Random* random);

  std::vector<std::vector<std::size_t>> rows_of_class_;
  std::size_t rows_per_class_;
  std::size_t batch_size_;
  Batches batches_;
};

}  // namespace xtape::data
#pragma GCC visibility pop
