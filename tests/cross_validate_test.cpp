// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/training/cross_validate.hpp"

#include <atomic>
#include <cmath>
#include <set>
#include <stdexcept>

#include "matchers.hpp"
#include "training_problem.hpp"
#include "xtape/training/search.hpp"

using namespace xtape;
using namespace xtape::testing;
using training::Evaluation;
using training::Setting;

namespace {

struct RestoredThreads {
  std::size_t before = num_threads();
  ~RestoredThreads() { set_num_threads(before); }
};

Evaluation train_fold(const Clouds<float>& clouds, const data::Split& fold, double learning_rate,
                      Random& random) {
  nn::Linear<float> model(2, 3, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = learning_rate});
  const training::Dataset<float> data{
      .features = clouds.features, .targets = clouds.labels, .train = fold.train};
  training::train(model, data, {.optimizer = optimizer, .random = random, .epochs = 3});
  return training::evaluate(model, data, {.rows = fold.test});
}

std::vector<data::Split> folds_of(std::size_t rows, std::size_t count) {
  Random random(4);
  return data::k_fold(rows, count, random);
}

/// What a fold is made to give.
Evaluation with_loss(double loss) {
  return {.loss = loss, .accuracy = 1 - loss, .metrics = {{"roc_auc", 2 * loss}}};
}

}  // namespace

TEST_CASE("cross-validation gives mean and standard error over the folds",
          "[training][cross_validate][threads]") {
  const auto folds = folds_of(30, 3);
  std::atomic<std::size_t> rows = 0;
  const auto result = training::cross_validate(folds, [&](const data::Split& fold, Random&) {
    rows += fold.test.size();
    return with_loss(fold.test == folds[0].test ? 0.1 : fold.test == folds[1].test ? 0.2 : 0.6);
  });
  CHECK(rows == 30);
  CHECK_THAT(result.loss.value, WithinRel(0.3, 1e-15));
  // Sample deviation of 0.1, 0.2, 0.6: sqrt(0.07); over sqrt(3).
  CHECK_THAT(result.loss.standard_error, WithinRel(std::sqrt(0.07 / 3), 1e-14));
  CHECK_THAT(result.accuracy.value, WithinRel(0.7, 1e-15));
  REQUIRE(result.metrics.size() == 1);
  CHECK(result.metrics[0].first == "roc_auc");
  CHECK_THAT(result.metrics[0].second.value, WithinRel(0.6, 1e-15));
  CHECK(result.folds[2].loss == 0.6);
  CHECK(to_string(result) ==
        "3 folds\n"
        "loss                       0.3000 +- 0.1528\n"
        "accuracy                   0.7000 +- 0.1528\n"
        "roc_auc                    0.6000 +- 0.3055\n");
}

TEST_CASE("cross-validation and search do not depend on the number of threads",
          "[training][cross_validate][threads]") {
  const RestoredThreads restored;
  const Clouds<float> clouds(90);
  const auto folds = folds_of(90, 5);
  std::set<std::vector<double>> losses_seen;
  for (const std::size_t threads : {1U, 2U, 5U}) {
    set_num_threads(threads);
    const auto validated = training::cross_validate(folds, [&](const data::Split& fold, Random& random) {
      return train_fold(clouds, fold, 0.05, random);
    });
    const auto found = training::search(training::grid({{"learning_rate", {0.001, 0.05}}}), folds,
                                        [&](const Setting& setting, const data::Split& fold, Random& random) {
                                          return train_fold(clouds, fold, setting["learning_rate"], random);
                                        });
    std::vector<double> losses{validated.loss};
    for (const auto& trial : found.trials) {
      for (const Evaluation& fold : trial.result.folds) losses.push_back(fold.loss);
    }
    losses_seen.insert(losses);
    CHECK(found.best == 1);
    CHECK(found.trials[1].result.loss.value == validated.loss.value);  // the same random numbers
  }
  CHECK(losses_seen.size() == 1);
}

TEST_CASE("a search tries every setting on every fold and sorts its table by loss", "[training][search]") {
  const auto folds = folds_of(10, 2);
  const auto found = training::search(
      training::grid({{"a", {3, 1, 2}}}), folds,
      [](const Setting& setting, const data::Split&, Random&) { return with_loss(setting["a"] / 10); });
  CHECK(found.trials.size() == 3);
  CHECK(found.best == 1);
  CHECK(to_string(found) ==
        "a 1  loss 0.1000 +- 0.0000  accuracy 0.9000 +- 0.0000\n"
        "a 2  loss 0.2000 +- 0.0000  accuracy 0.8000 +- 0.0000\n"
        "a 3  loss 0.3000 +- 0.0000  accuracy 0.7000 +- 0.0000\n");
}

TEST_CASE("a loss that is NaN is the worst of all", "[training][search]") {
  const auto folds = folds_of(10, 2);
  const auto search = [&](double of_second) {
    return training::search(training::grid({{"a", {1, 2}}}), folds,
                            [&](const Setting& setting, const data::Split&, Random&) {
                              return with_loss(setting["a"] == 1 ? NaN : of_second);
                            });
  };
  CHECK(search(7).best == 1);
  CHECK_THROWS_WITH(search(NaN), "search: the loss of some setting must be a number, got nan for all 2");
}

TEST_CASE("a grid has every combination, the last name changing fastest", "[training][search]") {
  const auto settings = training::grid({{"b", {1, 2}}, {"a", {10, 20, 30}}});
  REQUIRE(settings.size() == 6);
  CHECK(settings[0] == Setting{{"a", 10}, {"b", 1}});
  CHECK(settings[1] == Setting{{"a", 20}, {"b", 1}});
  CHECK(settings[5] == Setting{{"a", 30}, {"b", 2}});
  CHECK(training::grid({}).size() == 1);
  CHECK_THROWS_WITH(training::grid({{"a", {1}}, {"a", {2}}}),
                    "grid: each name must be given once, got 'a' twice");
  CHECK_THROWS_WITH(training::grid({{"a", {}}}), "grid: each name must have values, got none for 'a'");
}

