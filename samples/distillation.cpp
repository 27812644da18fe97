// SPDX-License-Identifier: BSD-3-Clause
// Soft labels: a convolutional network learns handwritten digits, and a network of a quarter of its size
// learns from what it makes of one digit in ten, which says of a 7 how much it looks like a 1. Look at the
// two columns: the same small network, the same few digits, the same number of steps, once with what the
// digits are as labels and once with the probabilities of the large network.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <numeric>

#include "xtape/xtape.hpp"

using namespace xtape;

namespace {

struct Digits {
  Array<float> pixels;  // (rows, 64)
  Array<std::int64_t> labels;
  data::Split split;
  std::vector<std::size_t> few;  // of those to learn from

  data::Rows<float> pictures() const { return {pixels.data(), {pixels.shape()[0], 1, 8, 8}}; }
};

// The probabilities of the classes of every row at a temperature: (rows, 10).
Array<float> taught(const Digits& digits, double temperature, std::size_t epochs, Random& random) {
  nn::Sequential<float> teacher;
  teacher.add<nn::Conv2d>(1, 16, 3, random, nn::Conv2dOptions<float>{.padding = 1})
      .add<nn::BatchNorm2d>(16)
      .add<nn::Relu>();
  teacher.add<nn::Conv2d>(16, 32, 3, random, nn::Conv2dOptions<float>{.padding = 1})
      .add<nn::BatchNorm2d>(32)
      .add<nn::Relu>();
  teacher.add<nn::MaxPool2d>(2)
      .add<nn::Flatten>()
      .add<nn::Dropout>(0.3, random)
      .add<nn::Linear>(32 * 4 * 4, 10, random);
  optim::AdamW<float> optimizer(teacher.parameters(), {.learning_rate = 3e-3});
  optim::CurveSchedule schedule(optimizer, optim::cosine_decay({.steps = epochs}));
  training::train(teacher,
                  {.features = digits.pictures(), .targets = digits.labels, .train = digits.split.train},
                  {.optimizer = optimizer, .random = random, .epochs = epochs, .schedule = &schedule});
  const auto measured = training::evaluate(teacher, {.features = digits.pictures(), .targets = digits.labels},
                                           {.rows = digits.split.test});
  fmt::print("the teacher, {} parameters: {:.4f}\n", teacher.parameter_count(), measured.accuracy);

  const Array<float> logits = training::predict(teacher, digits.pictures());
  Tape<float> tape;
  const auto soft = softmax(tape.borrow(logits) / static_cast<float>(temperature));
  return Array<float>(soft.values());
}

// The accuracy of a small network on the digits that it has not seen.
double accuracy_of_student(const Digits& digits, const training::Targets<float>& targets,
                           const training::Loss<float>& loss, std::size_t epochs, std::uint64_t seed) {
  Random random(seed);
  nn::Sequential<float> student;
  student.add<nn::Linear>(64, 32, random).add<nn::Relu>().add<nn::Linear>(32, 10, random);
  optim::Adam<float> optimizer(student.parameters(), {.learning_rate = 3e-3});
  optim::CurveSchedule schedule(optimizer, optim::cosine_decay({.steps = epochs}));
  training::train(
      student, {.features = digits.pixels, .targets = targets, .train = digits.few},
      {.optimizer = optimizer, .random = random, .epochs = epochs, .loss = loss, .schedule = &schedule});
  return training::evaluate(student, {.features = digits.pixels, .targets = digits.labels},
                            {.rows = digits.split.test})
      .accuracy;
}

std::string mean_of(const std::vector<double>& x) {
  const auto count = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / count;
  double squares = 0;
  for (const double value : x) squares += (value - mean) * (value - mean);
  return fmt::format("{:.3f} +- {:.3f}", mean, std::sqrt(squares / (count - 1) / count));
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t epochs = 200, teacher_epochs = 10;
  double temperature = 5;
  CLI::App app("Distils a convolutional network for handwritten digits into a small one.");
  app.option_defaults()->always_capture_default();
  app.add_option("--epochs", epochs, "of the small network")->check(CLI::Range(1, 1000));
  app.add_option("--teacher-epochs", teacher_epochs, "of the large one")->check(CLI::Range(1, 1000));
  app.add_option("--temperature", temperature, "of the soft labels")->check(CLI::Range(0.1, 100.0));
  CLI11_PARSE(app, argc, argv);

  const auto table = data::read_csv(XTAPE_SAMPLE_DATA "/digits.csv");
  std::vector<double> by_hard, by_soft, gains;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Random random(seed);
    Digits digits{table.features<float>("digit"), table.labels("digit"), {}, {}};
    for (float& pixel : digits.pixels) pixel /= 16;
    digits.split = data::stratified_train_test_split(digits.labels, 0.2, random);
    digits.few = digits.split.train;  // in random order
    digits.few.resize(digits.few.size() / 10);
    const Array<float> soft = taught(digits, temperature, teacher_epochs, random);

    by_hard.push_back(accuracy_of_student(digits, digits.labels, {}, epochs, seed));
    // At the teacher's temperature; times its square, the gradients are as large as those of hard labels.
    const auto loss = [temperature](auto logits, const auto& labels) {
      return static_cast<float>(temperature * temperature) *
             losses::softmax_cross_entropy(logits, labels, {.temperature = temperature});
    };
    by_soft.push_back(accuracy_of_student(digits, training::soft_labels(soft), loss, epochs, seed));
    gains.push_back(by_soft.back() - by_hard.back());
    fmt::print("seed {}: hard labels {:.3f}, soft labels {:.3f}\n", seed, by_hard.back(), by_soft.back());
  }
  fmt::print("mean: hard labels {}, soft labels {}, gain {}\n", mean_of(by_hard), mean_of(by_soft),
             mean_of(gains));
}
