// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/kernel.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "arrays/format.hpp"
#include "xtape/core/error.hpp"
#include "xtape/core/simd.hpp"

namespace xtape {
namespace kernels {
namespace {

// By Processor.
constexpr const char* processor_names[] = {"baseline", "neon", "avx2", "avx512"};

// Whether there are kernels for it, and this processor can run them.
bool is_supported(Processor processor) {
  switch (processor) {
#ifdef XTAPE_X86
    case Processor::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && is_supported(Processor::avx2);
    case Processor::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    default:
      return processor == least_processor;
  }
}

// The most able that may be chosen.
Processor limit() {
  const char* name = std::getenv("XTAPE_SIMD");
  if (name == nullptr || *name == '\0') return Processor::avx512;
  const auto found = std::ranges::find(processor_names, std::string_view(name));
  if (found == std::end(processor_names)) {
    fail<ArgumentError>(
        "simd: XTAPE_SIMD must be baseline, neon, avx2 or avx512, got \"{}\"; correct or unset it", name);
  }
  return static_cast<Processor>(found - std::begin(processor_names));
}

// What another kind of processor has stands for the best below it.
Processor choose_processor() {
  for (int processor = static_cast<int>(limit()); processor > static_cast<int>(least_processor);
       --processor) {
    if (is_supported(Processor{processor})) return Processor{processor};
  }
  return least_processor;
}

}  // namespace

Processor chosen_processor() {
  static const Processor processor = choose_processor();
  return processor;
}

}  // namespace kernels

const char* simd_name() { return kernels::processor_names[static_cast<int>(kernels::chosen_processor())]; }

}  // namespace xtape
