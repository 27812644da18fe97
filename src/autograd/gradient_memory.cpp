// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/gradient_memory.hpp"

#include <bit>

#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::detail {
namespace {

// Calls work(i) for each i-th bit that is set, of those in the numbers from begin to end.
template <class Work>
void for_each_bit(const std::vector<std::uint64_t>& bits, std::size_t begin, std::size_t end, Work work) {
  for (std::size_t i = begin; i < end; ++i) {
    for (std::uint64_t left = bits[i]; left != 0; left &= left - 1) {
      work(i * 64 + static_cast<std::size_t>(std::countr_zero(left)));
    }
  }
}

}  // namespace

template <class T>
void GradientMemory<T>::set_sparse(bool is_sparse) {
  if (is_sparse == is_sparse_) return;
  const std::size_t rows = is_sparse ? memory_.shape()[0] : 0;
  std::vector<std::uint64_t> marks((rows + 63) / 64), marks_of_marks((rows + 4095) / 4096);
  std::vector<std::size_t> room;
  room.reserve(rows);

  if (state_ == State::in_marked_rows) state_ = State::anywhere;
  is_sparse_ = is_sparse;
  width_ = rows == 0 ? 0 : memory_.size() / rows;
  marks_.swap(marks);
  marks_of_marks_.swap(marks_of_marks);
  rows_.swap(room);
}

template <class T>
void GradientMemory<T>::add(GradientMemory& part) {
  if (part.state_ == State::unwritten) return;
  part.settle();
  if (part.is_sparse_) {
    contribute_to_rows(part.rows_);
  } else {
    open();
  }
  const ElementsOfRows elements = part.elements();
  parallel_for_even_ranges(elements.size(), products_per_block, [&](std::size_t begin, std::size_t end) {
    elements.for_each_run(begin, end, [&](std::size_t offset, std::size_t count) {
      T* const to = memory_.data() + offset;
      kernels::kernel<kernels::Binary<kernels::Add>, T>()(to, true, part.memory_.data() + offset, true, to,
                                                          count);
    });
  });
}

template <class T>
void GradientMemory<T>::zero() noexcept {
  if (state_ != State::in_marked_rows) {
    state_ = State::unwritten;
    return;
  }
  for_each_marked_row([this](std::size_t row) { std::fill_n(memory_.data() + row * width_, width_, T{0}); });
  remove_marks();
}

template <class T>
void GradientMemory<T>::fill() noexcept {
  if (state_ != State::unwritten) return;
  std::ranges::fill(memory_, T{0});
  remove_marks();
  state_ = is_sparse_ ? State::in_marked_rows : State::anywhere;
}

template <class T>
void GradientMemory<T>::settle() noexcept {
  fill();
  // What somebody has to write to may be written at any time.
  if (!is_sparse_ || (rows_are_listed_ && state_ == State::in_marked_rows)) return;
  rows_.clear();
  if (state_ == State::in_marked_rows) {
    for_each_marked_row([this](std::size_t row) { list_if_any(row); });
  } else {
    for (std::size_t row = 0; row < memory_.shape()[0]; ++row) list_if_any(row);
  }
  rows_are_listed_ = true;
}

template <class T>
template <class Work>
void GradientMemory<T>::for_each_marked_row(Work work) const noexcept {
  for_each_bit(marks_of_marks_, 0, marks_of_marks_.size(),
               [&](std::size_t marked) { for_each_bit(marks_, marked, marked + 1, work); });
}

template <class T>
void GradientMemory<T>::remove_marks() noexcept {
  for_each_bit(marks_of_marks_, 0, marks_of_marks_.size(),
               [this](std::size_t marked) { marks_[marked] = 0; });
  std::ranges::fill(marks_of_marks_, 0);
  rows_are_listed_ = false;
}

template <class T>
void GradientMemory<T>::list_if_any(std::size_t row) noexcept {
  const T* const elements = memory_.data() + row * width_;
  if (std::any_of(elements, elements + width_, [](T x) { return x != 0; })) rows_.push_back(row);
}

template class GradientMemory<float>;
template class GradientMemory<double>;

}  // namespace xtape::detail
