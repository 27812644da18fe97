// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Reduction;
using losses::softmax_cross_entropy;

namespace softmax_cross_entropy_test {
namespace {

const double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

const xt::xarray<double> two_rows{{1, -2, 0.5}, {0, 3, -1}};

template <class T>
struct Result {
  std::vector<double> loss, gradient;
};

template <class T, class Labels>
Result<T> loss_and_gradient(const xt::xarray<double>& logits, const Labels& labels,
                            Reduction reduction = Reduction::none) {
  Tape<T> tape;
  const auto x = tape.variable(logits);
  const auto loss = softmax_cross_entropy(x, labels, {.reduction = reduction});
  sum(loss).backward();
  return {values(loss), values(x.grad())};
}

using Real = long double;

/// |got - exact| in units in the last place of `scale`; those of subnormal numbers are their spacing.
template <class T>
double ulps_off(T got, Real exact, Real scale) {
  const int exponent = std::max(std::ilogb(scale), std::numeric_limits<T>::min_exponent - 1);
  const Real error = std::ldexp(std::abs(got - exact), std::numeric_limits<T>::digits - 1 - exponent);
  return std::isnan(error) ? inf : static_cast<double>(error);
}

/// The errors of a loss, and the largest one among the elements of its gradient.
struct UlpsOff {
  double value = 0, gradient = 0;
};

/// Those of one row, of a class index or soft labels. A soft label t_j may leave a small difference to the
/// gradient sum(t) p_j - t_j, so the units are those of the larger of the two.
template <class T, class Labels>
UlpsOff ulps_off(const std::vector<T>& logits, const Labels& labels) {
  constexpr bool hard = std::is_integral_v<Labels>;
  std::vector<T> t;
  if constexpr (hard) {
    t.resize(logits.size());
    t[static_cast<std::size_t>(labels)] = 1;
  } else {
    t = labels;
  }
  Tape<T> tape;
  const auto x = tape.variable(logits);
  const auto loss = softmax_cross_entropy(x, labels);
  loss.backward();

  const T* const top = std::max_element(logits.data(), logits.data() + logits.size());
  std::vector<Real> e;
  for (const T& logit : logits) e.push_back(std::exp(static_cast<Real>(logit) - *top));
  Real rest = 0, total = 0, value = 0;  // rest: the sum of e without that of the top, 1
  for (std::size_t j = 0; j < t.size(); ++j) {
    if (&logits[j] != top) rest += e[j];
    total += t[j];
  }
  UlpsOff worst;
  for (std::size_t j = 0; j < t.size(); ++j) {
    value += t[j] * (std::log1p(rest) + (static_cast<Real>(*top) - logits[j]));
    // sum(t) p_j - t_j = (sum(t) - t_j) p_j - t_j (1 - p_j), of which one is 0 for a class index.
    const Real p = e[j] / (1 + rest), others = (&logits[j] == top ? rest : 1 + rest - e[j]) / (1 + rest);
    const Real slope = (total - t[j]) * p - t[j] * others;
    const Real scale = hard ? slope : std::max(total * p, static_cast<Real>(t[j]));
    worst.gradient = std::max(worst.gradient, ulps_off(x.gradients()[j], slope, scale));
  }
  worst.value = ulps_off(loss.item(), value, value);
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE("softmax_cross_entropy of class indices is what PyTorch computes in float64",
                   "[losses][softmax_cross_entropy]", float, double) {
  const xt::xarray<int> classes{2, 1};
  const auto each = loss_and_gradient<TestType>(two_rows, classes);
  CHECK_THAT(each.loss, AllClose({1.00459690234228338, 0.06588390375742911}, 1e-6));
  CHECK_THAT(each.gradient, AllClose({0.60374889614862581, 0.03005888756957402, -0.63380778371819979,
                                      0.04661262257797389, -0.06376044812349424, 0.01714782554552039},
                                     1e-6));
  CHECK_THAT((loss_and_gradient<TestType>(two_rows, classes, Reduction::sum).loss),
             AllClose({1.07048080609971241}, 1e-6));
  const auto mean = loss_and_gradient<TestType>(two_rows, classes, Reduction::mean);
  CHECK_THAT(mean.loss, AllClose({0.53524040304985621}, 1e-6));
  CHECK_THAT(mean.gradient[0], WithinRel(0.30187444807431291, 1e-6));
}

TEMPLATE_TEST_CASE("softmax_cross_entropy of soft labels is what PyTorch computes in float64",
                   "[losses][softmax_cross_entropy]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(two_rows);
  const auto t = tape.variable(xt::xarray<double>{{0.2, 0.3, 0.5}, {0.1, 0, 0.9}});
  const auto loss = softmax_cross_entropy(x, t);
  loss.backward();
  CHECK_THAT(values(loss), AllClose({2.81024040304985601}, 1e-6));
  CHECK_THAT(values(x.grad()), AllClose({0.20187444807431290, -0.13497055621521298, -0.06690389185909990,
                                         -0.02669368871101306, 0.46811977593825288, -0.44142608722723981},
                                        2e-6));
  CHECK_THAT(values(t.grad()), AllClose({0.25229845117114175, 1.75229845117114169, 0.50229845117114169,
                                         1.53294195187871463, 0.03294195187871456, 2.03294195187871463},
                                        1e-6));
}

TEST_CASE("softmax_cross_entropy of soft labels is finite where the gap between logits is not",
          "[losses][softmax_cross_entropy][extremes]") {
  Tape<float> tape;
  const auto x = tape.variable(xt::xarray<float>{{3e38F, -3e38F}});
  const auto loss = losses::softmax_cross_entropy(x, xt::xarray<float>{{0.875F, 0.125F}});
  CHECK_THAT(loss.item(), WithinRel(7.5e37F, 4e-7F));  // 6e38 / 8
  loss.backward();
  CHECK_THAT(values(x.grad()), AllClose({0.125, -0.125}, ulps<float>(1)));
}

TEST_CASE("softmax_cross_entropy of a row won by 17 is 4.1399e-08 in float, and so is its gradient",
          "[losses][softmax_cross_entropy][exactness]") {
  const auto result = loss_and_gradient<float>({17, 0}, 0);
  CHECK_THAT(result.loss, AllClose({4.13993763308975e-08}, 1e-7));
  CHECK_THAT(result.gradient, AllClose({-4.13993754739433e-08, 4.13993754739433e-08}, ulps<float>(1)));
}

TEST_CASE("softmax_cross_entropy keeps relative precision down to the smallest normal float",
          "[losses][softmax_cross_entropy][exactness]") {
  // For a gap this wide, loss and gradient are e^-87 to 38 digits.
  const auto result = loss_and_gradient<float>({87, 0}, 0);
  const double expected = 1.64581143108227e-38;
  CHECK_THAT(result.loss, AllClose({expected}, 1e-7));
  CHECK_THAT(result.gradient, AllClose({-expected, expected}, 1e-7));
}

TEMPLATE_TEST_CASE("softmax_cross_entropy over 50,000 classes agrees with long double to 4 ulp",
                   "[losses][softmax_cross_entropy][exactness]", float, double) {
  constexpr std::size_t classes = 50000;
  Random random(7);
  for (const double spread : {0, 1, 10, 30}) {
    CAPTURE(spread);
    std::vector<TestType> logits(classes), soft_labels(classes);
    for (TestType& x : logits) x = static_cast<TestType>(3 + spread * random.normal());
    for (TestType& t : soft_labels) t = static_cast<TestType>(random.uniform());
    const auto likeliest = std::max_element(logits.begin(), logits.end()) - logits.begin();
    for (const auto label : {likeliest, std::ptrdiff_t{12345}}) {
      const UlpsOff hard = ulps_off(logits, label);
      CHECK(hard.value <= 4);
      CHECK(hard.gradient <= 4);
    }
    const UlpsOff soft = ulps_off(logits, soft_labels);
    CHECK(soft.value <= 4);
    CHECK(soft.gradient <= 4);
  }
}

TEST_CASE("softmax_cross_entropy of random soft labels of any sum agrees with long double to 4 ulp",
          "[losses][softmax_cross_entropy][exactness]") {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    const std::size_t classes = 2 + random.below(200);
    const double spread = random.uniform(0.1, 20), offset = random.uniform(-1000, 1000),
                 scale = random.uniform(0.1, 50);
    std::vector<double> logits(classes), labels(classes);
    for (double& x : logits) x = offset + spread * random.normal();
    for (double& t : labels) t = scale * random.uniform();
    const UlpsOff soft = ulps_off(logits, labels);
    CHECK(soft.value <= 4);
    CHECK(soft.gradient <= 4);
  }
}

TEST_CASE("softmax_cross_entropy keeps a label of 1e-20 beside one of 1 where its row is won",
          "[losses][softmax_cross_entropy][exactness]") {
  const auto result = loss_and_gradient<double>({0, -100}, xt::xarray<double>{1, 1e-20});
  CHECK_THAT(result.gradient, AllClose({1e-20, -1e-20}, ulps<double>(4)));
}

TEST_CASE("softmax_cross_entropy of any number of rows of two classes is log(1 + e^(x_other - x_y)) to 1 ulp",
          "[losses][softmax_cross_entropy][exactness]") {
  Random random(13);
  for (std::size_t rows = 1; rows <= 67; ++rows) {
    CAPTURE(rows);
    const double spread = random.uniform(0.1, 40), offset = random.uniform(-1000, 1000);
    xt::xarray<double> logits = xt::zeros<double>({rows, std::size_t{2}});
    xt::xarray<std::size_t> labels = xt::zeros<std::size_t>({rows});
    for (double& x : logits) x = static_cast<float>(offset + spread * random.normal());
    for (std::size_t& y : labels) y = random.below(2);
    const auto result = loss_and_gradient<float>(logits, labels);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t y = labels(r);
      const Real d = Real{logits(r, 1 - y)} - Real{logits(r, y)};
      const Real loss = std::max(d, Real{0}) + std::log1p(std::exp(-std::abs(d)));
      const Real slope = d > 0 ? 1 / (1 + std::exp(-d)) : std::exp(d) / (1 + std::exp(d));
      CHECK(ulps_off(static_cast<float>(result.loss[r]), loss, loss) <= 1);
      CHECK(ulps_off(static_cast<float>(result.gradient[2 * r + 1 - y]), slope, slope) <= 1);
      CHECK(result.gradient[2 * r + y] == -result.gradient[2 * r + 1 - y]);
    }
  }
}

TEST_CASE("softmax_cross_entropy takes class indices of every integer type and form",
          "[losses][softmax_cross_entropy]") {
  Tape<double> tape;
  const auto x = tape.variable(two_rows);
  const double expected = softmax_cross_entropy(x, xt::xarray<std::int64_t>{2, 1}).item();
  CHECK(softmax_cross_entropy(x, xt::xarray<std::uint8_t>{2, 1}).item() == expected);
  CHECK(softmax_cross_entropy(x, xt::xarray<std::int16_t>{2, 1}).item() == expected);
  CHECK(softmax_cross_entropy(x, xt::xarray<std::size_t>{2, 1}).item() == expected);
  CHECK(softmax_cross_entropy(x, std::vector<int>{2, 1}).item() == expected);
  CHECK(softmax_cross_entropy(x, xt::xarray<int>{1, 0} + 1).item() == expected);
}

TEST_CASE("softmax_cross_entropy has one loss per sample, whatever the rank of the logits",
          "[losses][softmax_cross_entropy]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::zeros<double>({2, 3, 4}));
  const xt::xarray<int> classes{{0, 1, 2}, {3, 2, 1}};
  const auto each = softmax_cross_entropy(x, classes, {.reduction = Reduction::none});
  CHECK(each.shape() == Shape{2, 3});
  CHECK_THAT(values(each), AllClose(std::vector<double>(6, std::log(4.0)), 1e-15));
  CHECK(softmax_cross_entropy(x, classes).shape() == Shape{});
  CHECK(softmax_cross_entropy(reshape(x, {24}), 5, {.reduction = Reduction::none}).shape() == Shape{});
}

TEST_CASE("softmax_cross_entropy of one-hot soft labels is that of the class indices",
          "[losses][softmax_cross_entropy]") {
  const auto soft = loss_and_gradient<double>(two_rows, xt::xarray<double>{{0, 0, 1}, {0, 1, 0}});
  const auto hard = loss_and_gradient<double>(two_rows, xt::xarray<int>{2, 1});
  CHECK_THAT(soft.loss, AllClose(hard.loss, 1e-15));
  CHECK_THAT(soft.gradient, AllClose(hard.gradient, 1e-14));
}

TEST_CASE("softmax_cross_entropy has the true gradient for soft labels of any sum",
          "[losses][softmax_cross_entropy][gradient]") {
  const auto loss = [](auto x, auto t) { return softmax_cross_entropy(x, t); };
  CHECK_THAT(gradcheck(loss, two_rows, xt::xarray<double>{{2, 0.5, 1}, {0.1, 0.2, 0.3}}),
             HasCorrectGradient());
}

TEST_CASE("softmax_cross_entropy gradient agrees with central differences under every reduction",
          "[losses][softmax_cross_entropy][gradient]") {
  for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean}) {
    const auto hard = [=](auto x) {
      return softmax_cross_entropy(x, xt::xarray<int>{0, 2}, {.reduction = reduction});
    };
    CHECK_THAT(gradcheck(hard, two_rows), HasCorrectGradient());
    const auto soft = [=](auto x, auto t) { return softmax_cross_entropy(x, t, {.reduction = reduction}); };
    CHECK_THAT(gradcheck(soft, two_rows, xt::xarray<double>{{0.2, 0.3, 0.5}, {0.1, 0.3, 0.6}}),
               HasCorrectGradient());
  }
}

