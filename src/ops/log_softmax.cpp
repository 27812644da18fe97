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
  for_slice_ranges(slices, exponentials_per_block, [&](const SliceRange& range) {
    Workspace workspace;
    const T* logits = range.gather(x.data(), workspace);
    T* rows = range.rows_of(y.data(), workspace);
    kernels::kernel<kernels::LogSoftmax, T>().value(logits, range.count(), slices.length, rows,
                                                    &normalisers[range.begin]);
    for (std::size_t r = 0; r < range.count(); ++r) {
      auto& normaliser = normalisers[range.begin + r];
      if (!std::isnan(normaliser.rest)) continue;
      normaliser = kernels::log_softmax(logits + r * slices.length, slices.length, rows + r * slices.length);
    }
    range.scatter(rows, y.data());
  });

  return op.finish([slices, normalisers](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    T* dx = grad.data();
    for_slice_ranges(slices, exponentials_per_block, [&, first = first](const SliceRange& range) {
      Workspace workspace;
      const T* x = range.gather(b.input(0).data(), workspace);
      const T* dy = range.gather(b.output_grad().data(), workspace);
      T* slopes = range.to_be_added(dx, first, workspace);
      kernels::kernel<kernels::LogSoftmax, T>().gradient(x, &normalisers[range.begin], dy, range.count(),
                                                         slices.length, slopes, first);
      range.scatter(slopes, dx);
    });
  });
}

template Variable<float> log_softmax(Variable<float>, int);
template Variable<double> log_softmax(Variable<double>, int);

}  // namespace xtape
#pragma GCC visibility pop
