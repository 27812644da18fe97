// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/softmax.hpp"

#include <cmath>

#include "arrays/slice_range.hpp"
#include "kernels/kernel.hpp"
#include "kernels/softmax_kernels.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/softmax.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> log_softmax(Variable<T> x, int axis) {
  const Slices slices = slices_along("log_softmax", x.shape(), axis);

  Recording<T> op("log_softmax", {x});
  const ArrayView<T> y = op.output(x.shape());
  const auto normalisers = op.template save<kernels::RowNormaliser<T>>({slices.count});
  for_neighbouring_slices(
      slices, exponentials_per_block, [&](std::size_t begin, std::size_t n, std::size_t start) {
        const auto& kernel = kernels::kernel<kernels::LogSoftmax, T>();
        const T* const logits = x.data() + start;
        T* const out = y.data() + start;
        if (slices.step == 1) {
          kernel.value(logits, n, slices.length, out, &normalisers[begin]);
        } else {
          kernel.value_of_columns(logits, {slices.length, slices.step, n}, out, &normalisers[begin]);
        }
        for (std::size_t s = 0; s < n; ++s) {
          const std::size_t at = slices.start(s);
          auto& normaliser = normalisers[begin + s];
          if (std::isnan(normaliser.rest))
            normaliser = kernels::log_softmax(logits + at, slices.length, out + at, slices.step);
        }
      });

  return op.finish([slices, normalisers](Backward<T>& b) {
    const Contribution<T> dx = b.contribution(0);
    const T *const x = b.input(0).data(), *const dy = b.output_grad().data();
    for_neighbouring_slices(
        slices, exponentials_per_block, [&](std::size_t begin, std::size_t n, std::size_t start) {
          const auto& kernel = kernels::kernel<kernels::LogSoftmax, T>();
          T* const slopes = dx.grad.data() + start;
          if (slices.step == 1) {
            kernel.gradient(x + start, &normalisers[begin], dy + start, n, slices.length, slopes, dx.first);
          } else {
            kernel.gradient_of_columns(x + start, &normalisers[begin], dy + start,
                                       {slices.length, slices.step, n}, slopes, dx.first);
          }
        });
  });
}

template Variable<float> log_softmax(Variable<float>, int);
template Variable<double> log_softmax(Variable<double>, int);

}  // namespace xtape
#pragma GCC visibility pop
