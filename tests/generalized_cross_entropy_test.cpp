// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::generalized_cross_entropy;
using losses::Reduction;

namespace {

const auto probabilities = array({2, 3}, {0.3, 0.5, 0.2, 0.2, 0.1, 0.7});
const std::vector<int> classes{1, 0};

// The loss and the slope of a sample with the probability p of its class.
template <class T>
LossResult at(double p, double q) {
  return result_of<T>({p}, [=](auto x) { return generalized_cross_entropy(x, 0, {.q = q}); });
}

}  // namespace

TEMPLATE_TEST_CASE("generalized_cross_entropy is what 120 digits give", "[losses][generalized_cross_entropy]",
                   float, double) {
  const auto each = result_of<TestType>(probabilities, [](auto p) {
    return generalized_cross_entropy(p, classes, {.q = 0.7, .reduction = Reduction::none});
  });
  CHECK_THAT(each.loss, AllClose({0.54918256189648838, 0.96552668665921074}, 1e-6));
  CHECK_THAT(each.gradient, AllClose({0, -1.2311444133449163, 0, -1.6206565966927625, 0, 0}, 1e-6));
  const auto mean =
      result_of<TestType>(probabilities, [](auto p) { return generalized_cross_entropy(p, classes); });
  CHECK_THAT(mean.loss, AllClose({(0.58578643762690495 + 1.1055728090000841) / 2}, 1e-6));
  CHECK_THAT(mean.gradient, AllClose({0, -1.414213562373095 / 2, 0, -2.2360679774997896 / 2, 0, 0}, 1e-6));
}

TEST_CASE("generalized_cross_entropy is within 4 ulp of 120 digits for p near 1 and for small q",
          "[losses][generalized_cross_entropy][exactness]") {
  struct Point {
    double q, p, loss, slope;
  };
  const double near_1 = 0.9999999403953552;  // the largest float below 1
  for (const Point& point : {Point{0.5, near_1, 5.9604645663569071e-8, -1.0000000298023237},
                             Point{0.7, near_1, 5.9604645308297691e-8, -1.0000000178813941},
                             Point{0.001, near_1, 5.9604646549971178e-8, -1.0000000595450437},
                             Point{0.5, 0.5, 0.58578643762690495, -1.414213562373095},
                             Point{0.001, 0.5, 0.69290700954747808, -1.998614185980905}}) {
    CAPTURE(point.q, point.p);
    CHECK_THAT(at<float>(point.p, point.q).loss, AllClose({point.loss}, ulps<float>(4)));
    CHECK_THAT(at<float>(point.p, point.q).gradient, AllClose({point.slope}, ulps<float>(4)));
    CHECK_THAT(at<double>(point.p, point.q).loss, AllClose({point.loss}, ulps<double>(4)));
    CHECK_THAT(at<double>(point.p, point.q).gradient, AllClose({point.slope}, ulps<double>(4)));
  }
  for (const Point& point :
       {Point{0.5, 1 - 1e-9, 9.9999997196806852e-10, -1.0000000005},
        Point{0.001, 1 - 1e-9, 9.9999997221756851e-10, -1.000000000999},
        Point{0.5, 1e-20, 1.9999999998, -1e10}, Point{0.7, 1e-20, 1.4285714285714144, -1000000.0000000021},
        Point{0.001, 1e-20, 45.00741397856405, -9.54992586021436e+19}}) {
    CAPTURE(point.q, point.p);
    CHECK_THAT(at<double>(point.p, point.q).loss, AllClose({point.loss}, ulps<double>(4)));
    CHECK_THAT(at<double>(point.p, point.q).gradient, AllClose({point.slope}, ulps<double>(4)));
  }
}

TEST_CASE("generalized_cross_entropy of q towards 0 is the cross-entropy, towards 1 the absolute error",
          "[losses][generalized_cross_entropy]") {
  CHECK_THAT(at<double>(0.2, 1e-12).loss, AllClose({-std::log(0.2)}, 1e-11));
  CHECK_THAT(at<double>(0.2, 1 - 1e-12).loss, AllClose({0.8}, 1e-11));
}

TEST_CASE("generalized_cross_entropy gradient agrees with central differences",
          "[losses][generalized_cross_entropy][gradient]") {
  for (const double q : {0.001, 0.5, 0.999}) {
    const auto loss = [=](auto p) {
      return generalized_cross_entropy(p, std::vector{1, 0, 1},
                                       {.q = q,
                                        .axis = 0,
                                        .class_weights = std::vector{0.5, 2.0},
                                        .sample_weights = std::vector{1, -2, 3}});
    };
    CHECK_THAT(gradcheck(loss, probabilities), HasCorrectGradient());
  }
}

