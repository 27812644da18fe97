// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <string>
#include <vector>

namespace xtape::training {

struct Series {
  std::string name;            // not escaped yet
  const char* style;           // its class in the style sheet
  std::vector<double> values;  // one for each epoch; those that is_drawn() refuses leave a gap
};

// Curves over the epochs.
struct LineChart {
  std::string id;
  std::string title;                   // not escaped yet
  std::vector<Series> series;          // the best epoch is marked on the last
  std::vector<double> epochs = {};     // rising
  double best_epoch = 0;               // 0: none
  const char* unit = "";               // written behind the numbers of the axis
  double logarithmic_from = INFINITY;  // see Axis::around
};

std::string draw(const LineChart& chart);

}  // namespace xtape::training
