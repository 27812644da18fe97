// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace xtape::optim {

// In [0, 1).
void require_fraction(const char* function, const char* option, double value);

// Finite and above 0.
void require_above_0(const char* function, const char* option, double value);

// Finite and not negative.
void require_from_0(const char* function, const char* option, double value);

}  // namespace xtape::optim