TEST_CASE("softmax_cross_entropy of logits with themselves as labels adds both gradients",
          "[losses][softmax_cross_entropy][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return softmax_cross_entropy(x, x); }, two_rows), HasCorrectGradient());
}

TEMPLATE_TEST_CASE("softmax_cross_entropy treats infinite logits as limits",
                   "[losses][softmax_cross_entropy][extremes]", float, double) {
  CHECK_THAT((loss_and_gradient<TestType>({0, -infinity}, 0).loss), AllClose({0}, 0));
  CHECK_THAT((loss_and_gradient<TestType>({0, -infinity}, 0).gradient), AllClose({0, 0}, 0));
  CHECK_THAT((loss_and_gradient<TestType>({0, -infinity}, 1).loss), AllClose({infinity}, 0));
  CHECK_THAT((loss_and_gradient<TestType>({0, -infinity}, 1).gradient), AllClose({1, -1}, 0));
  CHECK_THAT((loss_and_gradient<TestType>({0, infinity, 1}, 1).loss), AllClose({0}, 0));
  CHECK_THAT((loss_and_gradient<TestType>({0, infinity, 1}, 0).loss), AllClose({infinity}, 0));
  CHECK_THAT((loss_and_gradient<TestType>({0, infinity, 1}, 0).gradient), AllClose({-1, 1, 0}, 0));
  CHECK_THAT((loss_and_gradient<TestType>({infinity, infinity}, 0).loss), AllClose({not_a_number}, 0));
  CHECK_THAT((loss_and_gradient<TestType>({-infinity, -infinity}, 0).loss), AllClose({not_a_number}, 0));
  CHECK_THAT((loss_and_gradient<TestType>(xt::zeros<double>({1}) - infinity, 0).loss),
             AllClose({not_a_number}, 0));
}

