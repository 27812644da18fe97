// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::binary_focal;
using losses::categorical_focal;
using losses::Reduction;
using losses::sigmoid_focal;
using losses::softmax_focal;

namespace {

const auto rows = array({2, 3}, {1, -2, 0.5, 0, 3, -1});
const auto unnormalised = array({2, 3}, {0.4, 0.2, 0.9, 0.1, 2, 0.3});
const auto soft_rows = array({2, 3}, {0.2, 0.3, 0.5, 0.1, 0, 0.9});
const std::vector<int> classes{2, 1};
const std::vector<double> alphas{0.25, 0.5, 1};

const auto logits = array({6}, {1, -2, 0.5, 0, 3, -1});
const auto probabilities = array({6}, {0.9, 0.2, 0.6, 0.5, 0.05, 0.3});
const auto labels = array({6}, {1, 0, 0.25, 0, 1, 0.9});

template <class T>
LossResult sigmoid_each(const std::vector<double>& x, const std::vector<double>& z,
                        losses::SigmoidFocalOptions options) {
  options.reduction = Reduction::none;
  return result_of<T>(array({x.size()}, x), array({z.size()}, z),
                      [&](auto logit, auto label) { return sigmoid_focal(logit, label, options); });
}

template <class T>
LossResult binary_each(const std::vector<double>& p, const std::vector<double>& z,
                       losses::BinaryFocalOptions options) {
  options.reduction = Reduction::none;
  return result_of<T>(array({p.size()}, p), array({z.size()}, z),
                      [&](auto x, auto label) { return binary_focal(x, label, options); });
}

template <class T>
LossResult softmax_of_class(const std::vector<double>& x, int y, double gamma = 2) {
  return result_of<T>(array({x.size()}, x),
                      [=](auto row) { return softmax_focal(row, y, {.gamma = gamma}); });
}

}  // namespace

TEMPLATE_TEST_CASE("sigmoid_focal is what 120 digits give, to labels too", "[losses][focal]", float, double) {
  const auto plain = sigmoid_each<TestType>(values(logits), values(labels), {});
  CHECK_THAT(plain.loss, AllClose({0.022658057508467332, 0.0018035628352403754, 0.2674411965602602,
                                   0.17328679513998633, 0.00010928332449699752, 0.56903820411893327},
                                  1e-6));
  CHECK_THAT(plain.gradient, AllClose({-0.052581129977560621, 0.0048709401953927665, 0.22930242899257457,
                                       0.29828679513998633, -0.0003148718464882813, -0.55735936590028285},
                                      1e-6));
  CHECK_THAT(plain.label_gradient, AllClose({-0.15019534509847216, 0.051464801501816429, -0.39091017365396552,
                                             0, -0.010919102189516236, 1.2369600947779398},
                                            1e-6, 1e-16));
  const auto balanced = sigmoid_each<TestType>(values(logits), values(labels), {.gamma = 1.5, .alpha = 0.25});
  CHECK_THAT(balanced.loss, AllClose({0.01092279632437287, 0.0039178615991843095, 0.22311974993426206,
                                      0.1837984019003526, 0.00012545449859709255, 0.20628419014347279},
                                     1e-6));
  CHECK_THAT(balanced.gradient, AllClose({-0.021355244943150028, 0.0088556743899863914, 0.1679447599409174,
                                          0.27043132289774211, -0.00030171257878575638, -0.17836168978000296},
                                         1e-6));
  CHECK_THAT(balanced.label_gradient,
             AllClose({-0.084866217376593101, 0.096668849655024083, -0.45593840506309347, -0.1225322679335684,
                       -0.011588579518574555, 0.035010446397895973},
                      2e-6));
}

