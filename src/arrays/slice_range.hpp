// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

#include "arrays/slices.hpp"
#include "arrays/transposed_copy.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"

namespace xtape {

// Slices [begin, end) of an array as rows that lie one after the other.
struct SliceRange {
  const Slices& slices;
  std::size_t begin;
  std::size_t end;

  std::size_t count() const { return end - begin; }
  std::size_t elements() const { return count() * slices.length; }
  bool are_rows() const { return slices.step == 1 || slices.length == 1; }

  // The rows where they are, or copied together.
  template <class T>
  const T* gather(const T* array, Workspace& workspace) const {
    return are_rows() ? array + begin * slices.length : copy(array, workspace);
  }

  // The rows copied together.
  template <class T>
  T* copy(const T* array, Workspace& workspace) const {
    T* rows = workspace.take<T>(elements());
    if (are_rows()) {
      std::copy_n(array + begin * slices.length, elements(), rows);
      return rows;
    }
    for_each_run([&](std::size_t row, std::size_t length, std::size_t at) {
      copy_transposed(array + at, slices.step, slices.length, length, rows + row * slices.length,
                      slices.length);
    });
    return rows;
  }

  // Where to write rows that scatter() takes.
  template <class T>
  T* rows_of(T* array, Workspace& workspace) const {
    return are_rows() ? array + begin * slices.length : workspace.take<T>(elements());
  }
  // The same for rows to which something is added, unless it is the first contribution.
  template <class T>
  T* to_be_added(T* array, bool first, Workspace& workspace) const {
    return are_rows() || first ? rows_of(array, workspace) : copy(array, workspace);
  }
  template <class T>
  void scatter(const T* rows, T* array) const {
    if (are_rows()) return;
    for_each_run([&](std::size_t row, std::size_t length, std::size_t at) {
      copy_transposed(rows + row * slices.length, slices.length, length, slices.length, array + at,
                      slices.step);
    });
  }

 private:
  // Calls run(row, length, at) for the slices that lie side by side in memory: where they begin in the range,
  // how many they are, and where they begin in the array.
  template <class Run>
  void for_each_run(Run run) const {
    for (std::size_t s = begin; s < end;) {
      const std::size_t length = std::min(end - s, slices.step - s % slices.step);
      run(s - begin, length, slices.start(s));
      s += length;
    }
  }
};

// Calls work(SliceRange) for ranges of slices of about so many elements, on several threads if there are
// many.
template <class Work>
void for_slice_ranges(const Slices& slices, std::size_t elements, Work work) {
  const std::size_t length = std::max<std::size_t>(1, elements / std::max<std::size_t>(1, slices.length));
  parallel_for_ranges(slices.count, length, [&](std::size_t begin, std::size_t end) {
    work(SliceRange{slices, begin, end});
  });
}

// Calls work(first slice, n, where it begins) for n slices that lie one after the other, or side by side, on
// several threads if there are many.
template <class Work>
void for_neighbouring_slices(const Slices& slices, std::size_t elements, Work work) {
  if (slices.count == 0) return;                         // their step may be 0
  const std::size_t fewest = slices.step == 1 ? 1 : 64;  // to read memory in order
  std::size_t range = std::max(fewest, elements / std::max<std::size_t>(1, slices.length));
  if (range > slices.step) range -= range % slices.step;
  parallel_for_ranges(slices.count, range, [&](std::size_t begin, std::size_t end) {
    if (slices.step == 1) return work(begin, end - begin, slices.start(begin));
    for (std::size_t s = begin; s < end;) {
      const std::size_t n = std::min(end - s, slices.step - s % slices.step);
      work(s, n, slices.start(s));
      s += n;
    }
  });
}

}  // namespace xtape
