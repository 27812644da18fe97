// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/option_arrays.hpp"

#include <vector>

namespace xtape::losses {

Weights::Weights(std::initializer_list<double> numbers) : OptionArray(std::vector<double>(numbers)) {}

Mask::Mask(std::initializer_list<bool> flags) : OptionArray(std::vector<bool>(flags)) {}

}  // namespace xtape::losses