TEST_CASE("random settings are drawn as they are told, the same by the same seed", "[training][search]") {
  const auto draw = [] {
    Random random(9);
    return training::random_settings({{"u", training::uniform(-1, 3)},
                                      {"l", training::log_uniform(1e-4, 1e-1)},
                                      {"w", training::whole(8, 10)},
                                      {"o", training::one_of({0.25, 4})}},
                                     2000, random);
  };
  const auto settings = draw();
  CHECK(settings == draw());
  double sum = 0, sum_of_logarithms = 0;
  std::set<double> wholes, ones;
  for (const Setting& setting : settings) {
    CHECK((setting["u"] >= -1 && setting["u"] < 3));
    CHECK((setting["l"] >= 1e-4 && setting["l"] <= 1e-1));
    sum += setting["u"];
    sum_of_logarithms += std::log10(setting["l"]);
    wholes.insert(setting["w"]);
    ones.insert(setting["o"]);
  }
  CHECK_THAT(sum / 2000, WithinAbs(1, 0.1));                    // four standard errors
  CHECK_THAT(sum_of_logarithms / 2000, WithinAbs(-2.5, 0.08));  // likewise
  CHECK(wholes == std::set<double>{8, 9, 10});
  CHECK(ones == std::set<double>{0.25, 4});
  CHECK(settings[0].count("w") >= 8);
  CHECK_THROWS_WITH(training::uniform(1, 1), "uniform: low must be below high, both finite, got 1 and 1");
  CHECK_THROWS_WITH(training::log_uniform(0, 1),
                    "log_uniform: low must be above 0 and below high, which is finite, got 0 and 1");
  CHECK_THROWS_WITH(training::whole(2, 1), "whole: low must be at most high, got 2 and 1");
  CHECK_THROWS_WITH(training::whole(0, std::int64_t{1} << 60),
                    "whole: low and high must be in [-9007199254740992, 9007199254740992], got 0 and "
                    "1152921504606846976");
  CHECK_THROWS_WITH(training::one_of({}), "one_of: values must be at least one, got none");
}

TEST_CASE("what has no standard error is printed as nan without a sign", "[training][cross_validate]") {
  training::CrossValidation result;
  result.folds.resize(1);
  result.loss = {0.25, -std::numeric_limits<double>::quiet_NaN()};
  result.accuracy.value = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(to_string(result), ContainsSubstring(" 0.2500 +- nan\n"));
}

TEST_CASE("numbers whose logarithm is uniform are drawn from ends of any ratio", "[training][search]") {
  Random random(1);
  const auto draw = training::log_uniform(1e-200, 1e200);
  double sum = 0;
  for (int i = 0; i < 2000; ++i) {
    const double x = draw(random);
    REQUIRE((x >= 1e-200 && x < 1e200));
    sum += std::log10(x);
  }
  CHECK(std::abs(sum / 2000) < 15);  // five deviations of the mean
}

TEST_CASE("a setting says which names it has", "[training][search][errors]") {
  const Setting setting{{"hidden", 2.5}, {"rate", 0.1}};
  CHECK(to_string(setting) == "hidden 2.5, rate 0.1");
  CHECK_THROWS_WITH(setting["hiden"],
                    "Setting: name must be one of those that are set (hidden 2.5, rate 0.1), got 'hiden'");
  CHECK_THROWS_WITH(setting.count("hidden"),
                    "Setting: 'hidden' must be a whole number from 0 to count something, got 2.5");
}

TEST_CASE("what a fold throws goes on to the caller, and bad calls are refused",
          "[training][cross_validate][errors]") {
  const auto folds = folds_of(10, 2);
  CHECK_THROWS_WITH(
      training::cross_validate(
          folds, [](const data::Split&, Random&) -> Evaluation { throw std::runtime_error("no"); }),
      "no");
  CHECK_THROWS_WITH(training::cross_validate({}, [](const data::Split&, Random&) { return with_loss(0); }),
                    "cross_validate: folds must be at least one, got none");
  CHECK_THROWS_WITH(training::cross_validate(folds, {}),
                    "cross_validate: train_fold must be a function, got an empty one");
  CHECK_THROWS_WITH(
      training::cross_validate(folds,
                               [&](const data::Split& fold, Random&) {
                                 Evaluation evaluation = with_loss(0);
                                 if (fold.test == folds[1].test) evaluation.metrics.clear();
                                 return evaluation;
                               }),
      "cross_validate: all folds must have the same metrics, got another than 'roc_auc' of fold 1");
  CHECK_THROWS_WITH(
      training::search({}, folds, [](const Setting&, const data::Split&, Random&) { return with_loss(0); }),
      "search: settings must be at least one, got none");
}

TEST_CASE("progress is a line for each model", "[training][cross_validate][threads]") {
  std::FILE* const file = std::tmpfile();
  training::search({Setting{{"a", 1}}}, folds_of(10, 2),
                   [](const Setting&, const data::Split&, Random&) { return with_loss(0.25); },
                   {.progress = file});
  std::string text(200, '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  CHECK(text.find("1/2  a 1, fold ") != std::string::npos);
  CHECK(text.find("2/2  a 1, fold ") != std::string::npos);
  CHECK(text.find("loss 0.2500  accuracy 0.7500\n") != std::string::npos);
}
