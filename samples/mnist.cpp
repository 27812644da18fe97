// SPDX-License-Identifier: BSD-3-Clause
// Trains on MNIST, or on anything that comes in the same four files (Fashion-MNIST, KMNIST, EMNIST), plain or
// packed by gzip, in a directory of yours. A convolutional network learns 60,000 images; look at the test
// accuracy, about 0.99 after three epochs of the digits, and at the report, which shows the images that it
// reads worst.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <numeric>

#include "xtape/xtape.hpp"

using namespace xtape;

std::string find(const std::string& directory, const std::string& name) {
  for (const char* ending : {"", ".gz"}) {
    const std::string path = directory + "/" + name + ending;
    if (std::filesystem::exists(path)) return path;
  }
  throw FileError(directory + ": there must be a file " + name + ", plain or with .gz behind its name");
}

struct Images {
  Array<float> pixels;  // (rows, height, width), 0 to 1
  Array<std::int64_t> labels;
};

Images read(const std::string& directory, const std::string& part) {
  Images images{data::read_idx<float>(find(directory, part + "-images-idx3-ubyte")),
                data::read_idx<std::int64_t>(find(directory, part + "-labels-idx1-ubyte"))};
  for (float& pixel : images.pixels) pixel /= 255;
  return images;
}

// One array of both, the rows to test on behind.
Images join(const Images& train, const Images& test) {
  const Shape &a = train.pixels.shape(), &b = test.pixels.shape();
  Images all{Array<float>(Shape{a[0] + b[0], a[1], a[2]}), Array<std::int64_t>(Shape{a[0] + b[0]})};
  std::copy(test.pixels.begin(), test.pixels.end(),
            std::copy(train.pixels.begin(), train.pixels.end(), all.pixels.begin()));
  std::copy(test.labels.begin(), test.labels.end(),
            std::copy(train.labels.begin(), train.labels.end(), all.labels.begin()));
  return all;
}

void train(const std::string& directory, std::size_t epochs, const std::string& report_path) {
  const Images seen = read(directory, "train"), fresh = read(directory, "t10k"), all = join(seen, fresh);
  const std::size_t rows = all.labels.size(), height = all.pixels.shape()[1], width = all.pixels.shape()[2];
  const auto classes = static_cast<std::size_t>(*std::max_element(all.labels.begin(), all.labels.end())) + 1;
  std::vector<std::size_t> numbers(rows);
  std::iota(numbers.begin(), numbers.end(), 0);
  const auto first_test = numbers.begin() + static_cast<std::ptrdiff_t>(seen.labels.size());

  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Conv2d>(1, 16, 3, random).add<nn::Relu>().add<nn::MaxPool2d>(2);
  model.add<nn::Conv2d>(16, 32, 3, random).add<nn::Relu>().add<nn::MaxPool2d>(2).add<nn::Flatten>();
  const std::size_t features = 32 * (((height - 2) / 2 - 2) / 2) * (((width - 2) / 2 - 2) / 2);
  model.add<nn::Dropout>(0.25, random).add<nn::Linear>(features, classes, random);
  const auto summary = nn::summary(model, {1, 1, height, width});
  fmt::print("{}\n", summary);

  optim::AdamW<float> optimizer(model.parameters(), {.learning_rate = 2e-3});
  optim::CurveSchedule schedule(optimizer, optim::cosine_decay({.steps = epochs}));
  const ArrayView<const float> images(all.pixels.data(), {rows, 1, height, width});
  const auto history =
      training::train(model, {images, all.labels, {numbers.begin(), first_test}, {first_test, numbers.end()}},
                      {.optimizer = optimizer,
                       .random = random,
                       .epochs = epochs,
                       .batch_size = 64,
                       .schedule = &schedule,
                       .progress = stdout});
  if (!report_path.empty()) {
    Tape<float> tape;
    const auto logits = model(tape.borrow({fresh.pixels.data(), {fresh.labels.size(), 1, height, width}}));
    training::write_report(report_path, history, logits, fresh.labels, fresh.pixels,
                           {.title = "MNIST", .image = {height, width}, .model_summary = summary});
  }
  fmt::print("test accuracy {:.4f}\n", history.epochs.back().validation_accuracy);
}

int main(int argc, char** argv) {
  std::string directory, report;
  std::size_t epochs = 3;
  CLI::App app("Trains a convolutional network on the images of MNIST.");
  app.add_option("directory", directory, "where train-images-idx3-ubyte and the other three files are")
      ->required();
  app.add_option("--epochs", epochs, "passes over the training images")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--report", report, "HTML file: curves, confusion matrix, the worst images");
  CLI11_PARSE(app, argc, argv);
  try {
    train(directory, epochs, report);
  } catch (const std::exception& error) {
    fmt::print(stderr, "mnist: {}\n", error.what());
    return 1;
  }
}
