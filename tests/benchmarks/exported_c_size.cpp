// SPDX-License-Identifier: BSD-3-Clause
// exported_c_size DIRECTORY
// Exports models of the samples as C, in floats and in int8, and prints a line for each: its name, the bytes
// of its parameters and those of its workspace. Their weights do not matter: see exported_c_size.cmake.
#include <fmt/core.h>

#include <exception>
#include <string>

#include "xtape/xtape.hpp"

namespace {

using namespace xtape;

void export_both(const std::string& directory, const std::string& name, nn::Sequential<float>& model,
                 const Shape& row) {
  Random random(1);
  Shape shape{50};
  for (const std::size_t extent : row) shape.append(extent);
  Array<float> rows(shape);
  for (float& x : rows) x = static_cast<float>(random.uniform());
  const inference::Pipeline<float> pipeline{.model = model, .row = row};
  for (const io::CNumbers numbers : {io::CNumbers::float32, io::CNumbers::int8}) {
    const std::string file = name + (numbers == io::CNumbers::int8 ? "_int8" : "_float");
    const auto footprint = io::export_c(directory, file, pipeline, {.numbers = numbers, .calibration = rows});
    fmt::print("{} {} {}\n", file, footprint.parameter_bytes, footprint.workspace_bytes);
  }
}

void export_samples(const std::string& directory) {
  Random random(1);
  nn::Sequential<float> digits, digits_cnn, iris;
  digits.add<nn::Linear>(64, 128, random).add<nn::Relu>().add<nn::Linear>(128, 10, random);
  export_both(directory, "digits", digits, {64});
  const nn::Conv2dOptions<float> padded{.padding = 1};
  digits_cnn.add<nn::Conv2d>(1, 16, 3, random, padded).add<nn::BatchNorm2d>(16).add<nn::Relu>();
  digits_cnn.add<nn::Conv2d>(16, 32, 3, random, padded).add<nn::BatchNorm2d>(32).add<nn::Relu>();
  digits_cnn.add<nn::MaxPool2d>(2).add<nn::Flatten>().add<nn::Dropout>(0.3, random);
  digits_cnn.add<nn::Linear>(32 * 4 * 4, 10, random);
  export_both(directory, "digits_cnn", digits_cnn, {1, 8, 8});
  iris.add<nn::Linear>(4, 16, random).add<nn::Tanh>().add<nn::Linear>(16, 3, random);
  export_both(directory, "iris", iris, {4});
}

}  // namespace

int main(int argc, char** argv) {
  try {
    export_samples(argc > 1 ? argv[1] : ".");
  } catch (const std::exception& error) {
    fmt::print(stderr, "exported_c_size: {}\n", error.what());
    return 1;
  }
}
