// SPDX-License-Identifier: BSD-3-Clause
// Writes a report that has every part to the path given.
#include <cstdio>

#include "xtape/xtape.hpp"

namespace {

using namespace xtape;

void write(const std::string& path) {
  constexpr std::size_t rows = 200, classes = 5, pixels = 36;
  Random random(1);
  Array<float> logits(Shape{rows, classes}), pictures(Shape{rows, pixels});
  Array<std::int64_t> labels(Shape{rows});
  for (float& pixel : pictures) pixel = static_cast<float>(random.uniform());
  for (std::size_t row = 0; row < rows; ++row) {
    labels[row] = static_cast<std::int64_t>(row % classes);
    for (std::size_t c = 0; c < classes; ++c)
      logits[row * classes + c] = 2 * static_cast<float>(random.normal());
    logits[row * classes + row % classes] += 3;
  }
  training::History history;
  for (std::size_t i = 1; i <= 30; ++i) {
    const auto epoch = static_cast<double>(i);
    history.epochs.push_back({.number = i,
                              .learning_rate = 0.1 / epoch,
                              .training_loss = 2 / epoch,
                              .training_accuracy = 1 - 0.8 / epoch,
                              .validation_loss = 1.5 / epoch + 0.01 * epoch,
                              .validation_accuracy = 0.95 - 0.7 / epoch,
                              .seconds = 0.5 * epoch});
  }
  history.best_epoch = 12;
  training::write_report(path, history, logits, labels, pictures,
                         {.title = "Noise & <signal>",
                          .class_names = {"ash", "birch", "cedar", "douglas fir", "élan"},
                          .image = {6, 6},
                          .model_summary = "total  1,234",
                          .settings = {{"optimizer", "Adam"}}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: report_browser FILE\n");
    return 2;
  }
  try {
    write(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "report_browser: %s\n", error.what());
    return 1;
  }
}
