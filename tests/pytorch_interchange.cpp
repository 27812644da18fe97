// SPDX-License-Identifier: BSD-3-Clause
#include <exception>
#include <iostream>
#include <string>

#include "parameter_state.hpp"
#include "xtape/xtape.hpp"

// pytorch_interchange DIRECTORY: goes on with what pytorch_interchange.py has made there.

using namespace xtape;

namespace {

// Trains PyTorch's weights on, and writes them with what they make of its inputs.
void train_on(const std::string& directory) {
  Random random;
  nn::Sequential<float> model;
  model.add<nn::Linear>(4, 8, random).add<nn::Relu>().add<nn::Linear>(8, 3, random);
  testing::ParameterState<float> state(model);
  io::load_weights(directory + "/pytorch_linear.safetensors", state);
  const NamedArrays data = io::read_safetensors(directory + "/pytorch_linear_logits.safetensors").arrays;
  const auto inputs = data.get<float>("pytorch_interchange", "inputs", {6, 4});

  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 0.01});
  const xt::xarray<int> labels{2, 1, 0, 2, 1, 0};
  Tape<float> tape;
  for (int step = 0; step < 20; ++step) {
    auto frame = tape.frame();
    losses::softmax_cross_entropy(model(tape.borrow(inputs)), labels).backward();
    optimizer.step();
    optimizer.zero_grad();
  }
  io::save_weights(directory + "/xtape_linear.safetensors", state, {{"naïve", "a \"text\"\n"}});

  NamedArrays results;
  results.add("inputs", inputs);
  results.add("logits", model(tape.borrow(inputs)).values());
  io::write_safetensors(directory + "/xtape_linear_logits.safetensors", results);
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
} catch (const std::exception& error) {
  std::cerr << "pytorch_interchange: " << error.what() << '\n';
  return 1;
}