TEST_CASE("generalized_cross_entropy of certainties is 0 and 1 / q, with an infinite slope at 0",
          "[losses][generalized_cross_entropy][extremes]") {
  CHECK_THAT(at<double>(1, 0.7).loss, AllClose({0}, 0));
  CHECK_THAT(at<double>(1, 0.7).gradient, AllClose({-1}, 0));
  CHECK_THAT(at<double>(0, 0.5).loss, AllClose({2}, 0));
  CHECK_THAT(at<double>(0, 0.5).gradient, AllClose({-inf}, 0));
}

TEST_CASE("generalized_cross_entropy reads no class but that of the label, and lets its NaN through",
          "[losses][generalized_cross_entropy][extremes]") {
  const auto result = result_of<double>(array({3, 2}, {1, NaN, NaN, 0.25, 0.25, inf}), [](auto p) {
    return generalized_cross_entropy(p, std::vector{0, 0, 0}, {.reduction = Reduction::none});
  });
  CHECK_THAT(result.loss, AllClose({0, NaN, 1}, 0));
  CHECK_THAT(result.gradient, AllClose({-1, 0, NaN, 0, -2, 0}, 0));
  const auto weighted = result_of<double>(array({2, 2}, {0.25, 0.75, 0.75, 0.25}), [](auto p) {
    return generalized_cross_entropy(p, std::vector{0, 1},
                                     {.class_weights = std::vector{NaN, 3.0}, .reduction = Reduction::none});
  });
  CHECK_THAT(weighted.loss, AllClose({NaN, 3}, 0));
  CHECK_THAT(weighted.gradient, AllClose({NaN, NaN, 0, -6}, 0));
}

TEST_CASE("generalized_cross_entropy leaves out what is masked or ignored, whatever it holds",
          "[losses][generalized_cross_entropy][extremes]") {
  const auto result = result_of<double>(array({3, 2}, {NaN, -1, 0.25, 0.75, inf, NaN}), [](auto p) {
    return generalized_cross_entropy(p, std::vector{9, 0, -1},
                                     {.mask = std::vector{false, true, true}, .ignore_index = -1});
  });
  CHECK_THAT(result.loss, AllClose({1}, 0));
  CHECK_THAT(result.gradient, AllClose({0, 0, -2, 0, 0, 0}, 0));
}

TEST_CASE("generalized_cross_entropy of no samples is empty, sums to zero and has no mean",
          "[losses][generalized_cross_entropy][extremes]") {
  check_loss_of_no_samples({0, 3}, [](auto p, Reduction reduction) {
    return generalized_cross_entropy(p, std::vector<int>{}, {.reduction = reduction});
  });
  check_loss_of_no_samples({2, 0, 3}, [](auto p, Reduction reduction) {
    return generalized_cross_entropy(p, Array<std::int64_t>(Shape{2, 0}), {.reduction = reduction});
  });
}

TEST_CASE("generalized_cross_entropy is the same, bit for bit, on one thread and on two",
          "[losses][generalized_cross_entropy][threads]") {
  check_loss_on_two_threads(
      [](auto x) { return generalized_cross_entropy(softmax(x), std::vector<int>(100000, 1)); });
}

TEST_CASE("generalized_cross_entropy is called as its documentation shows",
          "[losses][generalized_cross_entropy]") {
  Tape<double> tape;
  const auto logits = tape.variable(xt::zeros<double>({3, 4}));
  auto loss = losses::generalized_cross_entropy(softmax(logits), xt::xarray<int>{2, 0, 1}, {.q = 0.7});
  CHECK_THAT(loss.item(), WithinRel((1 - std::pow(0.25, 0.7)) / 0.7, 1e-15));
}

TEST_CASE("generalized_cross_entropy has no slope by a label of weight 0, also where its probability is 0",
          "[losses][generalized_cross_entropy][extremes]") {
  Tape<double> tape;
  const auto p = tape.variable(array({1, 2}, {1, 0}));
  const xt::xarray<double> class_weights{1, 0};
  const auto loss =
      losses::generalized_cross_entropy(p, xt::xarray<int>{1}, {.class_weights = class_weights});
  loss.backward();
  CHECK(loss.item() == 0);
  CHECK_THAT(values(p.grad()), AllClose({0, 0}, 0));
}

TEMPLATE_TEST_CASE("generalized_cross_entropy at the ends of q is the logarithm, and 1 - p",
                   "[losses][generalized_cross_entropy][extremes]", float, double) {
  const auto at = [](double q) {
    return result_of<TestType>({0.5, 0.5},
                               [q](auto p) { return losses::generalized_cross_entropy(p, 1, {.q = q}); });
  };
  for (const double q : {0x1p-1074, 1e-300, 1e-20}) {
    CHECK_THAT(at(q).loss, AllClose({0.6931471805599453}, ulps<TestType>(2)));
    CHECK_THAT(at(q).gradient, AllClose({0, -2}, ulps<TestType>(2)));
  }
  const double below_one = 1 - 0x1p-53;
  CHECK_THAT(at(below_one).loss, AllClose({0.5}, ulps<TestType>(2)));
  CHECK_THAT(at(below_one).gradient, AllClose({0, -1}, ulps<TestType>(2)));
}
