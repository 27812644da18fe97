// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/ops/dropout.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/select_kernels.hpp"
#include "ops/unchanged.hpp"
#include "threads/thread_pool.hpp"
#include "xtape/autograd/recording.hpp"

#pragma GCC visibility push(default)
namespace xtape {

namespace {

// Which elements are kept: a number is drawn for each.
void draw(double probability, Random& random, std::span<bool> kept) {
  const auto dropped = static_cast<std::uint64_t>(probability * 0x1p64);  // so many of the 2^64 draws
  std::array<std::uint64_t, 256> draws;
  while (!kept.empty()) {
    const std::span<std::uint64_t> some(draws.data(), std::min(draws.size(), kept.size()));
    random.fill(some);
    for (std::size_t i = 0; i < some.size(); ++i) kept[i] = some[i] >= dropped;
    kept = kept.subspan(some.size());
  }
}

}  // namespace

template <class T>
Variable<T> dropout(Variable<T> x, double probability, Random& random) {
  if (!(probability >= 0 && probability < 1))
    fail<ArgumentError>("dropout: probability must be in [0, 1), got {}", probability);
  if (probability == 0) return unchanged("dropout", x);

  Recording<T> op("dropout", {x});
  const ArrayView<T> y = op.output(x.shape());
  const ArrayView<bool> kept = op.template save<bool>(x.shape());
  const T scale = static_cast<T>(1 / (1 - probability));
  const auto& select = kernels::kernel<kernels::Select, T>();
  Random drawn = random;  // what throws must not draw
  draw(probability, drawn, {kept.data(), kept.size()});
  parallel_for_ranges(y.size(), products_per_block, [&](std::size_t begin, std::size_t end) {
    select.product(&kept[begin], true, scale, x.data() + begin, &y[begin], end - begin, false);
  });

  const Variable<T> result = op.finish([kept, scale, &select](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    const T* const dy = b.output_grad().data();
    parallel_for_ranges(grad.size(), products_per_block,
                        [&, dx = grad.data(), add = !first](std::size_t begin, std::size_t end) {
                          select.product(&kept[begin], true, scale, dy + begin, dx + begin, end - begin, add);
                        });
  });
  random = drawn;
  return result;
}

template Variable<float> dropout(Variable<float>, double, Random&);
template Variable<double> dropout(Variable<double>, double, Random&);

}  // namespace xtape
#pragma GCC visibility pop
