// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("a batch norm keeps running statistics in training and uses them in evaluation",
                   "[nn][batch_norm]", float, double) {
  nn::BatchNorm2d<TestType> norm(2, {.epsilon = 0.5, .momentum = 0.25});
  norm.weight.value() = irregular({2});
  norm.bias.value() = irregular({2}, 4, 5);
  Tape<TestType> tape;
  const auto x = tape.constant(irregular({3, 2, 2, 2})), weight = tape.watch(norm.weight),
             bias = tape.watch(norm.bias);
  std::vector<TestType> mean_memory(2), variance_memory(2, 1);
  const RunningStatistics<TestType> running{mean_memory, variance_memory};
  for (int step = 1; step <= 3; ++step) {
    CHECK(values(norm(x)) ==
          values(batch_norm(x, weight, bias, running, {.momentum = 0.25, .epsilon = 0.5})));
    CHECK(values(norm.running_mean) == values(running.mean));
    CHECK(values(norm.running_var) == values(running.variance));
    CHECK(norm.num_batches_tracked[0] == step);
  }
  norm.eval();
  CHECK(values(norm(x)) == values(batch_norm(x, weight, bias, running, {.training = false, .epsilon = 0.5})));
  CHECK(values(norm.running_mean) == values(running.mean));
  CHECK(norm.num_batches_tracked[0] == 3);
  norm.train();
  norm(x);
  CHECK(norm.num_batches_tracked[0] == 4);
}

TEST_CASE("a batch norm begins as PyTorch's", "[nn][batch_norm]") {
  nn::BatchNorm1d<double> norm(2), plain(2, {.affine = false});
  CHECK_THAT(values(norm.weight), AllClose({1, 1}, 0));
  CHECK_THAT(values(norm.bias), AllClose({0, 0}, 0));
  CHECK_THAT(values(norm.running_mean), AllClose({0, 0}, 0));
  CHECK_THAT(values(norm.running_var), AllClose({1, 1}, 0));
  CHECK(norm.num_batches_tracked.shape() == Shape{});
  CHECK(norm.parameters() == std::vector<Parameter<double>*>{&norm.weight, &norm.bias});
  CHECK(plain.parameters().empty());
  std::vector<std::string> names;
  for (const auto& [name, array] : plain.state()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"num_batches_tracked", "running_mean", "running_var"});
  Tape<double> tape;
  const auto x = tape.constant(irregular({4, 2}));
  CHECK(values(norm(x)) == values(plain(x)));
}

TEST_CASE("a batch norm of one axis takes rows and series, one of two takes images",
          "[nn][batch_norm][errors]") {
  nn::BatchNorm1d<double> rows(2);
  nn::BatchNorm2d<double> images(2);
  Tape<double> tape;
  const auto of = [&](const Shape& shape) { return tape.constant(irregular(shape)); };
  CHECK(rows(of({4, 2})).shape() == Shape{4, 2});
  CHECK(rows(of({4, 2, 3})).shape() == Shape{4, 2, 3});
  CHECK(refusal<ShapeError>(tape, [&, x = of({4, 2, 3, 3})] { rows(x); }) ==
        "BatchNorm1d: x must be (batch, channels) or (batch, channels, length), got (4, 2, 3, 3)");
  CHECK(refusal<ShapeError>(tape, [&, x = of({4, 2})] { images(x); }) ==
        "BatchNorm2d: x must be (batch, channels, rows, columns), got (4, 2)");
  CHECK(images.num_batches_tracked[0] == 0);
  CHECK_THROWS_AS(images(of({1, 2, 1, 1})), ShapeError);
  CHECK(images.num_batches_tracked[0] == 0);
}

TEST_CASE("a batch norm refuses options that make no sense", "[nn][batch_norm][errors]") {
  CHECK_THROWS_AS(nn::BatchNorm1d<double>(0), ArgumentError);
  CHECK_THROWS_WITH(nn::BatchNorm1d<double>(0), "BatchNorm1d: channels must be at least 1, got 0");
  CHECK_THROWS_WITH(nn::BatchNorm2d<double>(2, {.epsilon = inf}),
                    "BatchNorm2d: epsilon must be a finite number from 0, got inf");
  CHECK_THROWS_WITH(nn::BatchNorm2d<double>(2, {.momentum = 2}),
                    "BatchNorm2d: momentum must be in [0, 1], got 2");
}
