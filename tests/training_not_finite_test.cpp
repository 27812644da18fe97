// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <limits>

#include "matchers.hpp"
#include "named_arrays_equal.hpp"
#include "temporary_directory.hpp"
#include "xtape/xtape.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace training_not_finite_test {
namespace {

/// Logits are minus the distances to one centre a class. A row on a centre has a loss and no gradient.
struct Centres : nn::Module<double> {
  Parameter<double> centres{"centres", xt::xtensor<double, 2>{{0, 0}, {2, 2}}};
  Centres() { add(centres); }
  Variable<double> forward(Variable<double> x) override {
    const std::size_t rows = x.shape()[0];
    const auto distance = reshape(x, {rows, 1, 2}) - reshape(x.tape().watch(centres), {1, 2, 2});
    return -1.0 * sqrt(sum(square(distance), -1));
  }
};

/// The first row lies on a centre.
struct Points {
  xt::xtensor<double, 2> features{{0, 0}, {0.5, 0.1}, {2, 1.5}, {1.8, 2.2}};
  std::vector<std::int64_t> labels{0, 0, 1, 1};
  std::vector<std::size_t> all{0, 1, 2, 3}, regular{1, 2, 3};
};

}  // namespace

TEST_CASE("a gradient that is not finite beside a finite loss is found before the step",
          "[training][train][errors]") {
  const Points points;
  const TemporaryDirectory directory;
  for (const bool clipped : {false, true}) {
    for (const std::size_t epochs : {1U, 2U}) {
      const std::string checkpoints = directory / (std::to_string(epochs) + (clipped ? " clipped" : ""));
      Centres model;
      optim::Adam<double> optimizer(model.parameters(), {.learning_rate = 0.01});
      Random random(1);
      const NamedArrays model_before = model.state(), optimizer_before = optimizer.state();
      training::Options<double> options{.optimizer = optimizer,
                                        .random = random,
                                        .epochs = epochs,
                                        .batch_size = 4,
                                        .checkpoint_directory = checkpoints};
      if (clipped) options.max_gradient_norm = 1;
      CHECK_THROWS_WITH(
          training::train(model,
                          {.features = points.features,
                           .targets = points.labels,
                           .train = points.all,
                           .validation = points.all},
                          options),
          ContainsSubstring(
              "train: gradients must be finite, got others in epoch 1, batch 1 of 1, at learning "
              "rate 0.01, where the loss is 0.") &&
              ContainsSubstring(
                  "the step was not taken; the gradient of 'sqrt' makes it of finite numbers") &&
              ContainsSubstring("sqrt(x + 1e-12)") &&
              ContainsSubstring("got nan at gradient[0, 0] of the parameter 'centres'"));
      CHECK(are_same_bits(model.state(), model_before));
      CHECK(are_same_bits(optimizer.state(), optimizer_before));
      CHECK(io::Checkpoints(checkpoints).epochs().empty());
    }
  }
}

TEST_CASE("a training that ends at a gradient goes on from its checkpoint without the row",
          "[training][train][resumption]") {
  const Points points;
  const TemporaryDirectory directory;
  const auto train = [&](std::size_t epochs, const std::vector<std::size_t>& rows, bool with_changes) {
    Centres model;
    optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.01});
    Random random(1);
    return training::train(model, {.features = points.features, .targets = points.labels, .train = rows},
                           {.optimizer = optimizer,
                            .random = random,
                            .epochs = epochs,
                            .batch_size = 4,
                            .checkpoint_directory = directory.path(),
                            .resume_with_changes = with_changes});
  };
  CHECK(train(2, points.regular, false).epochs.size() == 2);
  const std::string bytes = read_text(io::Checkpoints(directory.path()).path(2));
  Centres at_centre;
  // The centres have moved away from the row by then, so that it has a gradient.
  CHECK(train(3, points.all, true).epochs.size() == 3);
  CHECK(read_text(io::Checkpoints(directory.path()).path(2)) == bytes);
}

TEST_CASE("weights that a step has made infinite reach no checkpoint", "[training][train][errors]") {
  const TemporaryDirectory directory;
  xt::xtensor<float, 2> features{{1, 0}, {0, 1}};
  const std::vector<std::int64_t> labels{0, 1};
  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Linear>(2, 2, random);
  optim::SGD<float> optimizer(model.parameters(), {.learning_rate = 3e38});
  optimizer.set_learning_rate(std::numeric_limits<double>::max());
  CHECK_THROWS_WITH(
      training::train(model, {.features = features, .targets = labels, .train = {0, 1}},
                      {.optimizer = optimizer,
                       .random = random,
                       .epochs = 1,
                       .checkpoint_directory = directory / "checkpoints"}),
      ContainsSubstring("train: the parameter '0.weight' must be finite after epoch 1, got ") ||
          ContainsSubstring("train: the parameter 'weight' must be finite after epoch 1, got "));
  CHECK(io::Checkpoints(directory / "checkpoints").epochs().empty());
}

TEST_CASE("a validation loss that is NaN ends the training and names the feature",
          "[training][train][errors][early_stopping]") {
  xt::xtensor<double, 2> features{{1, 0}, {0, 1}, {0, 1}, {1, NaN}};
  const std::vector<std::int64_t> labels{0, 1, 1, 0};
  const TemporaryDirectory directory;
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Linear>(2, 2, random);
  optim::SGD<double> optimizer(model.parameters());
  CHECK_THROWS_WITH(
      training::train(model, {.features = features, .targets = labels, .train = {0, 1}, .validation = {2, 3}},
                      {.optimizer = optimizer,
                       .random = random,
                       .early_stopping = optim::EarlyStoppingOptions{.patience = 2},
                       .checkpoint_directory = directory / "checkpoints"}),
      "train: the validation loss must not be nan, got it in epoch 1: features[3, 1] is nan; leave such rows "
      "out, or impute what is missing");
  CHECK(io::Checkpoints(directory / "checkpoints").epochs().empty());
}

TEST_CASE("a validation loss that is NaN of finite features names the row", "[training][train][errors]") {
  /// Finite while it is trained.
  struct NanInEvaluation : nn::Module<double> {
    Parameter<double> bias{"bias", std::vector<double>{0, 0}};
    NanInEvaluation() { add(bias); }
    Variable<double> forward(Variable<double> x) override {
      const auto logits = x + x.tape().watch(bias);
      return is_training() ? logits : log(logits);
    }
  } model;
  xt::xtensor<double, 2> features{{1, 2}, {2, 1}, {3, 4}, {-1, 2}};
  const std::vector<std::int64_t> labels{0, 1, 1, 0};
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 1e-3});
  Random random(1);
  CHECK_THROWS_WITH(
      training::train(model, {.features = features, .targets = labels, .train = {0, 1}, .validation = {2, 3}},
                      {.optimizer = optimizer, .random = random}),
      "train: the validation loss must not be nan, got it in epoch 1: in evaluation mode the model makes nan "
      "of "
      "the finite features of row 3; look at what it keeps, such as running statistics, with "
      "tape.check_finite()");
}

}  // namespace training_not_finite_test
