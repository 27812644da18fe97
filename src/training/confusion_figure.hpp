// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "training/report_page.hpp"
#include "xtape/arrays/array_view.hpp"

namespace xtape::training {

// The matrix as a heat map, a row for each true class; of many classes, the pairs most often confused.
Section confusion_section(ArrayView<const std::int64_t> confusion, const std::vector<std::string>& names);

}  // namespace xtape::training
