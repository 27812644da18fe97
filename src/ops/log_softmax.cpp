// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/softmax.hpp"

#include "core/slices.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/softmax.hpp"

namespace xtape {

template <class T>
Variable<T> log_softmax(Variable<T> x, int axis) {
  const Slices slices = slices_along("log_softmax", x.shape(), axis);

  Recording<T> op("log_softmax", {x});
  const ArrayView<T> y = op.output(x.shape());
  const auto saved = op.template save<kernels::Normaliser<T>>({op.needs_grad() ? slices.count : 0});
  for (std::size_t s = 0; s < slices.count; ++s) {
    const std::size_t start = slices.start(s);
    const auto normaliser = kernels::normaliser(x.data() + start, slices.length, slices.step);
    const double log_rest = normaliser.log_rest();
    for (std::size_t j = 0; j < slices.length; ++j) {
      const std::size_t at = start + j * slices.step;
      y[at] = static_cast<T>(-(normaliser.gap(x.data()[at], j) + log_rest));
    }
    if (op.needs_grad()) saved[s] = normaliser;
  }

  return op.finish([slices, saved](Backward<T>& b) {
    // dx = dy - p sum(dy) with p = softmax(x), which is not e^y: y has lost the digits that x - max had. For
    // the most probable, dx = dy (1 - p) - p (sum of the other dy), so that nothing cancels where p is
    // near 1.
    const auto [dx, first] = b.contribution(0);
    const T *x = b.input(0).data(), *dy = b.output_grad().data();
    for (std::size_t s = 0; s < slices.count; ++s) {
      const std::size_t start = slices.start(s);
      kernels::Sum<T> others;
      for (std::size_t j = 0; j < slices.length; ++j) {
        if (j != saved[s].k) others.add(dy[start + j * slices.step]);
      }
      const double top = dy[start + saved[s].k * slices.step];
      for (std::size_t j = 0; j < slices.length; ++j) {
        const std::size_t at = start + j * slices.step;
        const double p = saved[s].probability(x[at], j);
        const T contribution =
            static_cast<T>(j == saved[s].k ? top * saved[s].top_complement() - p * others.value()
                                           : dy[at] - p * (others.value() + top));
        dx[at] = first ? contribution : dx[at] + contribution;
      }
    }
  });
}

template Variable<float> log_softmax(Variable<float>, int);
template Variable<double> log_softmax(Variable<double>, int);

}  // namespace xtape
