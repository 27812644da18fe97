// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/kernels.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "core/format.hpp"
#include "xtape/core/error.hpp"
#include "xtape/core/simd.hpp"

namespace xtape {
namespace kernels {

#ifdef XTAPE_ARM64
namespace neon {
extern const KernelTable kernel_table;
}
namespace least = neon;  // which every such processor has
#else
namespace baseline {
extern const KernelTable kernel_table;
}
namespace least = baseline;
#endif
#ifdef XTAPE_X86
namespace avx2 {
extern const KernelTable kernel_table;
}
namespace avx512 {
extern const KernelTable kernel_table;
}
#endif

namespace {

bool always() { return true; }
#ifdef XTAPE_X86
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && has_avx2();
}
#endif

struct Choice {
  std::string_view name;
  const KernelTable* table;
  bool (*is_supported)();
};

// From the most to the least that a processor may have. What another kind of processor has stands for the
// best below it.
constexpr Choice choices[] = {
#ifdef XTAPE_X86
    {"avx512", &avx512::kernel_table, has_avx512},
    {"avx2", &avx2::kernel_table, has_avx2},
#else
    {"avx512", nullptr, nullptr},
    {"avx2", nullptr, nullptr},
#endif
#ifdef XTAPE_ARM64
    {"neon", &least::kernel_table, always},
#else
    {"neon", nullptr, nullptr},
#endif
    {"baseline", &least::kernel_table, always},
};

const KernelTable& choose() {
  const Choice* best = std::begin(choices);
  if (const char* limit = std::getenv("XTAPE_SIMD"); limit != nullptr && *limit != '\0') {
    best = std::ranges::find(choices, limit, &Choice::name);
    if (best == std::end(choices)) {
      fail<ArgumentError>(
          "simd: XTAPE_SIMD must be baseline, neon, avx2 or avx512, got \"{}\"; correct or unset it", limit);
    }
  }
  while (best->table == nullptr || !best->is_supported()) ++best;
  return *best->table;
}

}  // namespace

const KernelTable& chosen_table() {
  static const KernelTable& table = choose();
  return table;
}

}  // namespace kernels

const char* simd_name() { return kernels::chosen_table().name; }

}  // namespace xtape
