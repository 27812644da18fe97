// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "xtape/arrays/array_view.hpp"

#pragma GCC visibility push(default)
namespace xtape::detail {

// Elements of an array, counted through: all there are, or those of some rows.
class ElementsOfRows {
 public:
  explicit ElementsOfRows(std::size_t all) noexcept : size_(all) {}
  ElementsOfRows(std::span<const std::size_t> rows, std::size_t width) noexcept
      : size_(rows.size() * width), rows_(rows), width_(width), are_all_(false) {}

  std::size_t size() const noexcept { return size_; }

  // Calls work(offset, count) for what lies together in memory of those that are counted from begin to end.
  template <class Work>
  void for_each_run(std::size_t begin, std::size_t end, Work work) const {
    if (are_all_) return work(begin, end - begin);
    while (begin < end) {
      std::size_t row = begin / width_;
      const std::size_t offset = rows_[row] * width_ + begin % width_;
      std::size_t count = width_ - begin % width_;
      for (; count < end - begin && rows_[row + 1] == rows_[row] + 1; ++row) count += width_;
      count = std::min(count, end - begin);
      work(offset, count);
      begin += count;
    }
  }

 private:
  std::size_t size_;
  std::span<const std::size_t> rows_;
  std::size_t width_ = 0;
  bool are_all_ = true;
};

// The gradient of a parameter in memory that is somebody else's, and where in it may be other than zeros.
template <class T>
class GradientMemory {
 public:
  GradientMemory(ArrayView<T> memory, bool is_sparse) : memory_(memory) { set_sparse(is_sparse); }

  // Sparse: rows without a gradient are passed over, and cost nothing.
  void set_sparse(bool is_sparse);
  bool is_sparse() const noexcept { return is_sparse_; }

  // For a contribution to any element. `first`: the memory is uninitialised, and each is to be written.
  T* contribute(bool& first) noexcept {
    first = state_ == State::unwritten;
    state_ = State::anywhere;
    return memory_.data();
  }
  // For additions to elements of these rows.
  template <class Rows>
  ArrayView<T> contribute_to_rows(const Rows& rows) noexcept {
    fill();
    if (state_ == State::in_marked_rows) {
      for (const auto row : rows) mark(static_cast<std::size_t>(row));
    }
    return memory_;
  }
  void add(GradientMemory& part);
  void zero() noexcept;

  // All elements, to be read. Nothing is written from the second call on, which threads may make at once.
  ArrayView<T> filled() noexcept {
    fill();
    return memory_;
  }
  // The same, to be written by whoever has them, too.
  ArrayView<T> open() noexcept {
    fill();
    if (state_ != State::anywhere) state_ = State::anywhere;
    return memory_;
  }

  // Fills and lists all that the functions below tell, until somebody contributes or writes.
  void settle() noexcept;
  // Of a sparse one: those that are not all zeros, in order.
  std::span<const std::size_t> rows() const noexcept { return rows_; }
  // Those that count: of a sparse one, of these rows.
  ElementsOfRows elements() const noexcept {
    return is_sparse_ ? ElementsOfRows(rows_, width_) : ElementsOfRows(memory_.size());
  }
  const T* data() const noexcept { return memory_.data(); }
  // The same where elements() will be changed.
  T* data_to_change() noexcept {
    rows_are_listed_ = false;
    return memory_.data();
  }

 private:
  enum class State {
    unwritten,       // All are zero, whatever the memory holds.
    in_marked_rows,  // The other rows hold zeros. Only of sparse ones.
    anywhere
  };

  void fill() noexcept;
  void mark(std::size_t row) noexcept {
    marks_[row / 64] |= std::uint64_t{1} << (row % 64);
    marks_of_marks_[row / 4096] |= std::uint64_t{1} << (row / 64 % 64);
    rows_are_listed_ = false;
  }
  void remove_marks() noexcept;
  template <class Work>
  void for_each_marked_row(Work work) const noexcept;
  void list_if_any(std::size_t row) noexcept;

  ArrayView<T> memory_;
  std::size_t width_ = 0;  // of a row
  State state_ = State::unwritten;
  bool is_sparse_ = false;
  bool rows_are_listed_ = false;
  std::vector<std::uint64_t> marks_;           // a bit a row
  std::vector<std::uint64_t> marks_of_marks_;  // a bit for each of marks_ that is not 0
  std::vector<std::size_t> rows_;              // with room for all
};

extern template class GradientMemory<float>;
extern template class GradientMemory<double>;

}  // namespace xtape::detail
#pragma GCC visibility pop
