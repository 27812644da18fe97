// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

#include "arrays/format.hpp"
#include "arrays/with_rows_before.hpp"
#include "nn/evaluation_mode.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::nn {

// What a model gives for so many rows, without gradients and in evaluation mode. `batch_of(begin, count)` are
// some of them. Throws ShapeError unless the model gives rows of one shape, one for each.
template <class T, class BatchOf>
Array<T> predict(const char* function, Module<T>& model, std::size_t rows, std::size_t rows_at_a_time,
                 BatchOf batch_of) {
  const EvaluationMode mode(model);
  Tape<T> tape;
  const auto no_grad = tape.no_grad();
  Array<T> all;
  std::size_t done = 0;
  do {  // once for no rows, which tells the shape of a row
    const auto frame = tape.frame();
    const std::size_t count = std::min(rows_at_a_time, rows - done);
    const Variable<T> y = model(tape.borrow(batch_of(done, count)));
    if (y.shape().rank() == 0 || y.shape()[0] != count) {
      fail<ShapeError>("{}: the model must give a row for each of {} rows, got {}", function, count,
                       y.shape());
    }
    const Shape row(y.shape().begin() + 1, y.shape().end());
    if (done == 0) all = Array<T>(with_rows_before(row, rows));
    if (with_rows_before(row, rows) != all.shape()) {
      fail<ShapeError>("{}: the model must give rows of one shape, got {} after others of {}", function,
                       y.shape(), all.shape());
    }
    std::copy_n(y.data(), y.size(), all.begin() + done * row.elements());
    done += count;
  } while (done < rows);
  return all;
}

}  // namespace xtape::nn
