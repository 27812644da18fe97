// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "xtape/xtape.hpp"

namespace xtape::testing {

/// Three clouds of points in a plane, which do not overlap: every fourth row is for validation.
template <class T>
struct Clouds {
  Array<T> features;
  Array<std::int64_t> labels;
  training::Dataset<T> data;

  explicit Clouds(std::size_t rows) : features(Shape{rows, 2}), labels(Shape{rows}) {
    Random random(7);
    const double centres[3][2] = {{0, 1}, {1, -1}, {-1, -1}};
    for (std::size_t row = 0; row < rows; ++row) {
      labels[row] = static_cast<std::int64_t>(row % 3);
      for (std::size_t axis = 0; axis < 2; ++axis) {
        features[row * 2 + axis] = static_cast<T>(centres[row % 3][axis] + random.uniform(-0.4, 0.4));
      }
      (row % 4 == 3 ? data.validation : data.train).push_back(row);
    }
    data.features = features;
    data.targets = labels;
  }
};

/// A training in which all changes that can: running statistics, numbers drawn for dropout and for the order
/// of rows, moments, a learning rate that falls with every batch, averaged weights, the best of them.
template <class T>
struct WholeTraining {
  Random random;
  nn::Sequential<T> model;
  optim::Adam<T> optimizer;
  optim::CurveSchedule schedule;

  /// @param seed  whatever it is, a resumed run goes on with what the checkpoint holds
  explicit WholeTraining(std::uint64_t seed)
      : random(seed),
        optimizer(build(model, random).parameters(), {.learning_rate = 0.02}),
        schedule(optimizer, optim::exponential_decay(0.999)) {}

  training::Options<T> options(std::size_t epochs) {
    return {.optimizer = optimizer,
            .random = random,
            .epochs = epochs,
            .batch_size = 16,
            .schedule = &schedule,
            .schedule_every = training::Every::batch,
            .max_gradient_norm = 0.5,
            .early_stopping = optim::EarlyStoppingOptions{.patience = epochs},
            .weight_average = optim::WeightAverageOptions{.decay = 0.9}};
  }

 private:
  static nn::Module<T>& build(nn::Sequential<T>& model, Random& random) {
    model.template add<nn::Linear>(2, 8, random).template add<nn::BatchNorm1d>(8);
    model.template add<nn::Relu>().template add<nn::Dropout>(0.3, random);
    model.template add<nn::Linear>(8, 3, random);
    return model;
  }
};

/// A log without its last column, the seconds.
inline std::string without_seconds(const std::string& log) {
  std::string result, line;
  for (const char character : log) {
    if (character != '\n') {
      line += character;
      continue;
    }
    result += line.substr(0, line.rfind(',')) + '\n';
    line.clear();
  }
  return result + line;  // a line without an end is an error to be seen
}

}  // namespace xtape::testing