TEST_CASE("softmax_cross_entropy of an impossible class that nobody labels is finite",
          "[losses][softmax_cross_entropy][extremes]") {
  const auto result = loss_and_gradient<double>({0, 0, -infinity}, xt::xarray<double>{0.5, 0.5, 0});
  CHECK_THAT(result.loss, AllClose({std::log(2.0)}, 1e-15));
  CHECK_THAT(result.gradient, AllClose({0, 0, 0}, 0, 1e-16));
  CHECK_THAT((loss_and_gradient<double>({0, 0}, xt::xarray<double>{0, 0}).loss), AllClose({0}, 0));
  CHECK_THAT((loss_and_gradient<double>({0, 0}, xt::xarray<double>{0, 0}).gradient), AllClose({0, 0}, 0));
}

TEST_CASE("softmax_cross_entropy lets NaN through in its own row only",
          "[losses][softmax_cross_entropy][extremes]") {
  for (std::size_t where = 0; where < 3; ++where) {
    xt::xarray<double> logits = two_rows;
    logits(0, where) = not_a_number;
    const auto result = loss_and_gradient<double>(logits, xt::xarray<int>{1, 1});
    CHECK(std::isnan(result.loss[0]));
    CHECK_THAT(result.loss[1], WithinRel(0.06588390375742911, 1e-15));
    for (std::size_t j = 0; j < 3; ++j) CHECK(std::isnan(result.gradient[j]));
    for (std::size_t j = 3; j < 6; ++j) CHECK(std::isfinite(result.gradient[j]));
  }
  const auto of_two = loss_and_gradient<float>({{0, 3}, {not_a_number, 3}}, xt::xarray<int>{1, 1});
  CHECK_THAT(of_two.loss, AllClose({0.048587351573742, not_a_number}, 1e-7));
  CHECK_THAT(of_two.gradient,
             AllClose({0.047425873177567, -0.047425873177567, not_a_number, not_a_number}, 1e-7));
  CHECK_THAT((loss_and_gradient<double>({1, 2}, xt::xarray<double>{not_a_number, 1}).loss),
             AllClose({not_a_number}, 0));
}

