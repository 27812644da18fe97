// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("an embedding looks up rows by indices of any shape and type", "[nn][embedding]", float,
                   double) {
  Random random(1);
  nn::Embedding<TestType> embedding(3, 2, random);
  embedding.weight.value() = xt::xarray<TestType>{{1, 2}, {3, 4}, {5, 6}};
  Tape<TestType> tape;
  const auto y = embedding(tape, xt::xarray<std::uint8_t>{{2, 0}, {2, 1}});
  CHECK(y.shape() == Shape{2, 2, 2});
  CHECK_THAT(values(y), AllClose({5, 6, 1, 2, 5, 6, 3, 4}, 0));
  sum(y).backward();
  CHECK_THAT(values(embedding.weight.gradients()), AllClose({1, 1, 1, 1, 2, 2}, 0));
}

TEST_CASE("an embedding can stand first in a sequence", "[nn][embedding]") {
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Embedding>(3, 2, random).add<nn::Flatten>();
  auto& embedding = dynamic_cast<nn::Embedding<double>&>(model[0]);
  Tape<double> tape;
  const auto y = model(tape.constant(array({2, 3}, {2, 0, 1, 1, 1, 2})));
  CHECK(y.shape() == Shape{2, 6});
  CHECK(values(y) == values(embedding(tape, std::vector<int>{2, 0, 1, 1, 1, 2})));
  CHECK(model(tape.constant(irregular({0, 3}))).shape() == Shape{0, 6});
}

TEST_CASE("an embedding begins with standard normal numbers", "[nn][embedding]") {
  Random random(7), same(7);
  nn::Embedding<double> embedding(4, 3, random);
  for (const double w : embedding.weight.values()) CHECK(w == same.normal());
  CHECK(embedding.weight.name() == "weight");
  nn::Embedding<double> other(4, 3, random, {.initializer = nn::glorot_uniform<double>});
  for (const double w : other.weight.values()) CHECK(std::abs(w) < std::sqrt(6.0 / 7));
}

TEST_CASE("the gradient of an embedding is sparse unless told otherwise", "[nn][embedding][sparse]") {
  Random random(1);
  nn::Embedding<double> sparse(4, 2, random), dense(4, 2, random, {.sparse = false});
  CHECK(sparse.weight.has_sparse_gradient());
  CHECK_FALSE(dense.weight.has_sparse_gradient());
  CHECK(nn::Embedding<double>(sparse.config()).weight.has_sparse_gradient());
  CHECK_FALSE(nn::Embedding<double>(dense.config()).weight.has_sparse_gradient());
  CHECK(nn::Embedding<double>(nn::Config().set("count", 4).set("width", 2)).weight.has_sparse_gradient());
}

TEST_CASE("an embedding refuses what is no index", "[nn][embedding][errors]") {
  Random random(1);
  CHECK_THROWS_AS(nn::Embedding<double>(0, 2, random), ArgumentError);
  CHECK_THROWS_WITH(nn::Embedding<double>(2, 0, random),
                    "Embedding: count and width must be at least 1, got 2 and 0");
  nn::Embedding<double> embedding(3, 2, random);
  Tape<double> tape;
  const auto of = [&](double number) { return tape.constant(std::vector<double>{1, number}); };
  CHECK(refusal<ValueError>(tape, [&, x = of(0.5)] { embedding(x); }) ==
        "Embedding: x must hold indices, which are whole numbers, got 0.5 at x[1]");
  CHECK(refusal<ValueError>(tape, [&, x = of(NaN)] { embedding(x); }) ==
        "Embedding: x must hold indices, which are whole numbers, got nan at x[1]");
  CHECK(refusal<ValueError>(tape, [&, x = of(1e300)] { embedding(x); }) ==
        "Embedding: x must hold indices, which are whole numbers, got 1e+300 at x[1]");
  CHECK(refusal<LabelError>(tape, [&, x = of(3)] { embedding(x); }) ==
        "Embedding: x[1] is 3, but weight (3, 2) has rows 0 to 2; rows are counted from 0, and no 0 occurs "
        "in x: "
        "subtract 1 if these count from 1");
  CHECK(refusal<LabelError>(tape, [&, x = of(-1)] { embedding(x); }) ==
        "Embedding: x[1] is -1, but weight (3, 2) has rows 0 to 2");
}
