// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "arrays/format.hpp"
#include "training/loaded_rows.hpp"
#include "xtape/data/row_stream.hpp"
#include "xtape/random/random.hpp"

namespace xtape::training {

// Takes the rows of a stream through a window of so many: each is drawn uniformly from those that stand in
// it, and the next one of the stream takes its place. Through a window of 1 they come in the order of the
// stream, through one that holds the stream in any order with the same probability.
template <class T>
class StreamWindow {
 public:
  StreamWindow(data::RowStream<T>& stream, TargetKind kind, std::size_t size)
      : stream_(stream), format_(stream, kind), size_(size) {}

  // @param seed  of the order of the rows that next() gives
  void rewind(std::uint64_t seed) {
    stream_.rewind();
    random_ = Random(seed);
    arrived_ = count_ = 0;
    has_ended_ = false;
  }

  // The next rows: so many, or those that are left. False where none is.
  bool next(std::size_t rows, LoadedRows<T>& to) {
    fill();
    if (has_ended_) rows = std::min(rows, count_);
    const StreamedRows<T> batch = to.make_room(format_, rows);
    const StreamedRows<T> window = this->window();
    const std::size_t arrived = read(batch, rows);
    for (std::size_t i = 0; i < arrived; ++i) swap(batch, i, window, drawn());
    const std::size_t taken = std::min(rows, arrived + count_);
    for (std::size_t i = arrived; i < taken; ++i) {
      const std::size_t from = drawn();
      swap(batch, i, window, from);
      swap(window, from, window, --count_);
    }
    to.keep(format_, taken);
    return taken > 0;
  }

  // How many rows have come since the last rewind.
  std::size_t arrived() const { return arrived_; }

 private:
  // Its memory grows with what comes, since the stream may have fewer rows.
  void fill() {
    while (count_ < size_ && !has_ended_) {
      if (count_ == numbers_.size()) grow(std::min(size_, std::max<std::size_t>(16, 2 * count_)));
      const StreamedRows<T> all = window();
      const StreamedRows<T> free{all.features + count_ * format_.feature_width,
                                 all.targets + count_ * format_.target_width,
                                 format_.has_weights ? all.weights + count_ : nullptr, all.numbers + count_};
      count_ += read(free, numbers_.size() - count_);
    }
  }

  void grow(std::size_t rows) {
    const auto grow_to = [](auto& elements, std::size_t size) {
      elements.reserve(size);  // and no more
      elements.resize(size);
    };
    grow_to(features_, rows * format_.feature_width);
    grow_to(targets_, rows * format_.target_width);
    if (format_.has_weights) grow_to(weights_, rows);
    grow_to(numbers_, rows);
  }

  // How many came.
  std::size_t read(const StreamedRows<T>& to, std::size_t rows) {
    if (has_ended_) return 0;
    const std::size_t came =
        stream_.read(rows, {to.features, rows * format_.feature_width},
                     {to.targets, rows * format_.target_width}, {to.weights, format_.has_weights ? rows : 0});
    if (came > rows) {
      fail<ArgumentError>("train: data.stream must give at most the {} rows that are asked for, got {}", rows,
                          came);
    }
    has_ended_ = came < rows;
    for (std::size_t i = 0; i < came; ++i) to.numbers[i] = arrived_++;
    return came;
  }

  std::size_t drawn() { return static_cast<std::size_t>(random_.below(count_)); }

  void swap(const StreamedRows<T>& a, std::size_t i, const StreamedRows<T>& b, std::size_t j) const {
    const auto swap_elements = [i, j](auto* of_a, auto* of_b, std::size_t width) {
      if (of_a + i * width != of_b + j * width) {
        std::swap_ranges(of_a + i * width, of_a + (i + 1) * width, of_b + j * width);
      }
    };
    swap_elements(a.features, b.features, format_.feature_width);
    swap_elements(a.targets, b.targets, format_.target_width);
    if (format_.has_weights) swap_elements(a.weights, b.weights, 1);
    swap_elements(a.numbers, b.numbers, 1);
  }

  StreamedRows<T> window() { return {features_.data(), targets_.data(), weights_.data(), numbers_.data()}; }

  data::RowStream<T>& stream_;
  RowFormat format_;
  std::size_t size_;
  Random random_;
  std::size_t arrived_ = 0;
  bool has_ended_ = false;

  std::size_t count_ = 0;  // of the rows that stand in it, which are the first of these
  std::vector<T> features_;
  std::vector<T> targets_;
  std::vector<double> weights_;
  std::vector<std::size_t> numbers_;
};

}  // namespace xtape::training