TEST_CASE("softmax_cross_entropy of logits of 1e30 neither overflows nor loses the gap",
          "[losses][softmax_cross_entropy][extremes]") {
  CHECK_THAT((loss_and_gradient<float>({1e30, -1e30}, 1).loss), AllClose({2e30}, 1e-7));
  CHECK_THAT((loss_and_gradient<double>({1e6, 1e6 - 0.5}, 0).loss), AllClose({0.47407698418010669}, 1e-15));
}

TEST_CASE("softmax_cross_entropy of no samples is empty, sums to zero and has no mean",
          "[losses][softmax_cross_entropy][extremes]") {
  const xt::xarray<double> logits = xt::xarray<double>::from_shape({0, 3});
  const xt::xarray<int> classes = xt::xarray<int>::from_shape({0});
  CHECK(loss_and_gradient<double>(logits, classes).loss.empty());
  CHECK_THAT((loss_and_gradient<double>(logits, classes, Reduction::sum).loss), AllClose({0}, 0));
  CHECK_THAT((loss_and_gradient<double>(logits, classes, Reduction::mean).loss), AllClose({not_a_number}, 0));
}

TEST_CASE("softmax_cross_entropy is the same, bit for bit, on one thread and on two",
          "[losses][softmax_cross_entropy][threads]") {
  Random random(3);
  xt::xarray<double> logits = xt::xarray<double>::from_shape({3000, 37});
  for (double& x : logits) x = random.normal();
  xt::xarray<int> classes = xt::zeros<int>({3000});
  const std::size_t before = num_threads();
  set_num_threads(1);
  const auto one = loss_and_gradient<float>(logits, classes, Reduction::mean);
  set_num_threads(2);
  const auto two = loss_and_gradient<float>(logits, classes, Reduction::mean);
  set_num_threads(before);
  CHECK(one.loss == two.loss);
  CHECK(one.gradient == two.gradient);
}

