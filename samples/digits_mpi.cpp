// SPDX-License-Identifier: BSD-3-Clause
// The handwritten digits once more, on several processes: `mpirun -np 2 digits_mpi` trains the same network
// as `digits_mpi` alone, and the line with the checksum of its weights is the same, bit for bit, on 1, 2 and
// 4 ranks, since each batch is cut into four shards. With --checkpoints you can kill it at any moment, and
// start it again on another number of ranks.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "xtape/mpi/run.hpp"
#include "xtape/xtape.hpp"

namespace {

using namespace xtape;

// A number that changes with any bit of the weights.
std::uint64_t checksum(const nn::Module<float>& model) {
  std::uint64_t sum = 1469598103934665603U;  // FNV-1a
  for (const auto& [name, array] : model.state()) {
    array.visit([&sum](const auto& elements) {
      const auto bytes = std::as_bytes(std::span(elements.data(), elements.size()));
      for (const std::byte byte : bytes) sum = (sum ^ static_cast<std::uint64_t>(byte)) * 1099511628211U;
    });
  }
  return sum;
}

struct Options {
  std::size_t epochs = 20;
  std::string checkpoints;
  bool is_quiet = false;
};

int train(distributed::Communicator& communicator, const Options& options) {
  const auto table = data::read_csv(XTAPE_SAMPLE_DATA "/digits.csv");
  const auto pixels = data::Rows<float>(table.features<float>("digit")).scaled(1.0 / 16);
  const auto labels = table.labels("digit");
  Random random(1);
  const auto split = data::stratified_train_test_split(labels, 0.2, random);
  nn::Sequential<float> model;
  model.add<nn::Linear>(64, 256, random).add<nn::Relu>().add<nn::Dropout>(0.2, random);
  model.add<nn::Linear>(256, 10, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 5e-3});
  const auto history = training::train(
      model, {.features = pixels, .targets = labels, .train = split.train, .validation = split.test},
      {.optimizer = optimizer,
       .random = random,
       .epochs = options.epochs,
       .batch_size = 32,
       .shards = 4,
       .communicator = &communicator,
       .checkpoint_directory = options.checkpoints,
       .progress = options.is_quiet ? nullptr : stdout});
  if (communicator.rank() == 0) {
    fmt::print("test accuracy {:.3f}, weights {:016x}\n", history.epochs.back().validation_accuracy,
               checksum(model));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Trains a network on handwritten digits on all ranks of mpirun.");
  app.option_defaults()->always_capture_default();
  app.add_option("--epochs", options.epochs, "passes over the training rows")->check(CLI::Range(1, 1000000));
  app.add_option("--checkpoints", options.checkpoints, "directory: goes on from the newest one there");
  app.add_flag("--quiet", options.is_quiet, "print the last line only");
  CLI11_PARSE(app, argc, argv);
  return distributed::run(
      argc, argv, [&](distributed::Communicator& communicator) { return train(communicator, options); });
}
