// SPDX-License-Identifier: BSD-3-Clause
#include "optim/option_checks.hpp"

#include <cmath>

#include "arrays/format.hpp"

namespace xtape::optim {

void require_fraction(const char* function, const char* option, double value) {
  if (value >= 0 && value < 1) return;
  fail<ArgumentError>("{}: {} must be in [0, 1), got {}", function, option, value);
}

void require_above_0(const char* function, const char* option, double value) {
  if (value > 0 && std::isfinite(value)) return;
  fail<ArgumentError>("{}: {} must be a finite number above 0, got {}", function, option, value);
}

void require_from_0(const char* function, const char* option, double value) {
  if (value >= 0 && std::isfinite(value)) return;
  fail<ArgumentError>("{}: {} must be a finite number from 0, got {}", function, option, value);
}

}  // namespace xtape::optim