TEMPLATE_TEST_CASE("binary_focal is what 120 digits give, to labels too", "[losses][focal]", float, double) {
  const auto plain = binary_each<TestType>(values(probabilities), values(labels), {});
  CHECK_THAT(plain.loss, AllClose({0.0010536051565782623, 0.0089257420525683918, 0.24651464759125196,
                                   0.17328679513998633, 2.7036483768824768, 0.48754225876591118},
                                  2e-6));
  CHECK_THAT(plain.gradient, AllClose({-0.032183214242676357, 0.13925742052568392, 0.88935428349924594,
                                       1.1931471805599453, -23.741891319752582, -2.4264920558827286},
                                      2e-6));
  CHECK_THAT(plain.label_gradient, AllClose({-0.038829928278614388, 0.10900622676020597, -0.30193657526908472,
                                             0, 7.7800583664750369, 0.96004326164031587},
                                            2e-6, 1e-16));
  const auto balanced =
      binary_each<TestType>(values(probabilities), values(labels), {.gamma = 1.5, .alpha = 0.25});
  CHECK_THAT(balanced.loss, AllClose({0.00083294801232141165, 0.014968924484378569, 0.20775017687649583,
                                      0.1837984019003526, 0.6934711765828963, 0.18003691064078297},
                                     2e-6));
  CHECK_THAT(balanced.gradient, AllClose({-0.021278324796400006, 0.19611948278908138, 0.65507127094013316,
                                          1.0817252915909684, -5.7246818031256728, -0.78692829584810212},
                                         2e-6));
  CHECK_THAT(balanced.label_gradient,
             AllClose({-0.029031857660707852, 0.15037633003877935, -0.38288437896790559, -0.1225322679335684,
                       0.28011416552237641, -9.8687882850025988e-5},
                      2e-6, 1e-6));
}

TEMPLATE_TEST_CASE("softmax_focal is what 120 digits give, to soft labels too", "[losses][focal]", float,
                   double) {
  const auto hard = result_of<TestType>(
      rows, [](auto x) { return softmax_focal(x, classes, {.reduction = Reduction::none}); });
  CHECK_THAT(hard.loss, AllClose({0.40355893894537784, 0.00026784407610953004}, 1e-6));
  CHECK_THAT(hard.gradient,
             AllClose({0.52407644167671246, 0.026092229631745344, -0.55016867130845781,
                       0.00055614830036623307, -0.00076074382631341034, 0.00020459552594717727},
                      1e-6));
  const auto soft = result_of<TestType>(rows, soft_rows, [](auto x, auto t) {
    return softmax_focal(x, t, {.gamma = 1.5, .alpha = alphas, .reduction = Reduction::none});
  });
  CHECK_THAT(soft.loss, AllClose({0.76191271457028474, 3.6369276938500389}, 1e-6));
  CHECK_THAT(soft.gradient, AllClose({0.37490076895238318, -0.1466291191302504, -0.22827164982213278,
                                      0.018049953582237071, 0.93508625230731657, -0.95313620588955364},
                                     1e-6));
  CHECK_THAT(soft.label_gradient, AllClose({0.031465911465413072, 1.6738869712144958, 0.5069068818257068,
                                            0.71350958323736332, 0.00053036684802495742, 3.9617519283625583},
                                           1e-6));
}

TEMPLATE_TEST_CASE("categorical_focal is what 120 digits give, to soft labels too", "[losses][focal]", float,
                   double) {
  const auto hard = result_of<TestType>(
      unnormalised, [](auto p) { return categorical_focal(p, classes, {.reduction = Reduction::none}); });
  CHECK_THAT(hard.loss, AllClose({0.081732099802558514, 0.0050644876887209617}, 1e-6));
  CHECK_THAT(hard.gradient, AllClose({0.27013086627178368, 0.27013086627178368, -0.18008724418118913,
                                      0.032676106110411414, -0.0065352212220822828, 0.032676106110411414},
                                     1e-6));
  const auto soft = result_of<TestType>(unnormalised, soft_rows, [](auto p, auto t) {
    return categorical_focal(p, t, {.gamma = 1.5, .alpha = alphas, .reduction = Reduction::none});
  });
  CHECK_THAT(soft.loss, AllClose({0.34996775638696497, 1.6063350455453374}, 1e-6));
  CHECK_THAT(soft.gradient, AllClose({0.20037939203137403, -0.5510107235107267, 0.033389319877328585,
                                      0.17234791613722769, 0.45549838643348487, -3.0941052149356418},
                                     1e-6));
  CHECK_THAT(soft.label_gradient, AllClose({0.20751208104955512, 0.81283480615327717, 0.1292297966621416,
                                            0.74537727727118862, 0.0062027053229868403, 1.7019970197980205},
                                           1e-6));
}

