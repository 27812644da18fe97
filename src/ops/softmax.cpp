// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/softmax.hpp"

#include "core/slices.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/softmax.hpp"

namespace xtape {

template <class T>
Variable<T> softmax(Variable<T> x, int axis) {
  const Slices slices = slices_along("softmax", x.shape(), axis);

  Recording<T> op("softmax", {x});
  const ArrayView<T> y = op.output(x.shape());
  for (std::size_t s = 0; s < slices.count; ++s) {
    const std::size_t start = slices.start(s);
    const auto normaliser = kernels::normaliser(x.data() + start, slices.length, slices.step);
    for (std::size_t j = 0; j < slices.length; ++j) {
      const std::size_t at = start + j * slices.step;
      y[at] = static_cast<T>(normaliser.probability(x.data()[at], j));
    }
  }

  return op.finish([slices](Backward<T>& b) {
    // dx = p (dy - sum(p dy)). With k the most probable and d = dy - dy_k that is p (d - s), where s is the
    // sum of p d over the others: so the terms with p_k near 1, which would cancel, are not there.
    const auto [dx, first] = b.contribution(0);
    const T *p = b.output().data(), *dy = b.output_grad().data();
    for (std::size_t s = 0; s < slices.count; ++s) {
      const std::size_t start = slices.start(s), end = start + slices.length * slices.step;
      std::size_t k = start;
      for (std::size_t at = start; at < end; at += slices.step) k = p[at] > p[k] ? at : k;
      const auto d = [=](std::size_t at) { return static_cast<double>(dy[at]) - dy[k]; };
      kernels::Sum<T> sum;
      for (std::size_t at = start; at < end; at += slices.step) {
        if (at != k) sum.add(p[at] * d(at));
      }
      for (std::size_t at = start; at < end; at += slices.step) {
        const T contribution = static_cast<T>(p[at] * (d(at) - sum.value()));
        dx[at] = first ? contribution : dx[at] + contribution;
      }
    }
  });
}

template Variable<float> softmax(Variable<float>, int);
template Variable<double> softmax(Variable<double>, int);

}  // namespace xtape