TEST_CASE("softmax_cross_entropy names the mistake and leaves the tape as it was",
          "[losses][softmax_cross_entropy][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(two_rows);
  const auto before = tape.statistics();

  CHECK_THROWS_AS(softmax_cross_entropy(x, xt::xarray<int>{0, 3}), LabelError);
  CHECK(tape.statistics().bytes_in_use == before.bytes_in_use);
  CHECK_THROWS_WITH(softmax_cross_entropy(x, xt::xarray<int>{0, 3}),
                    "softmax_cross_entropy: class_indices[1] is 3, but logits (2, 3) has classes 0 to 2; to "
                    "skip such samples set ignore_index = 3");
  CHECK_THROWS_WITH(softmax_cross_entropy(x, xt::xarray<int>{-1, 0}),
                    "softmax_cross_entropy: class_indices[0] is -1, but logits (2, 3) has classes 0 to 2; to "
                    "skip such samples set ignore_index = -1");
  CHECK_THROWS_AS(softmax_cross_entropy(x, xt::xarray<int>{2}), ShapeError);
  CHECK_THROWS_WITH(
      softmax_cross_entropy(x, xt::xarray<int>{0, 1, 2}),
      "softmax_cross_entropy: class_indices must have one entry per sample of logits (2, 3), shape (2), "
      "got (3)");
  CHECK_THROWS_WITH(
      softmax_cross_entropy(x, xt::zeros<int>({2, 1})),
      "softmax_cross_entropy: class_indices must have one entry per sample of logits (2, 3), shape (2), "
      "got (2, 1); drop the last axis");
  CHECK_THROWS_WITH(
      softmax_cross_entropy(x, xt::xarray<int>{{0, 1, 0}, {0, 0, 1}}),
      "softmax_cross_entropy: class_indices must have one entry per sample of logits (2, 3), shape (2), "
      "got (2, 3); one-hot rows go in as floating-point soft labels, or as the positions of their ones");
  const auto no_classes = slice(x, 1, 0, 0);
  CHECK_THROWS_WITH(softmax_cross_entropy(no_classes, xt::xarray<int>{0, 0}),
                    "softmax_cross_entropy: logits must have at least one class along axis -1, got (2, 0)");
  const auto t = tape.constant(xt::xarray<double>{0.5, 0.5});
  CHECK_THROWS_WITH(softmax_cross_entropy(x, t),
                    "softmax_cross_entropy: soft_labels must have the shape of logits (2, 3), got (2); class "
                    "indices must be of "
                    "an integer type");

  CHECK(tape.statistics().nodes == before.nodes + 2);  // no_classes and t
}