TEMPLATE_TEST_CASE("sigmoid_focal is within 4 ulp of 120 digits in both tails", "[losses][focal][exactness]",
                   float, double) {
  const double bound = ulps<TestType>(4);
  const auto right = sigmoid_each<TestType>({17, -17}, {1, 0}, {});
  CHECK_THAT(right.loss, AllClose({7.0954734279142289e-23, 7.0954734279142289e-23}, bound));
  CHECK_THAT(right.gradient, AllClose({-2.1286419549372264e-22, 2.1286419549372264e-22}, bound));
  CHECK_THAT(right.label_gradient, AllClose({-3.256425729015403e-14, 3.256425729015403e-14}, bound));
  const auto slow_fade = sigmoid_each<TestType>({17, -17, 40, -40}, {1, 0, 1, 0}, {.gamma = 0.5});
  CHECK_THAT(slow_fade.loss, AllClose({8.423463405742508e-12, 8.423463405742508e-12, 8.7565107626965203e-27,
                                       8.7565107626965203e-27},
                                      bound));
  CHECK_THAT(slow_fade.gradient, AllClose({-1.2635194759887637e-11, 1.2635194759887637e-11,
                                           -1.313476614404478e-26, 1.313476614404478e-26},
                                          bound));
  CHECK_THAT(slow_fade.label_gradient, AllClose({-0.0035606963776633699, 0.0035606963776633699,
                                                 -8.3476721708761592e-8, 8.3476721708761592e-8},
                                                bound));
  const auto wrong = sigmoid_each<TestType>({17, -17, 40, -40}, {0, 1, 0, 1}, {});
  CHECK_THAT(wrong.loss, AllClose({16.999998633820636, 16.999998633820636, 40, 40}, bound));
  CHECK_THAT(
      wrong.gradient,
      AllClose({1.0000012833805317, -1.0000012833805317, 1.0000000000000003, -1.0000000000000003}, bound));
  CHECK_THAT(wrong.label_gradient, AllClose({-50.999994452483824, 50.999994452483824, -120, 120}, bound));
}

TEST_CASE("sigmoid_focal at logits of 40 is 7.67e-53 in double, within 4 ulp", "[losses][focal][exactness]") {
  const auto result = sigmoid_each<double>({40, -40}, {1, 0}, {});
  CHECK_THAT(result.loss, AllClose({7.6676480737219996e-53, 7.6676480737219996e-53}, ulps<double>(4)));
  CHECK_THAT(result.gradient, AllClose({-2.3002944221165999e-52, 2.3002944221165999e-52}, ulps<double>(4)));
}

TEMPLATE_TEST_CASE("softmax_focal is within 4 ulp of 120 digits where a class leads by 17 or 40",
                   "[losses][focal][exactness]", float, double) {
  const double bound = ulps<TestType>(4);
  const auto right = softmax_of_class<TestType>({17, 0, -1}, 0);
  CHECK_THAT(right.loss, AllClose({1.81603756738344e-22}, bound));
  CHECK_THAT(right.gradient,
             AllClose({-5.4481124450477351e-22, 3.9828893402930378e-22, 1.4652231047546973e-22}, bound));
  const auto linear_fade = softmax_of_class<TestType>({40, 0}, 0, 1);
  CHECK_THAT(linear_fade.loss, AllClose({1.8048513878454152e-35}, bound));
  CHECK_THAT(linear_fade.gradient, AllClose({-3.6097027756908303e-35, 3.6097027756908303e-35}, bound));
  const auto slow_fade = softmax_of_class<TestType>({40, 0}, 0, 0.5);
  CHECK_THAT(slow_fade.loss, AllClose({8.7565107626965203e-27}, bound));
  CHECK_THAT(slow_fade.gradient, AllClose({-1.313476614404478e-26, 1.313476614404478e-26}, bound));
  const auto wrong = softmax_of_class<TestType>({17, 0, -1}, 1);
  CHECK_THAT(wrong.loss, AllClose({16.999998649050635}, bound));
  CHECK_THAT(wrong.gradient,
             AllClose({1.0000012681505144, -1.0000012833805134, 1.5229999058619276e-8}, bound));
}

