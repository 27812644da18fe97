// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/ops/dropout.hpp"

#include <cstdint>

#include "arrays/format.hpp"
#include "kernels/dropout_kernels.hpp"
#include "kernels/kernel.hpp"
#include "ops/unchanged.hpp"
#include "threads/thread_pool.hpp"
#include "xtape/autograd/recording.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> dropout(Variable<T> x, double probability, Random& random) {
  if (!(probability >= 0 && probability < 1))
    fail<ArgumentError>("dropout: probability must be in [0, 1), got {}", probability);
  if (probability == 0) return unchanged("dropout", x);

  Recording<T> op("dropout", {x});
  const ArrayView<T> y = op.output(x.shape());
  Random drawn = random;  // what throws must not draw
  const kernels::DroppedElements dropped{drawn(), static_cast<std::uint32_t>(probability * 0x1p32)};
  const T factor = static_cast<T>(1 / (1 - probability));
  const auto keep_of = [=, drop = kernels::kernel<kernels::Dropout, T>()](const T* from, T* to,
                                                                          std::size_t size, bool add) {
    // A draw is for two elements: ranges of this length begin at even ones.
    parallel_for_even_ranges(size, products_per_block, [&](std::size_t begin, std::size_t end) {
      drop(dropped, begin, factor, from + begin, to + begin, end - begin, add);
    });
  };
  keep_of(x.data(), y.data(), y.size(), false);

  const Variable<T> result = op.finish([keep_of](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    keep_of(b.output_grad().data(), grad.data(), grad.size(), !first);
  });
  random = drawn;
  return result;
}

template Variable<float> dropout(Variable<float>, double, Random&);
template Variable<double> dropout(Variable<double>, double, Random&);

}  // namespace xtape
#pragma GCC visibility pop
