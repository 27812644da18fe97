// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/cross_entropy_kernels.hpp"
#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {
namespace {

template <class T>
void work_labels(const T* given, const double* kept, const double* added, double mass, T* t, std::size_t n) {
  const Wide share(1 / mass), zero(0.0);
  for_each_batch<double>(n, [&](std::size_t j, auto count) {
    const Wide label = load_some<Wide>(given + j, count, T{0});
    const Wide own = xsimd::select(label == zero, zero, label * load_some<Wide>(kept + j, count, 0.0));
    store_some(multiply_add(load_some<Wide>(added + j, count, 0.0), share, own), t + j, count);
  });
}

}  // namespace

XTAPE_KERNEL(WorkLabels, work_labels<T>);

}  // namespace xtape::kernels