TEST_CASE("softmax_focal is within 4 ulp of 120 digits in double where a class leads by 40 or 100",
          "[losses][focal][exactness]") {
  const auto at_40 = softmax_of_class<double>({40, 0, -1}, 0);
  CHECK_THAT(at_40.loss, AllClose({1.9624818029417027e-52}, ulps<double>(4)));
  CHECK_THAT(
      at_40.gradient,
      AllClose({-5.887445408825108e-52, 4.3040674723374314e-52, 1.5833779364876765e-52}, ulps<double>(4)));
  const auto at_100 = softmax_of_class<double>({100, 0, -1}, 0);
  CHECK_THAT(at_100.loss, AllClose({1.317646448721234e-130}, ulps<double>(4)));
  CHECK_THAT(at_100.gradient,
             AllClose({-3.9529393461637021e-130, 2.8898302198170569e-130, 1.0631091263466452e-130},
                      ulps<double>(4)));
}

TEST_CASE("the focal losses of a fade that is all but flat vanish with the probability of being wrong",
          "[losses][focal][exactness]") {
  // At 744, e^-x is the smallest number there is, and its power of gamma - 1 is beyond the largest.
  for (const double x : {740.0, 744.0, 800.0}) {
    const auto element = sigmoid_each<double>({x, -x}, {1, 0}, {.gamma = 0.01});
    CHECK_THAT(element.loss, AllClose({0, 0}, 0, 1e-320));
    CHECK_THAT(element.gradient, AllClose({0, 0}, 0, 1e-320));
    const auto row = softmax_of_class<double>({x, 0}, 0, 0.01);
    CHECK_THAT(row.loss, AllClose({0}, 0, 1e-320));
    CHECK_THAT(row.gradient, AllClose({0, 0}, 0, 1e-320));
  }
}

TEST_CASE("the focal losses with gamma 0 are the cross-entropies", "[losses][focal]") {
  Tape<double> tape;
  const auto x = tape.variable(rows), p = tape.variable(unnormalised);
  const auto z = array({2, 3}, {1, 0, 0.25, 0, 1, 0.9});
  CHECK_THAT(sigmoid_focal(x, z, {.gamma = 0}).item(),
             WithinRel(losses::sigmoid_cross_entropy(x, z).item(), 1e-15));
  CHECK_THAT(binary_focal(sigmoid(x), z, {.gamma = 0}).item(),
             WithinRel(losses::sigmoid_cross_entropy(x, z).item(), 1e-14));
  CHECK_THAT(softmax_focal(x, soft_rows, {.gamma = 0}).item(),
             WithinRel(losses::softmax_cross_entropy(x, soft_rows).item(), 1e-15));
  CHECK_THAT(categorical_focal(p, soft_rows, {.gamma = 0}).item(),
             WithinRel(losses::categorical_cross_entropy(p, soft_rows).item(), 1e-15));
}

TEST_CASE("the focal losses gradients agree with central differences, to labels too",
          "[losses][focal][gradient]") {
  const double gamma = GENERATE(0.0, 0.5, 1.0, 2.0);
  const auto z = irregular({6}, 0.05, 0.95);
  const auto of_logits = [=](auto x, auto t) {
    return sigmoid_focal(
        x, t, {.gamma = gamma, .alpha = 0.3, .class_weights = std::vector{2}, .label_smoothing = 0.1});
  };
  CHECK_THAT(gradcheck(of_logits, logits, z), HasCorrectGradient());
  const auto of_probabilities = [=](auto p, auto t) {
    return binary_focal(p, t, {.gamma = gamma, .alpha = 0.3, .axis = 0, .label_smoothing = 0.1});
  };
  CHECK_THAT(gradcheck(of_probabilities, probabilities, z), HasCorrectGradient());
  const auto of_scores = [=](auto x, auto t) {
    return softmax_focal(x, t,
                         {.gamma = gamma, .alpha = std::vector{0.3, 2.0}, .axis = 0, .label_smoothing = 0.1});
  };
  CHECK_THAT(gradcheck(of_scores, array({2, 3}, values(logits)), array({2, 3}, values(z))),
             HasCorrectGradient());
  const auto of_shares = [=](auto p, auto t) {
    return categorical_focal(p, t, {.gamma = gamma, .alpha = 0.3, .label_smoothing = 0.1});
  };
  CHECK_THAT(gradcheck(of_shares, unnormalised, soft_rows + 0.05), HasCorrectGradient());
}

