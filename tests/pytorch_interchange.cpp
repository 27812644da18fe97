// SPDX-License-Identifier: BSD-3-Clause
#include <exception>
#include <iostream>
#include <string>

#include "xtape/xtape.hpp"

// pytorch_interchange DIRECTORY: goes on with what pytorch_interchange.py has made there.

using namespace xtape;

namespace {

// Trains PyTorch's weights on, and writes them with what they make of its inputs in evaluation.
void train_on(const std::string& directory, const std::string& name, nn::Sequential<float>& model) {
  io::load_weights(directory + "/pytorch_" + name + ".safetensors", model);
  const NamedArrays data =
      io::read_safetensors(directory + "/pytorch_" + name + "_logits.safetensors").arrays;
  const ArrayView<const float> inputs = data["inputs"].get<float>();

  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 0.01});
  const xt::xarray<int> labels{2, 1, 0, 2, 1, 0};
  Tape<float> tape;
  for (int step = 0; step < 20; ++step) {
    auto frame = tape.frame();
    losses::softmax_cross_entropy(model(tape.borrow(inputs)), labels).backward();
    optimizer.step();
    optimizer.zero_grad();
  }
  io::save_weights(directory + "/xtape_" + name + ".safetensors", model, {{"naïve", "a \"text\"\n"}});

  model.eval();
  NamedArrays results;
  results.add("inputs", inputs);
  results.add("logits", model(tape.borrow(inputs)).values());
  io::write_safetensors(directory + "/xtape_" + name + "_logits.safetensors", results);
}

void train_on(const std::string& directory) {
  Random random;
  nn::Sequential<float> linear, convolutional;
  linear.add<nn::Linear>(4, 8, random).add<nn::Relu>().add<nn::Linear>(8, 3, random);
  convolutional.add<nn::Conv2d>(1, 4, 3, random).add<nn::BatchNorm2d>(4).add<nn::Relu>();
  convolutional.add<nn::MaxPool2d>(2).add<nn::Flatten>().add<nn::Linear>(36, 3, random);
  train_on(directory, "linear", linear);
  train_on(directory, "conv", convolutional);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: pytorch_interchange DIRECTORY\n";
    return 2;
  }
  const std::string directory = argv[1];
  train_on(directory);
  const auto [arrays, metadata] = io::read_safetensors(directory + "/pytorch_types.safetensors");
  io::write_safetensors(directory + "/xtape_types.safetensors", arrays, metadata);
  NamedArrays reals;
  reals.add("reals", ArrayView<const float>(arrays["reals"].get<float>()));
  io::write_safetensors(directory + "/xtape_F16.safetensors", reals, {}, io::StoredFloats::float16);
  io::write_safetensors(directory + "/xtape_BF16.safetensors", reals, {}, io::StoredFloats::bfloat16);
} catch (const std::exception& error) {
  std::cerr << "pytorch_interchange: " << error.what() << '\n';
  return 1;
}
