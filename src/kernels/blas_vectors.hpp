// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace xtape::kernels {

// Whether the BLAS multiplies with narrower vectors than our kernels, because it does not know the processor
// and takes it for an older one. It then needs at least twice our time.
bool blas_has_narrower_vectors();

}  // namespace xtape::kernels
