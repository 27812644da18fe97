// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::balanced_class_weights;
using losses::balanced_pos_weight;
using losses::class_counts;
using losses::effective_number_class_weights;

using Counts = std::vector<double>;

TEST_CASE("class_counts tells how often each class occurs", "[losses][class_weights]") {
  const Array<std::int64_t> counts = class_counts(std::vector<int>{2, 0, 2, 2, 0}, 4);
  CHECK(counts.shape() == Shape{4});
  CHECK_THAT(values(counts), AllClose({2, 0, 3, 0}, 0));
}

TEST_CASE("class_counts takes integers of any type, in any shape", "[losses][class_weights]") {
  CHECK_THAT(values(class_counts(xt::xarray<std::uint8_t>{{0, 1}, {1, 1}}, 2)), AllClose({1, 3}, 0));
  CHECK_THAT(values(class_counts(1, 2)), AllClose({0, 1}, 0));
  CHECK_THAT(values(class_counts(std::vector<int>{}, 3)), AllClose({0, 0, 0}, 0));
  CHECK(class_counts(std::vector<int>{}, 0).size() == 0);
}

TEST_CASE("class_counts refuses a class that is not there", "[losses][class_weights][errors]") {
  const std::vector<int> labels{0, 2, -1};
  CHECK_THROWS_AS(class_counts(labels, 2), LabelError);
  CHECK_THROWS_WITH(class_counts(labels, 2),
                    "class_counts: class_indices[1] is 2, but there are classes 0 to 1");
  CHECK_THROWS_WITH(class_counts(labels, 3),
                    "class_counts: class_indices[2] is -1, but there are classes 0 to 2; to skip such "
                    "samples set ignore_index = -1");
}

TEST_CASE("balanced class weights are scikit-learn's", "[losses][class_weights]") {
  // compute_class_weight("balanced", classes=np.array([0, 1]), y=[1, 1, 1, 1, 0, 0]), from its documentation
  const auto counts = class_counts(std::vector<int>{1, 1, 1, 1, 0, 0}, 2);
  CHECK_THAT(values(balanced_class_weights(counts)), AllClose({1.5, 0.75}, 0));
}

TEST_CASE("balanced class weights make classes count alike and samples 1 on average",
          "[losses][class_weights]") {
  const Counts counts{1, 20, 0, 3000, 7};
  const std::vector<double> weights = values(balanced_class_weights(counts));
  CHECK(weights[2] == 0);
  double total = 0;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    total += counts[c] * weights[c];
    if (counts[c] > 0) CHECK_THAT(counts[c] * weights[c], WithinRel(3028 / 4.0, ulps<double>(4)));
  }
  CHECK_THAT(total, WithinRel(3028.0, ulps<double>(4)));
}

TEST_CASE("balanced class weights of equal counts are 1", "[losses][class_weights]") {
  CHECK_THAT(values(balanced_class_weights(Counts{7, 7, 7})), AllClose({1, 1, 1}, 0));
  CHECK_THAT(values(balanced_class_weights(Counts{3})), AllClose({1}, 0));
}

TEST_CASE("balanced class weights stand huge counts and fractions", "[losses][class_weights]") {
  const std::vector<std::int64_t> huge{INT64_MAX, 1};
  CHECK_THAT(values(balanced_class_weights(huge)), AllClose({0.5, std::ldexp(1, 62)}, ulps<double>(2)));
  CHECK_THAT(values(balanced_class_weights(Counts{0.25, 0.75})), AllClose({2, 2.0 / 3}, ulps<double>(1)));
}

TEST_CASE("effective-number class weights agree with their closed form", "[losses][class_weights]") {
  // 1 - 0.5^n is 1/2, 3/4, 7/8: the inverses 2, 4/3, 8/7 have the mean 94/63.
  const double mean = 94.0 / 63;
  CHECK_THAT(values(effective_number_class_weights(Counts{1, 2, 3}, 0.5)),
             AllClose({2 / mean, 4 / (3 * mean), 8 / (7 * mean)}, ulps<double>(4)));
}

