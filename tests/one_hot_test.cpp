// SPDX-License-Identifier: BSD-3-Clause
#include <cstdint>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::one_hot;

TEMPLATE_TEST_CASE("one_hot is 1 at the class of each sample and 0 elsewhere", "[losses][one_hot]", float,
                   double) {
  const Array<TestType> labels = one_hot<TestType>(std::vector<int>{2, 0, 1}, 3);
  CHECK(labels.shape() == Shape{3, 3});
  CHECK_THAT(values(labels), AllClose({0, 0, 1, 1, 0, 0, 0, 1, 0}, 0));
}

TEST_CASE("one_hot takes integers of any type, in any shape", "[losses][one_hot]") {
  CHECK(one_hot<float>(xt::xarray<std::uint8_t>{{0, 1, 2}, {2, 1, 0}}, 4).shape() == Shape{2, 3, 4});
  const Array<float> scalar = one_hot<float>(1, 3);
  CHECK(scalar.shape() == Shape{3});
  CHECK_THAT(values(scalar), AllClose({0, 1, 0}, 0));
}

TEST_CASE("one_hot puts the classes along any axis", "[losses][one_hot]") {
  const xt::xarray<int> indices{{0, 1, 1}, {1, 0, 1}};
  const Array<double> first = one_hot<double>(indices, 2, 0), middle = one_hot<double>(indices, 2, 1),
                      last = one_hot<double>(indices, 2, 2);
  CHECK(first.shape() == Shape{2, 2, 3});
  CHECK_THAT(values(first), AllClose({1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 0, 1}, 0));
  CHECK(middle.shape() == Shape{2, 2, 3});
  CHECK_THAT(values(middle), AllClose({1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 0, 1}, 0));
  CHECK(last.shape() == Shape{2, 3, 2});
  CHECK_THAT(values(last), AllClose({1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1}, 0));
  CHECK(values(one_hot<double>(indices, 2, -3)) == values(first));
  CHECK(values(one_hot<double>(indices, 2, -2)) == values(middle));
  CHECK(values(one_hot<double>(indices, 2)) == values(last));
}

TEST_CASE("one_hot of no samples is empty, also for no classes", "[losses][one_hot]") {
  CHECK(one_hot<double>(std::vector<int>{}, 3).shape() == Shape{0, 3});
  CHECK(one_hot<double>(std::vector<int>{}, 3, 0).shape() == Shape{3, 0});
  CHECK(one_hot<double>(std::vector<int>{}, 0).shape() == Shape{0, 0});
}

TEST_CASE("one_hot labels give the loss of their indices", "[losses][one_hot]") {
  Tape<double> tape;
  const auto logits = tape.variable(irregular({2, 3, 4}));
  const xt::xarray<int> indices{{0, 1, 2, 0}, {2, 2, 1, 0}};
  const Array<double> labels = one_hot<double>(indices, 3, 1);
  const auto by_indices = losses::softmax_cross_entropy(logits, indices, {.axis = 1});
  const auto by_labels = losses::softmax_cross_entropy(logits, view(labels), {.axis = 1});
  CHECK_THAT(by_labels.item(), WithinULP(by_indices.item(), 4));
}

TEST_CASE("one_hot refuses a class that is not there", "[losses][one_hot][errors]") {
  const xt::xarray<int> indices{{0, 1}, {3, 0}}, negative{-1};
  CHECK_THROWS_AS(one_hot<double>(indices, 3), LabelError);
  CHECK_THROWS_WITH(one_hot<double>(indices, 3),
                    "one_hot: class_indices[1, 0] is 3, but there are classes 0 to 2");
  CHECK_THROWS_WITH(one_hot<double>(negative, 3),
                    "one_hot: class_indices[0] is -1, but there are classes 0 to 2; to skip such samples "
                    "set ignore_index = -1");
  CHECK_THROWS_WITH(one_hot<double>(0, 0), "one_hot: class_indices is 0, but there are no classes");
}

TEST_CASE("one_hot refuses an axis that the result does not have", "[losses][one_hot][errors]") {
  const std::vector<int> indices{0, 1, 2};
  CHECK_THROWS_AS(one_hot<double>(indices, 4, 2), ArgumentError);
  CHECK_THROWS_WITH(one_hot<double>(indices, 4, 2),
                    "one_hot: axis must be in [-2, 2) for shape (3, 4), got 2");
  CHECK_THROWS_WITH(one_hot<double>(indices, 4, -3),
                    "one_hot: axis must be in [-2, 2) for shape (3, 4), got -3");
}

TEST_CASE("one_hot is 0 everywhere for a sample of ignore_index", "[losses][one_hot][ignore_index]") {
  const std::vector<int> indices{1, -1, 0};
  CHECK_THAT(values(one_hot<double>(indices, 2, -1, {.ignore_index = -1})), AllClose({0, 1, 0, 0, 1, 0}, 0));
  CHECK_THAT(values(one_hot<double>(indices, 2, 0, {.ignore_index = -1})), AllClose({0, 0, 1, 1, 0, 0}, 0));
  CHECK_THAT(values(one_hot<float>(std::vector<int>{0, 1}, 2, -1, {.ignore_index = 0})),
             AllClose({0, 0, 0, 1}, 0));
  // Such a sample adds nothing to a loss, but stands in the divisor of its mean.
  Tape<double> tape;
  const auto logits = tape.variable(xt::xarray<double>{{0, 0}, {9, -9}, {0, 0}});
  const Array<double> labels = one_hot<double>(indices, 2, -1, {.ignore_index = -1});
  const auto sum = losses::softmax_cross_entropy(logits, view(labels), {.reduction = losses::Reduction::sum});
  CHECK_THAT(sum.item(), WithinRel(2 * std::log(2.0), ulps<double>(4)));
  CHECK_THAT(losses::softmax_cross_entropy(logits, view(labels)).item(),
             WithinRel(2 * std::log(2.0) / 3, ulps<double>(4)));
  sum.backward();
  CHECK_THAT(values(logits.grad()), AllClose({0.5, -0.5, 0, 0, -0.5, 0.5}, 0));
}
