// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// Row numbers of a dataset, cut into batches; the last one may be smaller. The dataset itself is not
/// copied or moved: shuffle() changes the order of the numbers.
///
///     data::Batches batches(split.train, 32);
///     for (...) {
///       batches.shuffle(random);
///       for (const auto rows : batches) {
///         auto frame = tape.frame();
///         auto x = data::take_rows(tape, features, rows);
///         auto y = data::take_rows(tape, labels, rows);
class Batches {
 public:
  /// Goes from batch to batch; each is a std::span of row numbers.
  class Iterator {
   public:
    using value_type = std::span<const std::size_t>;  ///< a batch
    using difference_type = std::ptrdiff_t;           ///< as iterators have it

    Iterator() = default;
    /// At a batch.
    Iterator(const Batches* batches, std::size_t batch) noexcept : batches_(batches), batch_(batch) {}

    /// The batch.
    value_type operator*() const { return (*batches_)[batch_]; }
    /// To the next one.
    Iterator& operator++() noexcept {
      ++batch_;
      return *this;
    }
    /// To the next one.
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++batch_;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Batches* batches_ = nullptr;
    std::size_t batch_ = 0;
  };

  /// @throws ArgumentError  batch_size is 0.
  Batches(std::vector<std::size_t> rows, std::size_t batch_size);

  /// Puts the rows in another random order.
  void shuffle(Random& random) { random.shuffle(rows_); }

  /// How many batches there are.
  std::size_t size() const noexcept { return rows_.size() / batch_size_ + (rows_.size() % batch_size_ != 0); }
  /// @throws ArgumentError  there is no such batch.
  std::span<const std::size_t> operator[](std::size_t batch) const&;
  /// The rows would be gone with the batches.
  std::span<const std::size_t> operator[](std::size_t batch) const&& = delete;

  /// The first batch.
  Iterator begin() const noexcept { return {this, 0}; }
  /// Behind the last one.
  Iterator end() const noexcept { return {this, size()}; }

  /// The rows in their order, as "rows": what shuffle() starts from.
  NamedArrays state() const;
  /// @throws ArgumentError  a name or a type differs from those of state(), or the rows are not those here.
  /// @throws ShapeError     they are not as many as here.
  void load_state(const NamedArrays& state);

 private:
  std::vector<std::size_t> rows_;
  std::size_t batch_size_;
};

/// The rows of an array, gathered into memory of the tape: a constant for features, plain memory for class
/// indices. Valid until the frame ends.
/// @param array  (rows, ...)
/// @throws ShapeError     array has no rows.
/// @throws ArgumentError  a row number is not below the number of rows.
template <class T>
Variable<T> take_rows(Tape<T>& tape, const ArrayInput<std::type_identity_t<T>>& array,
                      std::span<const std::size_t> rows);
/// The same for class indices.
template <class T>
ArrayView<const std::int64_t> take_rows(Tape<T>& tape, const ArrayInput<std::int64_t>& array,
                                        std::span<const std::size_t> rows);

}  // namespace xtape::data
#pragma GCC visibility pop
