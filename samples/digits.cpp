// SPDX-License-Identifier: BSD-3-Clause
// Trains a small network to read handwritten digits. Watch the test loss fall and the accuracy rise, then
// look at the confusion matrix for the digits that are mistaken for one another.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>

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
};

struct Evaluation {
  double loss;
  Array<std::int64_t> predicted;
  double accuracy;
};

Evaluation evaluate(nn::Module<float>& model, Tape<float>& tape, const Array<float>& features,
                    const Array<std::int64_t>& labels, const std::vector<std::size_t>& rows) {
  auto frame = tape.frame();
  auto no_grad = tape.no_grad();
  const auto logits = model(data::take_rows(tape, features, rows));
  const auto truth = data::take_rows(tape, labels, rows);
  auto predicted = metrics::predicted_classes(logits);
  const double accuracy = metrics::accuracy(predicted, truth);
  return {losses::softmax_cross_entropy(logits, truth).item(), std::move(predicted), accuracy};
}

void print_confusion(const Array<std::int64_t>& counts) {
  const std::size_t classes = counts.shape()[0];
  fmt::print("\nconfusion matrix: a row per true digit, a column per prediction\n     ");
  for (std::size_t j = 0; j < classes; ++j) fmt::print("{:4}", j);
  for (std::size_t i = 0; i < classes; ++i) {
    fmt::print("\n{:4} ", i);
    for (std::size_t j = 0; j < classes; ++j) fmt::print("{:4}", counts[i * classes + j]);
  }
  fmt::print("\n\n");
}

void train(const Options& options) {
  set_num_threads(options.threads);
  const data::CsvTable table = data::read_csv(options.data);
  Array<float> features = table.features<float>("digit");
  for (float& pixel : features) pixel /= 16;
  const Array<std::int64_t> labels = table.labels("digit");
  const std::size_t pixels = features.shape()[1], classes = 10;

  Random random(options.seed);
  const data::Split split = data::train_test_split(table.rows(), 0.2, random);
  data::Batches batches(split.train, options.batch_size);

  nn::Sequential<float> model;
  model.add<nn::Linear>(pixels, options.hidden, random)
      .add<nn::Relu>()
      .add<nn::Linear>(options.hidden, classes, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = options.learning_rate});
  fmt::print("{}-{}-{} network, {} parameters; {} rows to train on, {} to test on\n", pixels, options.hidden,
             classes, model.parameter_count(), split.train.size(), split.test.size());

  Tape<float> tape;
  const bool on_terminal = isatty(STDOUT_FILENO) != 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t epoch = 1; epoch <= options.epochs; ++epoch) {
    batches.shuffle(random);
    double loss_sum = 0;
    std::size_t done = 0;
    for (const auto rows : batches) {
      auto frame = tape.frame();
      const auto logits = model(data::take_rows(tape, features, rows));
      const auto loss = losses::softmax_cross_entropy(logits, data::take_rows(tape, labels, rows));
      loss.backward();
      optimizer.step();
      optimizer.zero_grad();
      loss_sum += loss.item() * static_cast<double>(rows.size());
      if (on_terminal && ++done % 8 == 0) {
        fmt::print("epoch {:3}/{}  batch {:3}/{}\r", epoch, options.epochs, done, batches.size());
        std::fflush(stdout);
      }
    }
    if (!std::isfinite(loss_sum)) {
      throw Error(fmt::format("the loss is {} in epoch {}; try a smaller --learning-rate", loss_sum, epoch));
    }
    const Evaluation test = evaluate(model, tape, features, labels, split.test);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    fmt::print("epoch {:3}/{}  training loss {:.4f}  test loss {:.4f}  test accuracy {:.3f}  {:.2f} s\n",
               epoch, options.epochs, loss_sum / static_cast<double>(split.train.size()), test.loss,
               test.accuracy, elapsed.count());
  }

  const Evaluation test = evaluate(model, tape, features, labels, split.test);
  print_confusion(
      metrics::confusion_matrix(test.predicted, data::take_rows(tape, labels, split.test), classes));
  fmt::print("test accuracy {:.3f}\n", test.accuracy);
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
  CLI11_PARSE(app, argc, argv);
  try {
    train(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "digits: {}\n", error.what());
    return 1;
  }
}
