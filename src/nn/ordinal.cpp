// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/ordinal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "arrays/format.hpp"
#include "kernels/logistic.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/ops/ordinal.hpp"
#include "xtape/ops/rearrange.hpp"

namespace xtape::nn {
namespace {

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

// y is the first, and behind it each the sum of the one before and the softplus of a gap. A gap that rounds
// to nothing beside it is one unit in the last place.
template <class T>
void add_gaps(T first, ArrayView<const T> gaps, ArrayView<T> y) {
  y[0] = first;
  for (std::size_t j = 0; j < gaps.size(); ++j) {
    const T next = static_cast<T>(y[j] + softplus(gaps[j]));
    y[j + 1] = next <= y[j] ? std::nextafter(y[j], std::numeric_limits<T>::infinity()) : next;
  }
}

template <class T>
Variable<T> rising(Variable<T> first, Variable<T> gaps) {
  Recording<T> op("rising", {first, gaps});
  const ArrayView<T> y = op.output({gaps.size() + 1});
  add_gaps<T>(first.data()[0], gaps.values(), y);

  return op.finish([](Backward<T>& b) {
    // Each moves all thresholds behind it.
    double moved = 0;
    const ArrayView<T> dfirst = b.input_grad(0), dgaps = b.input_grad(1);
    for (std::size_t j = dgaps.size(); j-- > 0;) {
      moved += b.output_grad()[j + 1];
      dgaps[j] += static_cast<T>(moved * kernels::sigmoid<double>(b.input(1)[j]));
    }
    dfirst[0] += static_cast<T>(moved + b.output_grad()[0]);
  });
}

}  // namespace

template <class T>
Ordinal<T>::Ordinal(std::size_t classes)
    : first_threshold("first_threshold", Shape{1}),
      gaps("gaps", Shape{std::max<std::size_t>(classes, 2) - 2}) {
  if (classes < 2) fail<ArgumentError>("Ordinal: classes must be at least 2, got {}", classes);
  first_threshold.values()[0] = -static_cast<T>(gaps.size()) / 2;
  std::ranges::fill(gaps.values(), static_cast<T>(std::log(std::expm1(1.0))));  // of which softplus is 1
  this->add(first_threshold);
  if (gaps.size() > 0) this->add(gaps);
}

template <class T>
Variable<T> Ordinal<T>::forward(Variable<T> x) {
  const Shape& shape = x.shape();
  const bool is_column = shape.rank() == 2 && shape[1] == 1;
  if (shape.rank() != 1 && !is_column) {
    fail<ShapeError>("Ordinal: x must be one score for each row, (rows) or (rows, 1), got {}", shape);
  }
  const Variable<T> scores = is_column ? reshape(x, {shape[0]}) : x;
  return ordinal_log_probabilities(scores, thresholds(x.tape()));
}

template <class T>
Variable<T> Ordinal<T>::thresholds(Tape<T>& tape) {
  const Variable<T> first = tape.watch(first_threshold);
  return gaps.size() == 0 ? first : rising(first, tape.watch(gaps));
}

template <class T>
Ordinal<T>::Ordinal(const Config& config) : Ordinal(config.count("classes")) {}

template <class T>
GraphValue Ordinal<T>::add_to(Graph<T>& graph, GraphValue x) const {
  Array<T> all(Shape{gaps.size() + 1});
  add_gaps<T>(first_threshold.values()[0], gaps.values(), all);
  return graph.apply(operations::OrdinalLogProbabilities<T>{graph.keep(std::move(all))}, {x});
}

template <class T>
Config Ordinal<T>::config() const {
  return Config().set("classes", gaps.size() + 2);
}

template class Ordinal<float>;
template class Ordinal<double>;

}  // namespace xtape::nn
