// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/blas_vectors.hpp"

#include <string>

#include "matchers.hpp"

#ifdef XTAPE_BLAS_IS_OPENBLAS

extern "C" char* openblas_get_corename();

using namespace xtape;
using kernels::blas_has_narrower_vectors;

TEST_CASE("a BLAS for an older processor has narrower vectors than our kernels", "[ops][gemm]") {
  const std::string core = openblas_get_corename(), simd = simd_name();
  CAPTURE(core, simd);
  if (core == "Prescott") CHECK(blas_has_narrower_vectors() == (simd == "avx2" || simd == "avx512"));
  if (core == "Haswell" || core == "Zen") CHECK(blas_has_narrower_vectors() == (simd == "avx512"));
  if (core == "SkylakeX" || core == "Cooperlake" || core == "SapphireRapids")
    CHECK(!blas_has_narrower_vectors());
  if (simd == "baseline" || simd == "neon") CHECK(!blas_has_narrower_vectors());
}

#endif
