// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace xtape::training {

// Predicted numbers against true ones.
struct ScatterPlot {
  std::string id;
  std::string title;  // not escaped yet
  std::vector<double> truth, predicted;
};

// A dot for each row; of many rows, squares that are the deeper, the more of them are there. Rows with a
// number that is_drawn() refuses are not in it.
std::string draw(const ScatterPlot& scatter);

}  // namespace xtape::training
