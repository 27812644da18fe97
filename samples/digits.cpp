// SPDX-License-Identifier: BSD-3-Clause
// Trains a small network to read handwritten digits: from the file to a report with pictures, in the training
// loop of the library. Watch the validation loss fall and the accuracy rise, then look in the report for the
// digits that are mistaken for one another. With --checkpoints you can kill it at any moment and start it
// again.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "xtape/xtape.hpp"

namespace {

using namespace xtape;

struct Options {
  std::string data = XTAPE_SAMPLE_DATA "/digits.csv";
  std::size_t epochs = 50;
  std::size_t batch_size = 32;
  double learning_rate = 5e-3;
  std::size_t hidden = 256;
  std::uint64_t seed = 1;
  std::size_t threads = num_threads();
  std::string checkpoints, log, report;
};

void write_report(const Options& options, const training::History& history, nn::Module<float>& model,
                  const Array<float>& features, const Array<std::int64_t>& labels,
                  const std::vector<std::size_t>& rows) {
  Tape<float> tape;
  const auto images = data::take_rows(tape, features, rows);
  training::write_report(options.report, history, model(images), data::take_rows(tape, labels, rows), images,
                         {.title = "Handwritten digits",
                          .image = {8, 8},
                          .model_summary = nn::summary(model, {1, features.shape()[1]}),
                          .settings = {{"optimizer", "Adam"},
                                       {"learning rate", fmt::format("{}", options.learning_rate)},
                                       {"batch size", fmt::format("{}", options.batch_size)},
                                       {"seed", fmt::format("{}", options.seed)}}});
  fmt::print("the report: {}\n", options.report);
}

void train(const Options& options) {
  set_num_threads(options.threads);
  const data::CsvTable table = data::read_csv(options.data);
  Array<float> features = table.features<float>("digit");
  for (float& pixel : features) pixel /= 16;
  const Array<std::int64_t> labels = table.labels("digit");
  const std::size_t pixels = features.shape()[1], classes = 10;

  Random random(options.seed);
  const data::Split split = data::stratified_train_test_split(labels, 0.2, random);

  nn::Sequential<float> model;
  model.add<nn::Linear>(pixels, options.hidden, random)
      .add<nn::Relu>()
      .add<nn::Linear>(options.hidden, classes, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = options.learning_rate});
  fmt::print("{}-{}-{} network, {} parameters; {} rows to train on, {} to test on\n", pixels, options.hidden,
             classes, model.parameter_count(), split.train.size(), split.test.size());

  const training::History history = training::train(
      model, {.features = features, .targets = labels, .train = split.train, .validation = split.test},
      {.optimizer = optimizer,
       .random = random,
       .epochs = options.epochs,
       .batch_size = options.batch_size,
       .checkpoint_directory = options.checkpoints,
       .log = options.log,
       .progress = stdout});
  if (!options.report.empty()) write_report(options, history, model, features, labels, split.test);
  fmt::print("test accuracy {:.3f}\n", history.epochs.back().validation_accuracy);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Trains a network with one hidden layer on 8 x 8 images of handwritten digits.");
  app.option_defaults()->always_capture_default();
  app.add_option("--data", options.data, "CSV file: 64 pixels from 0 to 16, then the digit");
  app.add_option("--epochs", options.epochs, "passes over the training rows")->check(CLI::Range(1, 1000000));
  app.add_option("--batch-size", options.batch_size, "rows per step")->check(CLI::Range(1, 1000000));
  app.add_option("--learning-rate", options.learning_rate, "of Adam")->check(CLI::Range(0.0, 1000.0));
  app.add_option("--hidden", options.hidden, "units in the hidden layer")->check(CLI::Range(1, 1000000));
  app.add_option("--seed", options.seed, "of split, weights and order; the same seed gives the same numbers")
      ->check(CLI::Range(0, 1000000000));
  app.add_option("--threads", options.threads, "at most, for one operation")->check(CLI::Range(1, 1024));
  app.add_option("--checkpoints", options.checkpoints, "directory: goes on from the newest one there");
  app.add_option("--log", options.log, "CSV file: a line for each epoch");
  app.add_option("--report", options.report, "HTML file: curves, confusion matrix, the worst examples")
      ->take_last();
  CLI11_PARSE(app, argc, argv);
  try {
    train(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "digits: {}\n", error.what());
    return 1;
  }
}
