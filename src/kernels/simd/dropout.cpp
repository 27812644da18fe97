// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/dropout_kernels.hpp"

#include <bit>

#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"
#include "random/split_mix.hpp"

namespace xtape::kernels {
namespace {

// Says of as many elements at a time as a batch of floats has lanes whether they are kept.
class KeptElements {
 public:
  static constexpr std::size_t at_once = lanes<float>;

  KeptElements(DroppedElements dropped, std::size_t first)
      : threshold_(static_cast<std::int32_t>(dropped.threshold - offset)) {
    for (std::size_t i = 0; i < lanes<double>; ++i)
      state_[i] = dropped.key + (first / 2 + i + 1) * split_mix_increment;
  }

  // 1 for each that is, and 0 for the others.
  XTAPE_INLINE void next(float* kept) {
    using Numbers = Batch<std::int32_t>;
    const Words draws = split_mix(state_);
    state_ += lanes<double> * split_mix_increment;
    Numbers::register_type halves;
    std::memcpy(&halves, &draws, sizeof halves);
    const auto is_kept = Numbers(halves) - Numbers(static_cast<std::int32_t>(offset)) >= Numbers(threshold_);
    const Numbers one(std::bit_cast<std::int32_t>(1.0F));
    store(bits_as<float>(xsimd::select(is_kept, one, Numbers(0))), kept);
  }

 private:
  typedef std::uint64_t Words __attribute__((vector_size(sizeof(std::uint64_t) * lanes<double>)));

  static constexpr std::uint32_t offset = std::uint32_t{1} << 31;  // to what compares as a signed number

  Words state_;
  std::int32_t threshold_;
};

template <class T>
XTAPE_INLINE void keep(const float* kept, T factor, const T* x, T* y, std::size_t n, bool add) {
  using B = Batch<T>;
  for_each_batch<T>(
      n, [&](std::size_t i, auto some) __attribute__((always_inline)) {
        const auto is_kept = load<B>(kept + i) != B(T{0});
        const B product = xsimd::select(is_kept, B(factor) * load_some<B>(x + i, some, T{0}), B(T{0}));
        store_some(add ? load_some<B>(y + i, some, T{0}) + product : product, y + i, some);
      });
}

template <class T>
void drop(DroppedElements dropped, std::size_t first, T factor, const T* x, T* y, std::size_t n, bool add) {
  KeptElements elements(dropped, first);
  constexpr std::size_t at_once = KeptElements::at_once;
  float kept[at_once];
  std::size_t i = 0;
  for (; i + at_once <= n; i += at_once) {
    elements.next(kept);
    keep(kept, factor, x + i, y + i, at_once, add);
  }
  elements.next(kept);
  keep(kept, factor, x + i, y + i, n - i, add);
}

}  // namespace

XTAPE_KERNEL(Dropout, drop<T>);

}  // namespace xtape::kernels
