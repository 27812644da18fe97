// SPDX-License-Identifier: BSD-3-Clause
// Writes a report that has every part, about targets of a kind, to the path given.
#include <cstdio>
#include <string>

#include "xtape/xtape.hpp"

namespace {

using namespace xtape;

constexpr std::size_t rows = 200;

// Of 30 epochs, of which the 12th is the best.
training::History history_of(training::TargetKind targets, const std::vector<std::string>& metric_names) {
  training::History history{.targets = targets, .metric_names = metric_names};
  for (std::size_t i = 1; i <= 30; ++i) {
    const auto epoch = static_cast<double>(i);
    history.epochs.push_back({.number = i,
                              .learning_rate = 0.1 / epoch,
                              .training_loss = 2 / epoch,
                              .training_accuracy = 1 - 0.8 / epoch,
                              .validation_loss = 1.5 / epoch + 0.01 * epoch,
                              .validation_accuracy = 0.95 - 0.7 / epoch,
                              .seconds = 0.5 * epoch});
    for (std::size_t metric = 0; metric < metric_names.size(); ++metric) {
      history.epochs.back().validation_metrics.push_back(0.9 - 0.5 / (epoch + static_cast<double>(metric)));
    }
  }
  history.best_epoch = 12;
  return history;
}

training::ReportOptions with_names(const std::vector<std::string>& names) {
  return {.title = "Noise & <signal>",
          .class_names = names,
          .model_summary = "total  1,234",
          .settings = {{"optimizer", "Adam"}}};
}

void write_classes(const std::string& path, Random& random) {
  constexpr std::size_t classes = 5, pixels = 36;
  Array<float> logits(Shape{rows, classes}), pictures(Shape{rows, pixels});
  Array<std::int64_t> labels(Shape{rows});
  for (float& pixel : pictures) pixel = static_cast<float>(random.uniform());
  for (std::size_t row = 0; row < rows; ++row) {
    labels[row] = static_cast<std::int64_t>(row % classes);
    for (std::size_t c = 0; c < classes; ++c)
      logits[row * classes + c] = 2 * static_cast<float>(random.normal());
    logits[row * classes + row % classes] += 3;
  }
  auto options = with_names({"ash", "birch", "cedar", "douglas fir", "élan"});
  options.image = {6, 6};
  training::write_report(path, history_of(training::TargetKind::class_indices, {}), logits, labels, pictures,
                         options);
}

void write_labels(const std::string& path, Random& random) {
  constexpr std::size_t labels = 5;
  Array<float> logits(Shape{rows, labels}), targets(Shape{rows, labels});
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets[i] = random.uniform() < 0.3 ? 1 : 0;
    logits[i] = 3 * targets[i] - 1 + static_cast<float>(random.normal());
  }
  training::write_report(
      path,
      history_of(training::TargetKind::multilabel, {"hamming_loss", "macro_roc_auc", "micro_roc_auc",
                                                    "macro_average_precision", "micro_average_precision"}),
      logits, training::multilabel(targets), with_names({"ash", "birch", "cedar", "douglas fir", "élan"}));
}

void write_answers(const std::string& path, Random& random) {
  Array<float> logits(Shape{rows}), targets(Shape{rows});
  for (std::size_t row = 0; row < rows; ++row) {
    targets[row] = random.uniform() < 0.3 ? 1 : 0;
    logits[row] = 3 * targets[row] - 2 + 1.5f * static_cast<float>(random.normal());
  }
  training::write_report(path, history_of(training::TargetKind::binary, {"roc_auc", "average_precision"}),
                         logits, training::binary(targets), with_names({"healthy", "ill"}));
}

void write_numbers(const std::string& path, std::size_t count, std::size_t outputs, Random& random) {
  Array<double> predicted(Shape{count, outputs}), targets(Shape{count, outputs});
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets[i] = 100 * random.normal();
    predicted[i] = 0.9 * targets[i] + 20 * random.normal();
  }
  training::write_report(
      path,
      history_of(training::TargetKind::numbers,
                 {"r_squared", "mean_absolute_error", "root_mean_squared_error"}),
      predicted, training::numbers(targets),
      with_names(outputs == 1 ? std::vector<std::string>{} : std::vector<std::string>{"price", "age"}));
}

void write(const std::string& kind, const std::string& path) {
  Random random(1);
  if (kind == "classes") {
    write_classes(path, random);
  } else if (kind == "labels") {
    write_labels(path, random);
  } else if (kind == "answers") {
    write_answers(path, random);
  } else {
    write_numbers(path, kind == "many_numbers" ? 20000 : rows, kind == "pairs" ? 2 : 1, random);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: report_browser classes|labels|answers|numbers|pairs|many_numbers FILE\n");
    return 2;
  }
  try {
    write(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "report_browser: %s\n", error.what());
    return 1;
  }
}