TEST_CASE("the focal losses clip probabilities as Keras does if an epsilon asks for it", "[losses][focal]") {
  // Keras computes m from the probability as it is, and the logarithm of 1 - 1e-7 from the clipped one.
  const double e17 = 4.1399375473943306e-8;  // sigmoid(-17)
  const auto element = sigmoid_each<double>({17, -17}, {1, 1}, {.epsilon = 1e-7});
  CHECK_THAT(
      element.loss,
      AllClose({e17 * e17 * 1.0000000494736474e-07, (1 - e17) * (1 - e17) * 16.11809565095832}, 1e-15));
  // Only m has a gradient: -2 m p (1 - p) times the logarithm.
  CHECK_THAT(element.gradient, AllClose({-2 * e17 * (1 - e17) * e17 * 1.0000000494736474e-07,
                                         -2 * (1 - e17) * (1 - e17) * e17 * 16.11809565095832},
                                        1e-15));
  const auto row = result_of<double>({17, 0}, [](auto x) { return softmax_focal(x, 1, {.epsilon = 1e-7}); });
  CHECK_THAT(row.loss, AllClose({(1 - 1e-7) * (1 - 1e-7) * 16.11809565095832}, 1e-15));
  CHECK_THAT(row.gradient, AllClose({0, 0}, 0));
  const auto share = result_of<double>({1, 0}, [](auto p) { return categorical_focal(p, 1); });
  CHECK_THAT(share.loss, AllClose(row.loss, 1e-15));
  CHECK_THAT(share.gradient, AllClose({0, 0}, 0));
}

TEST_CASE("binary_focal and categorical_focal without epsilon take certainties that are right",
          "[losses][focal][extremes]") {
  for (const double gamma : {1.0, 2.0}) {
    const auto element = binary_each<double>({0, 1}, {0, 1}, {.gamma = gamma, .epsilon = 0});
    CHECK_THAT(element.loss, AllClose({0, 0}, 0));
    CHECK_THAT(element.gradient, AllClose({0, 0}, 0));
    CHECK_THAT(element.label_gradient, AllClose({0, 0}, 0));
    const auto row = result_of<double>(
        {0, 1}, [=](auto p) { return categorical_focal(p, 1, {.gamma = gamma, .epsilon = 0}); });
    CHECK_THAT(row.loss, AllClose({0}, 0));
    CHECK_THAT(row.gradient, AllClose({0, 0}, 0));
  }
  CHECK_THAT((binary_each<double>({0, 1}, {1, 0}, {.epsilon = 0}).loss), AllClose({inf, inf}, 0));
  CHECK_THAT((binary_each<double>({0, 1}, {1, 0}, {.epsilon = 0}).gradient), AllClose({-inf, inf}, 0));
}

TEST_CASE("binary_focal of a certainty that is right has no gradient, also where its fade is steepest",
          "[losses][focal][extremes]") {
  // sigmoid(20) is 1 in float. By the logit the slope is 1.5 e^-30, and that of the mean half as much.
  Tape<float> tape;
  const auto x = tape.variable(xt::xarray<float>{20, -20});
  const auto loss = binary_focal(sigmoid(x), xt::xarray<float>{1, 0}, {.gamma = 0.5});
  loss.backward();
  CHECK(x.grad()(0) == 0);
  CHECK(std::abs(x.grad()(1)) < 1e-11);
  sigmoid_focal(x, xt::xarray<float>{1, 0}, {.gamma = 0.5}).backward();
  CHECK_THAT(x.grad()(0), WithinRel(-0.75 * std::exp(-30.0), 1e-6));
  for (const double gamma : {0.01, 0.5, 0.99}) {
    for (const double epsilon : {0.0, 1e-30, 1e-7}) {
      const auto certain = binary_each<float>({1, 0}, {1, 0}, {.gamma = gamma, .epsilon = epsilon});
      CHECK_THAT(certain.loss, AllClose({0, 0}, 0));
      CHECK_THAT(certain.gradient, AllClose({0, 0}, 0));
      CHECK_THAT(binary_each<double>({1, 0}, {1, 0}, {.gamma = gamma, .epsilon = epsilon}).gradient,
                 AllClose({0, 0}, 0));
    }
  }
}

