// SPDX-License-Identifier: BSD-3-Clause
// Several labels a row: each picture holds two handwritten digits side by side, and the model is to say which
// of the ten digits occur in it, so one label or two. Look at the last lines, about digits that it has not
// seen: how often all ten answers are right, beside the Hamming loss, which counts each wrong answer, and
// which digits are overlooked.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "xtape/xtape.hpp"

using namespace xtape;

// Pictures of pairs: (rows, 1, 8, 16), and which digits are in them: (rows, 10).
struct Pairs {
  Array<std::uint8_t> pictures;
  Array<std::uint8_t> digits;

  Pairs(const data::CsvTable& table, const std::vector<std::size_t>& rows, std::size_t count, Random& random)
      : pictures(Shape{count, 1, 8, 16}), digits(Shape{count, 10}) {
    const auto pixels = table.features<float>("digit");
    const auto labels = table.labels("digit");
    for (std::size_t pair = 0; pair < count; ++pair) {
      for (std::size_t side = 0; side < 2; ++side) {
        const std::size_t row = rows[random.below(rows.size())];
        digits[pair * 10 + static_cast<std::size_t>(labels[row])] = 1;
        for (std::size_t y = 0; y < 8; ++y) {
          for (std::size_t x = 0; x < 8; ++x) {
            pictures[(pair * 8 + y) * 16 + side * 8 + x] =
                static_cast<std::uint8_t>(pixels[row * 64 + y * 8 + x]);
          }
        }
      }
    }
  }
};

int main(int argc, char** argv) {
  std::size_t epochs = 15;
  std::uint64_t seed = 1;
  CLI::App app("Trains a convolutional network to tell which digits are in a picture of two.");
  app.option_defaults()->always_capture_default();
  app.add_option("--epochs", epochs, "passes over the training rows")->check(CLI::Range(1, 1000));
  app.add_option("--seed", seed, "of pairs, weights and order")->check(CLI::Range(0, 1000000000));
  CLI11_PARSE(app, argc, argv);

  const auto table = data::read_csv(XTAPE_SAMPLE_DATA "/digits.csv");
  Random random(seed);
  // Digits to make pairs to learn from, and others to make pairs to measure by.
  const auto split = data::stratified_train_test_split(table.labels("digit"), 0.2, random);
  const Pairs learned(table, split.train, 4000, random), measured(table, split.test, 1000, random);

  nn::Sequential<float> model;
  model.add<nn::Conv2d>(1, 16, 3, random, nn::Conv2dOptions<float>{.padding = 1})
      .add<nn::BatchNorm2d>(16)
      .add<nn::Relu>();
  model.add<nn::Conv2d>(16, 32, 3, random, nn::Conv2dOptions<float>{.padding = 1})
      .add<nn::BatchNorm2d>(32)
      .add<nn::Relu>();
  model.add<nn::MaxPool2d>(2)
      .add<nn::Flatten>()
      .add<nn::Dropout>(0.3, random)
      .add<nn::Linear>(32 * 4 * 8, 10, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 2e-3});
  std::vector<std::size_t> rows(learned.digits.shape()[0]);
  for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = row;

  // Bytes stay bytes; they are scaled batch by batch.
  const auto pictures_of = [](const Pairs& pairs) {
    return data::Rows<float>(pairs.pictures).scaled(1.0 / 16);
  };
  training::train(
      model,
      {.features = pictures_of(learned), .targets = training::multilabel(learned.digits), .train = rows},
      {.optimizer = optimizer, .random = random, .epochs = epochs, .progress = stdout});

  const auto result = training::evaluate(
      model, {.features = pictures_of(measured), .targets = training::multilabel(measured.digits)});
  fmt::print("\nother digits: all labels right {:.3f}\n", result.accuracy);
  for (const auto& [name, value] : result.metrics) fmt::print("{:26} {:.4f}\n", name, value);

  const auto report =
      metrics::multilabel_report(training::predict(model, pictures_of(measured)), measured.digits);
  fmt::print("\ndigit  precision  recall  area under ROC\n");
  for (std::size_t digit = 0; digit < 10; ++digit) {
    fmt::print("{:5} {:10.3f} {:7.3f} {:15.4f}\n", digit, report.precision[digit], report.recall[digit],
               report.roc_auc[digit]);
  }
}
