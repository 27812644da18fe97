// SPDX-License-Identifier: BSD-3-Clause
// A program without headers of Protocol Buffers, which writes a model to its argument, and reads it.
#include <algorithm>
#include <iostream>

#include "xtape/onnx.hpp"
#include "xtape/xtape.hpp"

int main(int, char** argv) {
  xtape::Random random;
  xtape::nn::Sequential<float> model;
  model.add<xtape::nn::Linear>(3, 2, random);
  const xtape::inference::Pipeline<float> pipeline{.model = model, .row = {3}};
  xtape::io::export_onnx(argv[1], pipeline);
  const auto same = xtape::io::import_onnx<float>(argv[1]);
  const float row[]{0.5f, -1, 2};
  const xtape::ArrayView<const float> features(row, {1, 3});
  const bool is_same = std::ranges::equal(same.outputs(features), pipeline.outputs(features));
  std::cout << (is_same ? "the same\n" : "another\n");
}