TEST_CASE("binary_focal beyond the clip has the slope of its fade alone", "[losses][focal][extremes]") {
  // In float the largest p in a logarithm is 1 - 2^-23. At p = 1 - 2^-24 the slope of the fade is
  // -0.5 (2^-24)^-0.5 = -2^11, and -log(1 - 2^-23) is 2^-23 (1 + 2^-24 + ...).
  const auto near_one = binary_each<float>({1 - 0x1p-24}, {1}, {.gamma = 0.5});
  CHECK_THAT(near_one.gradient, AllClose({-0x1p-12}, ulps<float>(1)));
  CHECK_THAT(near_one.loss, AllClose({0x1p-35}, ulps<float>(1)));
  // At the bound itself, 0.5 (2^-23)^-0.5 2^-23 + (2^-23)^0.5 / (1 - 2^-23) = 1.5 2^-11.5.
  const auto bound = binary_each<float>({1 - 0x1p-23}, {1}, {.gamma = 0.5});
  CHECK_THAT(bound.gradient, AllClose({-1.5 * std::exp2(-11.5)}, ulps<float>(2)));
  // In double with label 0: 0.5 (2^-1074)^-0.5 = 2^536, times -log(1 - 1e-7) = 1.00000005000000333e-7.
  const auto least = binary_each<double>({0x1p-1074}, {0}, {.gamma = 0.5});
  CHECK_THAT(least.gradient, AllClose({0x1p536 * 1.00000005000000333e-7}, 1e-9));
}

TEST_CASE("binary_focal that clips nothing is exact down to the smallest probability",
          "[losses][focal][extremes]") {
  // d/dp p^g (-log(1 - p)) = (1 + g) p^g for a small p.
  for (const double gamma : {0.01, 0.5, 0.99}) {
    for (const double p : {0x1p-1074, 0x1p-1022, 1e-100}) {
      CHECK_THAT((binary_each<double>({p}, {0}, {.gamma = gamma, .epsilon = 0}).gradient),
                 AllClose({(1 + gamma) * std::pow(p, gamma)}, 1e-13));
    }
  }
  // sigmoid(-740) is 4.2e-322, with few digits left; by the logit the slope is g m^(g - 1) m nats.
  const auto clipped = sigmoid_each<double>({-740}, {0}, {.gamma = 0.01, .epsilon = 1e-7});
  CHECK_THAT(clipped.gradient, AllClose({0.01 * std::exp(-7.4) * 1.00000005000000333e-7}, 1e-3));
}

TEST_CASE("categorical_focal has finite gradients at the ends of its options", "[losses][focal][extremes]") {
  for (const double gamma : {0.01, 0.5, 0.99, 1.0}) {
    for (const double epsilon : {0.0, 1e-30, 1e-7}) {
      const auto sure = result_of<float>(
          {0, 1}, [=](auto p) { return categorical_focal(p, 1, {.gamma = gamma, .epsilon = epsilon}); });
      CHECK_THAT(sure.gradient, AllClose({0, 0}, 0));
    }
    // Of (u, 1) with a small u nothing is clipped: the loss is (u / (1 + u))^g log(1 + u), about u^(1 + g),
    // whose slope by u is (1 + g) u^g.
    const auto nearly = result_of<double>(
        {1e-300, 1}, [=](auto p) { return categorical_focal(p, 1, {.gamma = gamma, .epsilon = 0}); });
    CHECK_THAT(nearly.gradient, AllClose({(1 + gamma) * std::pow(1e-300, gamma), 0}, 1e-12, 1e-290));
  }
}

