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
Variable<T> softmax(Variable<T> x, int axis) {
  const Slices slices = slices_along("softmax", x.shape(), axis);

  Recording<T> op("softmax", {x});
  const ArrayView<T> y = op.output(x.shape());
  for_neighbouring_slices(slices, exponentials_per_block, [&](std::size_t, std::size_t n, std::size_t start) {
    const auto& kernel = kernels::kernel<kernels::Softmax, T>();
    const T* const logits = x.data() + start;
    T* const p = y.data() + start;
    Workspace workspace;
    auto* const normalisers = workspace.take<kernels::RowNormaliser<T>>(n);
    if (slices.step == 1) {
      kernel.value(logits, n, slices.length, p, normalisers);
    } else {
      kernel.value_of_columns(logits, {slices.length, slices.step, n}, p, normalisers);
    }
    for (std::size_t s = 0; s < n; ++s) {
      const std::size_t at = slices.start(s);
      if (std::isnan(normalisers[s].rest)) kernels::softmax(logits + at, slices.length, p + at, slices.step);
    }
  });

  return op.finish([slices](Backward<T>& b) {
    const Contribution<T> dx = b.contribution(0);
    const T *const p = b.output().data(), *const dy = b.output_grad().data();
    for_neighbouring_slices(slices, exponentials_per_block,
                            [&](std::size_t, std::size_t n, std::size_t start) {
                              const auto& kernel = kernels::kernel<kernels::Softmax, T>();
                              T* const slopes = dx.grad.data() + start;
                              if (slices.step == 1) {
                                kernel.gradient(p + start, dy + start, n, slices.length, slopes, dx.first);
                              } else {
                                kernel.gradient_of_columns(p + start, dy + start,
                                                           {slices.length, slices.step, n}, slopes, dx.first);
                              }
                            });
  });
}

template Variable<float> softmax(Variable<float>, int);
template Variable<double> softmax(Variable<double>, int);

}  // namespace xtape
#pragma GCC visibility pop