TEST_CASE("effective-number class weights of a long tail are exact", "[losses][class_weights]") {
  // CIFAR-10 with imbalance 100 and beta = 0.9999, as in the paper; computed to 60 digits
  const Counts counts{5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50};
  CHECK_THAT(values(effective_number_class_weights(counts, 0.9999)),
             AllClose({0.05061136121639246, 0.0768997946047285, 0.12113387289908814, 0.19503666572290987,
                       0.31880537306900186, 0.5245898532697815, 0.8683489410056603, 1.442627270007179,
                       2.409223051159341, 3.9927238170459174},
                      ulps<double>(8)));
}

TEST_CASE("effective-number class weights keep their digits for beta next to 1", "[losses][class_weights]") {
  CHECK_THAT(values(effective_number_class_weights(Counts{1, 2, 4}, std::nextafter(1, 0))),
             AllClose({12.0 / 7, 6.0 / 7, 3.0 / 7}, ulps<double>(4)));
  CHECK_THAT(values(effective_number_class_weights(Counts{1, 1000, 1e6}, 1 - 1e-12)),
             AllClose({2.9970000029940076, 0.002997000004490976, 2.9970015014596108e-06}, ulps<double>(8)));
}

TEST_CASE("effective-number class weights are all 1 for beta 0 and balanced in the limit of 1",
          "[losses][class_weights]") {
  CHECK_THAT(values(effective_number_class_weights(Counts{1, 20, 3e9}, 0)), AllClose({1, 1, 1}, 0));
  const Counts counts{2, 30, 7};
  const std::vector<double> limit = values(effective_number_class_weights(counts, std::nextafter(1, 0))),
                            balanced = values(balanced_class_weights(counts));
  for (std::size_t c = 1; c < counts.size(); ++c) {
    CHECK_THAT(limit[c] / limit[0], WithinRel(balanced[c] / balanced[0], 1e-14));
  }
}

TEST_CASE("effective-number class weights are 0 for a class that never occurs, and have the mean 1 elsewhere",
          "[losses][class_weights]") {
  const std::vector<double> weights = values(effective_number_class_weights(Counts{10, 0, 500, 0}, 0.99));
  CHECK(weights[1] == 0);
  CHECK(weights[3] == 0);
  CHECK_THAT(weights[0] + weights[2], WithinRel(2.0, ulps<double>(4)));
}

TEST_CASE("effective-number class weights stand huge counts", "[losses][class_weights]") {
  CHECK_THAT(values(effective_number_class_weights(Counts{1e300, 1e18, 1}, 0.75)),
             AllClose({0.5, 0.5, 2}, ulps<double>(4)));
}

TEST_CASE("class weights go into a loss as they are", "[losses][class_weights]") {
  Tape<double> tape;
  const auto logits = tape.variable(irregular({6, 2}));
  const std::vector<int> labels{1, 1, 1, 1, 0, 0};
  const auto weights = balanced_class_weights(class_counts(labels, 2));
  CHECK(losses::softmax_cross_entropy(logits, labels, {.class_weights = weights}).item() ==
        losses::softmax_cross_entropy(logits, labels, {.class_weights = Counts{1.5, 0.75}}).item());
}

TEST_CASE("class weights refuse counts of no or several axes", "[losses][class_weights][errors]") {
  const xt::xarray<int> table{{1, 2}};
  CHECK_THROWS_AS(balanced_class_weights(table), ShapeError);
  CHECK_THROWS_WITH(
      balanced_class_weights(table),
      "balanced_class_weights: counts must have one entry per class, shape (classes), got (1, 2)");
  CHECK_THROWS_WITH(
      effective_number_class_weights(3, 0.9),
      "effective_number_class_weights: counts must have one entry per class, shape (classes), got ()");
}