TEST_CASE("the focal losses of infinite logits are limits", "[losses][focal][extremes]") {
  const auto element = sigmoid_each<double>({inf, -inf, inf, -inf}, {1, 0, 0, 1}, {});
  CHECK_THAT(element.loss, AllClose({0, 0, inf, inf}, 0));
  CHECK_THAT(element.gradient, AllClose({0, 0, 1, -1}, 0));
  CHECK_THAT(element.label_gradient, AllClose({0, 0, -inf, inf}, 0));
  CHECK_THAT((softmax_of_class<double>({inf, 0, 1}, 0).loss), AllClose({0}, 0));
  CHECK_THAT((softmax_of_class<double>({inf, 0, 1}, 0).gradient), AllClose({0, 0, 0}, 0));
  CHECK_THAT((softmax_of_class<double>({inf, 0, 1}, 1).loss), AllClose({inf}, 0));
  CHECK_THAT((softmax_of_class<double>({inf, 0, 1}, 1).gradient), AllClose({1, -1, 0}, 0));
  CHECK_THAT((softmax_of_class<double>({0, -inf}, 0).gradient), AllClose({0, 0}, 0));
  CHECK_THAT((softmax_of_class<double>({0, -inf}, 1).loss), AllClose({inf}, 0));
  CHECK_THAT((softmax_of_class<double>({inf, inf}, 0).loss), AllClose({NaN}, 0));
  CHECK_THAT((softmax_of_class<double>({-inf, -inf}, 0).loss), AllClose({NaN}, 0));
  const auto impossible = result_of<double>({0, 0, -inf}, [](auto x) {
    return softmax_focal(x, std::vector{0.5, 0.5, 0.0});
  });
  CHECK_THAT(impossible.loss, AllClose({0.25 * std::log(2.0)}, 1e-15));
  CHECK_THAT(impossible.gradient, AllClose({0, 0, 0}, 0, 1e-16));
}

TEST_CASE("the focal losses let NaN through in its own sample only", "[losses][focal][extremes]") {
  const auto only_first = [](const LossResult& result) {
    const std::size_t each = result.gradient.size() / 2;
    CHECK(std::isnan(result.loss[0]));
    CHECK(std::isfinite(result.loss[1]));
    CHECK(std::isnan(result.gradient[0]));
    CHECK(std::isfinite(result.gradient[each]));
  };
  for (const double label : {0.0, 1.0, 0.5}) {
    only_first(sigmoid_each<double>({NaN, 1}, {label, 1}, {}));
    only_first(sigmoid_each<double>({NaN, 1}, {label, 1}, {.gamma = 0, .epsilon = 1e-7}));
    only_first(binary_each<double>({NaN, 0.5}, {label, 1}, {}));
  }
  only_first(sigmoid_each<double>({1, 1}, {NaN, 1}, {}));
  only_first(binary_each<double>({0.5, 0.5}, {NaN, 1}, {.gamma = 0}));
  const auto of_rows = [&](const std::vector<double>& x, auto loss) {
    only_first(result_of<double>(array({2, 2}, x), loss));
  };
  const std::vector<int> second{1, 1};
  of_rows({NaN, 0.5, 0.25, 0.5},
          [&](auto x) { return softmax_focal(x, second, {.reduction = Reduction::none}); });
  of_rows({NaN, 0.5, 0.25, 0.5},
          [&](auto x) { return softmax_focal(x, second, {.epsilon = 1e-7, .reduction = Reduction::none}); });
  of_rows({NaN, 0.5, 0.25, 0.5},
          [&](auto p) { return categorical_focal(p, second, {.reduction = Reduction::none}); });
  of_rows({1, 2, 3, 4}, [](auto x) {
    return softmax_focal(x, array({2, 2}, {NaN, 1, 0, 1}), {.reduction = Reduction::none});
  });
  of_rows({1, 2, 3, 4}, [](auto x) {
    return softmax_focal(x, std::vector{1, 0},
                         {.alpha = std::vector{1.0, NaN}, .reduction = Reduction::none});
  });
}

