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
  for_slice_ranges(slices, exponentials_per_block, [&](const SliceRange& range) {
    Workspace workspace;
    const T* logits = range.gather(x.data(), workspace);
    T* p = range.rows_of(y.data(), workspace);
    auto* normalisers = workspace.take<kernels::RowNormaliser<T>>(range.count());
    kernels::kernel<kernels::Softmax, T>().value(logits, range.count(), slices.length, p, normalisers);
    for (std::size_t r = 0; r < range.count(); ++r) {
      if (std::isnan(normalisers[r].rest))
        kernels::softmax(logits + r * slices.length, slices.length, p + r * slices.length);
    }
    range.scatter(p, y.data());
  });

  return op.finish([slices](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    T* dx = grad.data();
    for_slice_ranges(slices, exponentials_per_block, [&, first = first](const SliceRange& range) {
      Workspace workspace;
      const T* p = range.gather(b.output().data(), workspace);
      const T* dy = range.gather(b.output_grad().data(), workspace);
      T* slopes = range.to_be_added(dx, first, workspace);
      kernels::kernel<kernels::Softmax, T>().gradient(p, dy, range.count(), slices.length, slopes, first);
      range.scatter(slopes, dx);
    });
  });
}

template Variable<float> softmax(Variable<float>, int);
template Variable<double> softmax(Variable<double>, int);

}  // namespace xtape
#pragma GCC visibility pop