TEST_CASE("class weights refuse counts that are negative or not finite", "[losses][class_weights][errors]") {
  CHECK_THROWS_AS(balanced_class_weights(Counts{1, -2}), ArgumentError);
  CHECK_THROWS_WITH(balanced_class_weights(Counts{1, -2}),
                    "balanced_class_weights: counts[1] must be finite and at least 0, got -2");
  CHECK_THROWS_WITH(balanced_class_weights(Counts{inf}),
                    "balanced_class_weights: counts[0] must be finite and at least 0, got inf");
  CHECK_THROWS_WITH(effective_number_class_weights(Counts{1, 2, NaN}, 0.9),
                    "effective_number_class_weights: counts[2] must be finite and at least 0, got nan");
}

TEST_CASE("class weights refuse counts of nothing", "[losses][class_weights][errors]") {
  CHECK_THROWS_AS(balanced_class_weights(Counts{0, 0}), ArgumentError);
  CHECK_THROWS_WITH(balanced_class_weights(Counts{0, 0}),
                    "balanced_class_weights: counts (2) must be positive for some class, got 0 for all");
  CHECK_THROWS_WITH(
      effective_number_class_weights(Counts{}, 0.9),
      "effective_number_class_weights: counts (0) must be positive for some class, got 0 for all");
}

TEST_CASE("effective-number class weights refuse beta outside [0, 1)", "[losses][class_weights][errors]") {
  const Counts counts{1, 2};
  CHECK_THROWS_AS(effective_number_class_weights(counts, 1), ArgumentError);
  CHECK_THROWS_WITH(effective_number_class_weights(counts, 1),
                    "effective_number_class_weights: beta must be in [0, 1), got 1");
  CHECK_THROWS_WITH(effective_number_class_weights(counts, -0.1),
                    "effective_number_class_weights: beta must be in [0, 1), got -0.1");
  CHECK_THROWS_WITH(effective_number_class_weights(counts, NaN),
                    "effective_number_class_weights: beta must be in [0, 1), got nan");
}

TEST_CASE("class_counts does not count the samples of ignore_index",
          "[losses][class_weights][ignore_index]") {
  const std::vector<int> labels{0, -1, 1, 1, -1, 1};
  const auto counts = class_counts(labels, 2, {.ignore_index = -1});
  CHECK_THAT(values(counts), AllClose({1, 3}, 0));
  // 4 samples, 2 classes: 4 / (2 * 1) and 4 / (2 * 3).
  CHECK_THAT(values(balanced_class_weights(counts)), AllClose({2, 2 / 3.0}, ulps<double>(2)));
  CHECK_THAT(values(class_counts(labels, 2, {.ignore_index = -1})),
             AllClose(values(class_counts(std::vector<int>{0, 1, 1, 1}, 2)), 0));
  CHECK_THAT(values(class_counts(std::vector<int>{0, 0, 1}, 2, {.ignore_index = 0})), AllClose({0, 1}, 0));
  CHECK_THROWS_WITH(class_counts(labels, 2, {.ignore_index = -100}),
                    "class_counts: class_indices[1] is -1, but there are classes 0 to 1; to skip such "
                    "samples set ignore_index = -1");
  const auto none = class_counts(std::vector<int>{-1, -1}, 2, {.ignore_index = -1});
  CHECK_THAT(values(none), AllClose({0, 0}, 0));
  CHECK_THROWS_WITH(balanced_class_weights(none),
                    "balanced_class_weights: counts (2) must be positive for some class, got 0 for all");
}

TEST_CASE("weights of classes and a loss with one ignore_index see the same samples",
          "[losses][class_weights][ignore_index]") {
  // Balanced, each class has the same part in the loss: at equal logits the mean is log(2), whatever is
  // ignored.
  const std::vector<int> labels{0, -1, 1, 1, -1, 1};
  Tape<double> tape;
  const auto weights = balanced_class_weights(class_counts(labels, 2, {.ignore_index = -1}));
  const auto loss =
      losses::softmax_cross_entropy(tape.constant(xt::xarray<double>(xt::zeros<double>({6, 2}))), labels,
                                    {.class_weights = weights, .ignore_index = -1});
  CHECK_THAT(loss.item(), WithinRel(std::log(2.0), ulps<double>(4)));
}

