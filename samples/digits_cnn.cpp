// SPDX-License-Identifier: BSD-3-Clause
// The handwritten digits again, as pictures: two convolutions see which pixels are neighbours, which a
// perceptron does not, and learn from pictures that are shifted by up to a pixel, anew in each epoch. Look at
// the summary of the model, and at the accuracy beside that of the digits sample: 0.995 as the mean of seeds
// 1 to 5, and 0.992 with --no-augmentation.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "xtape/xtape.hpp"

using namespace xtape;

int main(int argc, char** argv) {
  std::size_t epochs = 60;
  std::uint64_t seed = 1;
  bool augments = true;
  CLI::App app("Trains a convolutional network on 8 x 8 images of handwritten digits.");
  app.option_defaults()->always_capture_default();
  app.add_option("--epochs", epochs, "passes over the training rows")->check(CLI::Range(1, 1000));
  app.add_option("--seed", seed, "of split, weights and order")->check(CLI::Range(0, 1000000000));
  app.add_flag("--augmentation,!--no-augmentation", augments, "shift pictures by up to a pixel");
  CLI11_PARSE(app, argc, argv);

  const auto table = data::read_csv(XTAPE_SAMPLE_DATA "/digits.csv");
  Array<float> pixels = table.features<float>("digit");
  for (float& pixel : pixels) pixel /= 16;
  const ArrayView<const float> images(pixels.data(), {table.rows(), 1, 8, 8});
  const auto labels = table.labels("digit");
  Random random(seed);
  const auto split = data::stratified_train_test_split(labels, 0.2, random);

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
      .add<nn::Linear>(32 * 4 * 4, 10, random);
  fmt::print("{}\n", summary(model, {1, 1, 8, 8}));

  optim::AdamW<float> optimizer(model.parameters(), {.learning_rate = 3e-3});
  optim::CurveSchedule schedule(optimizer, optim::cosine_decay({.steps = epochs}));
  training::Augment<float> augment;
  if (augments) {
    augment = [](ArrayView<float> pictures, Random& by) { data::random_shift(pictures, by, {.most = 1}); };
  }
  const auto history = training::train(model, {images, labels, split.train, split.test},
                                       {.optimizer = optimizer,
                                        .random = random,
                                        .epochs = epochs,
                                        .augment = augment,
                                        .schedule = &schedule,
                                        .progress = stdout});
  fmt::print("test accuracy {:.3f}\n", history.epochs.back().validation_accuracy);
}