TEST_CASE("softmax_cross_entropy of constants records no rule", "[losses][softmax_cross_entropy]") {
  Tape<double> tape;
  CHECK_FALSE(softmax_cross_entropy(tape.constant(two_rows), xt::xarray<int>{2, 1}).requires_grad());
}

TEST_CASE(
    "softmax_cross_entropy takes class indices of samples that have no class left only if they are classes",
    "[losses][softmax_cross_entropy][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(two_rows);
  const xt::xarray<bool> class_mask{{false, false, false}, {true, true, true}};
  const auto loss = softmax_cross_entropy(x, xt::xarray<int>{2, 1},
                                          {.class_mask = class_mask, .reduction = Reduction::none});
  CHECK_THAT(values(loss), AllClose({0, 0.06588390375742911}, 1e-15));
  CHECK_THROWS_AS(softmax_cross_entropy(x, xt::xarray<int>{3, 1}, {.class_mask = class_mask}), LabelError);
}

TEST_CASE("softmax_cross_entropy of the only possible class is 0 at any temperature",
          "[losses][softmax_cross_entropy][extremes]") {
  Tape<double> tape;
  const auto masked = tape.variable(xt::xarray<double>{{1, -1e308}}),
             ruled_out = tape.variable(xt::xarray<double>{{-inf, -1e308}});
  const auto loss = softmax_cross_entropy(masked, xt::xarray<int>{1},
                                          {.temperature = 0.5, .class_mask = xt::xarray<bool>{false, true}});
  CHECK(loss.item() == 0);
  loss.backward();
  CHECK_THAT(values(masked.grad()), AllClose({0, 0}, 0));
  CHECK(softmax_cross_entropy(ruled_out, xt::xarray<int>{1}, {.temperature = 0.5}).item() == 0);
}

TEST_CASE("softmax_cross_entropy of a label that weighs nothing is 0, also where its class is impossible",
          "[losses][softmax_cross_entropy]") {
  Tape<double> tape;
  const auto x = tape.variable(array({1, 2}, {0, -inf}));
  const xt::xarray<int> impossible{1};
  const xt::xarray<double> class_weights{1, 0};
  const auto loss = softmax_cross_entropy(x, impossible, {.class_weights = class_weights});
  CHECK(loss.item() == 0);
  loss.backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0}, 0));
  const xt::xarray<bool> class_mask{true, false};
  CHECK(softmax_cross_entropy(x, impossible, {.class_mask = class_mask, .label_smoothing = 1}).item() == 0);
  CHECK(softmax_cross_entropy(x, impossible, {.class_mask = class_mask}).item() == inf);
}

}  // namespace softmax_cross_entropy_test