TEST_CASE("balanced_pos_weight is how often a column says no for each yes", "[losses][class_weights]") {
  // PyTorch's documentation: 100 positive and 300 negative examples of a class have the pos_weight 3.
  std::vector<int> labels(400);
  std::fill_n(labels.begin(), 100, 1);
  const Array<double> one = balanced_pos_weight(labels);
  CHECK(one.shape() == Shape{});
  CHECK_THAT(values(one), AllClose({3}, 0));
  const Array<double> three =
      balanced_pos_weight(xt::xarray<int>{{1, 0, 1}, {0, 0, 1}, {0, 1, 1}, {0, 1, 0}});
  CHECK(three.shape() == Shape{3});
  CHECK_THAT(values(three), AllClose({3, 1, 1 / 3.0}, 0));
}

TEST_CASE("balanced_pos_weight takes 0 and 1 of any type", "[losses][class_weights]") {
  const std::vector<double> expected{2, 0.5};
  const xt::xarray<bool> bools{{true, false}, {false, true}, {false, true}};
  CHECK_THAT(values(balanced_pos_weight(bools)), AllClose(expected, 0));
  CHECK_THAT(values(balanced_pos_weight(xt::cast<std::uint8_t>(bools))), AllClose(expected, 0));
  CHECK_THAT(values(balanced_pos_weight(xt::cast<float>(bools))), AllClose(expected, 0));
  Tape<double> tape;
  CHECK_THAT(values(balanced_pos_weight(tape.constant(xt::cast<double>(bools)))), AllClose(expected, 0));
}

TEST_CASE("balanced_pos_weight is 1 where there is nothing to balance", "[losses][class_weights]") {
  CHECK_THAT(values(balanced_pos_weight(xt::xarray<int>{{0, 1, 1}, {0, 1, 0}})), AllClose({1, 1, 1}, 0));
  CHECK_THAT(values(balanced_pos_weight(std::vector<int>{})), AllClose({1}, 0));
  CHECK_THAT(values(balanced_pos_weight(xt::zeros<int>({0, 2}))), AllClose({1, 1}, 0));
  CHECK(balanced_pos_weight(xt::zeros<int>({2, 0})).shape() == Shape{0});
}

TEST_CASE("with balanced_pos_weight yes and no pull alike", "[losses][class_weights]") {
  // At logits of 0 the slopes are 1/2 of each no and -pos_weight/2 of each yes: they cancel in each column.
  const xt::xarray<double> labels{{1, 0}, {0, 0}, {0, 1}, {0, 1}, {0, 1}};
  Tape<double> tape;
  const auto bias = tape.variable(xt::xarray<double>{0, 0});
  const auto logits = bias + tape.constant(xt::xarray<double>(xt::zeros<double>({5, 2})));
  losses::sigmoid_cross_entropy(logits, labels, {.pos_weight = balanced_pos_weight(labels)}).backward();
  CHECK_THAT(values(bias.grad()), AllClose({0, 0}, 0, 1e-16));
}

TEST_CASE("balanced_pos_weight refuses what is neither yes nor no, and other shapes",
          "[losses][class_weights][errors]") {
  const std::string rule = "balanced_pos_weight: labels must be 0 for no or 1 for yes, got ";
  CHECK_THROWS_AS(balanced_pos_weight(std::vector<int>{0, 2}), LabelError);
  CHECK_THROWS_WITH(balanced_pos_weight(std::vector<int>{0, 2}), rule + "2 at labels[1]");
  CHECK_THROWS_WITH(balanced_pos_weight(xt::xarray<double>{{1, 0}, {0, 0.5}}), rule + "0.5 at labels[1, 1]");
  CHECK_THROWS_WITH(balanced_pos_weight(std::vector<double>{NaN}), rule + "nan at labels[0]");
  CHECK_THROWS_AS(balanced_pos_weight(1), ShapeError);
  CHECK_THROWS_WITH(balanced_pos_weight(1),
                    "balanced_pos_weight: labels must be (rows) or (rows, labels), got ()");
  CHECK_THROWS_WITH(balanced_pos_weight(xt::zeros<int>({1, 2, 3})),
                    "balanced_pos_weight: labels must be (rows) or (rows, labels), got (1, 2, 3)");
}
