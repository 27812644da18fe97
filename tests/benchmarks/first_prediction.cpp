// SPDX-License-Identifier: BSD-3-Clause
// first_prediction MODEL
// The least that a program does with a model: reads its file and says what one row is.
#include <fmt/core.h>

#include <exception>

#include "xtape/inference.hpp"
#include "xtape/io.hpp"

int main(int argc, char** argv) {
  using namespace xtape;
  if (argc != 2) {
    fmt::print(stderr, "first_prediction: say which model\n");
    return 2;
  }
  try {
    const auto pipeline = io::load_model<float>(argv[1]);
    Shape one_row{1};
    for (const std::size_t extent : pipeline.row) one_row.append(extent);
    fmt::print("{}\n", pipeline.classes(Array<float>(one_row))[0]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "first_prediction: {}\n", error.what());
    return 1;
  }
}
