// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/softmax.hpp"
#include "ops/axes.hpp"
#include "ops/permute.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/rearrange.hpp"
#include "xtape/ops/reduce.hpp"

namespace xtape {
namespace {

// log(sum(e^x)) of each row of (rows, length).
template <class T>
Variable<T> log_sum_exp_rows(Variable<T> x) {
  const std::size_t rows = x.shape()[0], length = x.shape()[1];

  Recording<T> op("log_sum_exp", {x});
  const ArrayView<T> y = op.output({rows});
  const auto saved = op.template save<kernels::Normaliser<T>>({op.needs_grad() && length > 0 ? rows : 0});
  for (std::size_t row = 0; row < rows; ++row) {
    if (length == 0) {
      y[row] = -std::numeric_limits<T>::infinity();
      continue;
    }
    const T* logits = x.data() + row * length;
    const auto normaliser = kernels::normaliser(logits, length, 1);
    // The sum is infinite with any +inf, however many, and 0 with only -inf.
    const bool limit = std::isinf(normaliser.max) &&
                       std::none_of(logits, logits + length, [](T value) { return std::isnan(value); });
    y[row] = limit ? normaliser.max : static_cast<T>(normaliser.max + normaliser.log_rest());
    if (op.needs_grad()) saved[row] = normaliser;
  }

  return op.finish([rows, length, saved](Backward<T>& b) {
    // d/dx log(sum(e^x)) = softmax(x)
    const auto [dx, first] = b.contribution(0);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t j = 0; j < length; ++j) {
        const std::size_t at = row * length + j;
        const T contribution =
            static_cast<T>(b.output_grad()[row] * saved[row].probability(b.input(0)[at], j));
        dx[at] = first ? contribution : dx[at] + contribution;
      }
    }
  });
}

}  // namespace

template <class T>
Variable<T> log_sum_exp(Variable<T> x, Axes axes, KeepDims keep) {
  const Shape shape = x.shape();
  const auto reduced = axes.resolve("log_sum_exp", shape);
  const Shape result = reduced_shape(shape, reduced, keep);

  // The reduced axes come last, so that each result is of one row.
  std::array<std::size_t, Shape::max_rank> order{};
  std::size_t next = 0;
  for (const bool last : {false, true}) {
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
      if (reduced[axis] == last) order[next++] = axis;
    }
  }
  const Variable<T> ordered = permute("log_sum_exp", x, order);
  const Shape rows{result.elements(), reduced_elements(shape, reduced)};
  return reshape(log_sum_exp_rows(reshape(ordered, rows)), result);
}

template Variable<float> log_sum_exp(Variable<float>, Axes, KeepDims);
template Variable<double> log_sum_exp(Variable<double>, Axes, KeepDims);

}  // namespace xtape
