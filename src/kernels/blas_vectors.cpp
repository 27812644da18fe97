// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/blas_vectors.hpp"

#ifdef XTAPE_BLAS_IS_OPENBLAS

#include <algorithm>
#include <iterator>
#include <string_view>

#include "kernels/kernel.hpp"

extern "C" char* openblas_get_corename();

namespace xtape::kernels {
namespace {

// Those of OpenBLAS's cores that are narrower than what our widest kernels need, named as its
// driver/others/dynamic.c names them.
constexpr std::string_view cores_with_avx2[] = {"Bulldozer",  "Excavator",   "Haswell",
                                                "Piledriver", "Steamroller", "Zen"};
constexpr std::string_view older_cores[] = {
    "Athlon",  "Atom",         "Banias", "Barcelona", "Bobcat",     "Coppermine",
    "Core2",   "Dunnington",   "Katmai", "Nano",      "Nehalem",    "Northwood",
    "Opteron", "Opteron_SSE3", "Penryn", "Prescott",  "Sandybridge"};

// A core that we do not know is newer than this list.
Processor processor_of(std::string_view core) {
  if (std::ranges::find(older_cores, core) != std::end(older_cores)) return Processor::baseline;
  if (std::ranges::find(cores_with_avx2, core) != std::end(cores_with_avx2)) return Processor::avx2;
  return Processor::avx512;
}

}  // namespace

bool blas_has_narrower_vectors() {
  static const bool narrower =
      chosen_processor() > processor_of(openblas_get_corename()) && least_processor == Processor::baseline;
  return narrower;
}

}  // namespace xtape::kernels

#else

namespace xtape::kernels {

bool blas_has_narrower_vectors() { return false; }

}  // namespace xtape::kernels

#endif