TEST_CASE("the focal losses leave out what is masked or ignored, whatever it holds",
          "[losses][focal][extremes]") {
  const std::vector<bool> mask{false, true};
  const auto element = sigmoid_each<double>({NaN, 0}, {inf, 0}, {.mask = mask});
  CHECK_THAT(element.loss, AllClose({0, 0.25 * std::log(2.0)}, 1e-15));
  CHECK_THAT(element.gradient, AllClose({0, 0.29828679513998633}, 1e-15));
  CHECK(element.label_gradient[0] == 0);
  const auto probability = binary_each<double>({NaN, 0.5}, {inf, 0}, {.mask = mask});
  CHECK_THAT(probability.loss, AllClose({0, 0.25 * std::log(2.0)}, 1e-15));
  CHECK(probability.gradient[0] == 0);
  const auto first_row_is_zero = [](const LossResult& result) {
    CHECK(result.loss[0] == 0);
    CHECK(result.gradient[0] == 0);
    CHECK(result.gradient[1] == 0);
    CHECK(result.loss[1] > 0);
    CHECK(result.gradient[2] < 0);
  };
  const auto x = array({2, 2}, {NaN, inf, 0.25, 0.5});
  first_row_is_zero(result_of<double>(x, [&](auto a) {
    return softmax_focal(a, std::vector{9, 0}, {.mask = mask, .reduction = Reduction::none});
  }));
  first_row_is_zero(result_of<double>(x, [](auto a) {
    return categorical_focal(a, std::vector{9, 0}, {.ignore_index = 9, .reduction = Reduction::none});
  }));
}

TEST_CASE("softmax_focal leaves masked classes out of the softmax", "[losses][focal]") {
  const auto masked = result_of<double>({17, NaN, 0, -1}, [](auto x) {
    return softmax_focal(x, 0, {.class_mask = std::vector{true, false, true, true}});
  });
  CHECK_THAT(masked.loss, AllClose({1.81603756738344e-22}, ulps<double>(4)));
  CHECK_THAT(masked.gradient,
             AllClose({-5.4481124450477351e-22, 0, 3.9828893402930378e-22, 1.4652231047546973e-22},
                      ulps<double>(4)));
}

TEST_CASE("the focal losses of no samples are empty, sum to zero and have no mean",
          "[losses][focal][extremes]") {
  for (const Shape& shape : {Shape{0, 3}, Shape{2, 0, 3}}) {
    check_loss_of_no_samples(shape,
                             [](auto x, Reduction r) { return sigmoid_focal(x, x, {.reduction = r}); });
    check_loss_of_no_samples(
        shape, [](auto x, Reduction r) { return binary_focal(x, x, {.axis = -1, .reduction = r}); });
    check_loss_of_no_samples(shape,
                             [](auto x, Reduction r) { return softmax_focal(x, x, {.reduction = r}); });
    check_loss_of_no_samples(shape,
                             [](auto x, Reduction r) { return categorical_focal(x, x, {.reduction = r}); });
  }
}

TEST_CASE("the focal losses are the same, bit for bit, on one thread and on two",
          "[losses][focal][threads]") {
  check_loss_on_two_threads([](auto x) { return sigmoid_focal(x, sigmoid(-x)); });
  check_loss_on_two_threads([](auto x) { return softmax_focal(x, std::vector<int>(100000, 1)); });
}

TEST_CASE("the focal losses are called as their documentation shows", "[losses][focal]") {
  Tape<double> tape;
  const auto logits = tape.variable(irregular({3, 3}));
  const auto labels = tape.constant(xt::eye<double>(3));
  {
    auto loss = losses::sigmoid_focal(logits, labels, {.gamma = 2, .alpha = 0.25});
    CHECK(loss.item() > 0);
  }
  {
    auto loss = losses::binary_focal(sigmoid(logits), labels);
    CHECK_THAT(loss.item(), WithinRel(losses::sigmoid_focal(logits, labels).item(), 1e-14));
  }
  {
    auto loss = losses::softmax_focal(logits, xt::xarray<int>{2, 0, 1}, {.gamma = 2});
    CHECK(loss.item() > 0);
  }
  {
    auto loss = losses::categorical_focal(softmax(logits), xt::xarray<int>{2, 0, 1}, {.alpha = 0.25});
    CHECK_THAT(loss.item(),
               WithinRel(0.25 * losses::softmax_focal(logits, std::vector{2, 0, 1}).item(), 1e-13));
  }
}
