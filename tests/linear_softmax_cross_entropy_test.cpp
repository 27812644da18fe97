// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Divisor;
using losses::EmptyMean;
using losses::linear_softmax_cross_entropy;
using losses::LinearSoftmaxCrossEntropyOptions;
using losses::Reduction;
using losses::SoftmaxCrossEntropyOptions;

namespace {

struct Problem {
  xt::xarray<double> features, weight, bias;
  std::vector<int> class_indices;
};

Problem problem(std::size_t rows, std::size_t in, std::size_t classes) {
  Problem result{irregular({rows, in}), irregular({classes, in}, -1, 1), irregular({classes}, -0.5, 0.5), {}};
  for (std::size_t row = 0; row < rows; ++row) {
    result.class_indices.push_back(static_cast<int>(5 * row % classes));
  }
  return result;
}

/// So many that `rows` rows fit.
template <class T>
std::size_t workspace_for(std::size_t rows, const Problem& p, bool has_bias = true) {
  const std::size_t classes = p.weight.shape()[0], in = p.weight.shape()[1];
  return rows * (classes + in) * sizeof(T) + (has_bias ? 2 * classes * sizeof(double) : 0);
}

/// The least there may be: for one class of one row.
template <class T>
std::size_t least_workspace(const Problem& p, bool has_bias = true) {
  return (1 + p.weight.shape()[1]) * sizeof(T) + (has_bias ? 2 * sizeof(double) : 0);
}

/// Workspaces too small for one row, so that classes come in blocks too: from one class of one row at a time
/// to the most.
template <class T>
std::vector<std::size_t> small_workspaces(const Problem& p, bool has_bias = true) {
  const std::size_t least = least_workspace<T>(p, has_bias), row = workspace_for<T>(1, p, has_bias);
  return {least, least + (row - least) / 3, row - 1};
}

/// Those, and one for so many whole rows.
template <class T>
std::vector<std::size_t> workspaces_up_to(std::size_t rows, const Problem& p, bool has_bias = true) {
  std::vector<std::size_t> result = small_workspaces<T>(p, has_bias);
  result.push_back(workspace_for<T>(rows, p, has_bias));
  return result;
}

struct Result {
  std::vector<double> loss, features, weight, bias;
};

/// The loss, reversed from irregular gradients if it is no scalar, of features, weight and bias that all
/// need a gradient.
template <class T, class Loss>
Result result_of(const Problem& p, Loss loss_of) {
  Tape<T> tape;
  const auto x = tape.variable(p.features), w = tape.variable(p.weight), b = tape.variable(p.bias);
  const auto loss = loss_of(x, w, b);
  const xt::xarray<T> from_above = irregular(loss.shape(), 0.5, 1.5);
  loss.backward(from_above);
  return {values(loss), values(x.grad()), values(w.grad()), values(b.grad())};
}

/// Of the plain loss, applied to all logits.
template <class T>
Result plain(const Problem& p, const SoftmaxCrossEntropyOptions& options) {
  return result_of<T>(p, [&](auto x, auto w, auto b) {
    return losses::softmax_cross_entropy(linear(x, w, b), p.class_indices, options);
  });
}

template <class T>
Result by_blocks(const Problem& p, const LinearSoftmaxCrossEntropyOptions& options) {
  return result_of<T>(p, [&](auto x, auto w, auto b) {
    return linear_softmax_cross_entropy(x, w, b, p.class_indices, options);
  });
}

/// Each within the tolerance times the largest: what is added up in another order may cancel.
AllClose near_largest(const std::vector<double>& expected, double tolerance) {
  double largest = 0;
  for (const double x : expected) largest = std::isfinite(x) ? std::max(largest, std::abs(x)) : largest;
  return AllClose(expected, 0, tolerance * largest);
}

// The logits of a block may be rounded otherwise than those of all rows: being up to 10, by up to 8 ulp of 1
// on either side, and so far off are the probabilities then.
template <class T>
inline constexpr double tolerance = std::is_same_v<T, float> ? ulps<float>(16) : 1e-13;

template <class T>
void check_same(const Result& got, const Result& expected) {
  CHECK_THAT(got.loss, near_largest(expected.loss, tolerance<T>));
  CHECK_THAT(got.features, near_largest(expected.features, tolerance<T>));
  CHECK_THAT(got.weight, near_largest(expected.weight, tolerance<T>));
  CHECK_THAT(got.bias, near_largest(expected.bias, tolerance<T>));
}

/// |got - exact| in units in the last place of the exact number; those of subnormal numbers are their
/// spacing.
template <class T>
double ulps_off(T got, long double exact) {
  const int exponent = std::max(std::ilogb(exact), std::numeric_limits<T>::min_exponent - 1);
  const long double error = std::ldexp(std::abs(got - exact), std::numeric_limits<T>::digits - 1 - exponent);
  return std::isnan(error) ? inf : static_cast<double>(error);
}

/// Of one row of logits and its class index.
template <class T>
struct ExactRow {
  long double loss;
  std::vector<long double> slopes;

  ExactRow(const std::vector<T>& logits, std::size_t label) {
    const auto top = std::max_element(logits.begin(), logits.end());
    long double rest = 0;
    for (auto x = logits.begin(); x != logits.end(); ++x) {
      const long double e = std::exp(static_cast<long double>(*x) - *top);
      if (x != top) rest += e;
      slopes.push_back(e);
    }
    for (long double& slope : slopes) slope /= 1 + rest;
    long double& of_label = slopes[label];
    of_label = logits.begin() + static_cast<std::ptrdiff_t>(label) == top ? -rest / (1 + rest) : of_label - 1;
    loss = static_cast<long double>(*top) - logits[label] + std::log1p(rest);
  }
};

/// In value and gradient, of one feature of 1, so that the weight is the row.
template <class T>
void check_exact(const std::vector<T>& logits, std::size_t label, std::size_t workspace_bytes) {
  Tape<T> tape;
  const auto weight = tape.variable(logits);
  const auto loss =
      linear_softmax_cross_entropy(tape.constant(xt::ones<T>({1, 1})), reshape(weight, {logits.size(), 1}),
                                   std::vector<std::size_t>{label}, {.workspace_bytes = workspace_bytes});
  loss.backward();
  const ExactRow<T> exact(logits, label);
  double worst = 0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    worst = std::max(worst, ulps_off<T>(weight.gradients()[j], exact.slopes[j]));
  }
  CHECK(ulps_off<T>(loss.item(), exact.loss) <= 4);
  CHECK(worst <= 4);
}

/// An option, set alike in both structs.
struct Setting {
  template <class Set>
  Setting(std::string name, Set set) : name(std::move(name)), of_blocks(set), of_plain(set) {}

  std::string name;
  std::function<void(LinearSoftmaxCrossEntropyOptions&)> of_blocks;
  std::function<void(SoftmaxCrossEntropyOptions&)> of_plain;
};

std::vector<Setting> every_setting(std::size_t rows, std::size_t classes) {
  std::vector<double> prior(classes, 0.5 / static_cast<double>(classes - 1));
  prior[1] = 0.5;
  std::vector<bool> counts(rows, true), possible(classes, true);
  for (std::size_t row = 2; row < rows; row += 3) counts[row] = false;
  for (std::size_t j = 1; j < classes; j += 4) possible[j] = false;
  xt::xarray<bool> possible_of_each = xt::cast<bool>(xt::ones<int>({rows, classes}));
  for (std::size_t i = 0; i < possible_of_each.size(); i += 3) possible_of_each.flat(i) = false;
  for (std::size_t j = 0; j < classes; ++j) possible_of_each(0, j) = false;
  const xt::xarray<double> class_weights = irregular({classes}, 0.1, 2),
                           sample_weights = irregular({rows}, 0.1, 2);
  return {{"class_weights", [=](auto& o) { o.class_weights = xt::xarray<double>(class_weights); }},
          {"sample_weights", [=](auto& o) { o.sample_weights = xt::xarray<double>(sample_weights); }},
          {"mask", [=](auto& o) { o.mask = std::vector<bool>(counts); }},
          {"class_mask", [=](auto& o) { o.class_mask = std::vector<bool>(possible); }},
          {"class_mask of each", [=](auto& o) { o.class_mask = xt::xarray<bool>(possible_of_each); }},
          {"ignore_index", [](auto& o) { o.ignore_index = 0; }},
          {"label_smoothing", [](auto& o) { o.label_smoothing = 0.2; }},
          {"smoothing_prior",
           [=](auto& o) {
             o.label_smoothing = 0.3;
             o.smoothing_prior = std::vector<double>(prior);
           }},
          {"z_loss", [](auto& o) { o.z_loss = 0.1; }},
          {"temperature", [](auto& o) { o.temperature = 0.7; }}};
}

const std::vector<std::pair<std::string, Reduction>> every_reduction{
    {"none", Reduction::none},
    {"sum", Reduction::sum},
    {"mean", Reduction::mean},
    {"mean by 2.5", Reduction::mean_by(2.5)},
    {"mean by elements", Reduction::mean_by(Divisor::elements)},
    {"mean by the sum of weights", Reduction::mean_by(Divisor::sum_of_weights, EmptyMean::zero)},
    {"mean by the sum of unbroadcast weights", Reduction::mean_by(Divisor::sum_of_unbroadcast_weights)},
    {"mean by the sum of target class weights", Reduction::mean_by(Divisor::sum_of_target_class_weights)},
    {"mean by nonzero weights", Reduction::mean_by(Divisor::nonzero_weights)}};

/// Two settings at a time, where a setting with itself is that setting alone.
template <class T>
void check_every_two_options(const Problem& p, std::size_t workspace_bytes) {
  CAPTURE(workspace_bytes);
  const std::vector<Setting> settings = every_setting(p.class_indices.size(), p.weight.shape()[0]);
  for (std::size_t i = 0; i < settings.size(); ++i) {
    for (std::size_t j = i; j < settings.size(); ++j) {
      INFO(settings[i].name << ", " << settings[j].name);
      LinearSoftmaxCrossEntropyOptions of_blocks{.workspace_bytes = workspace_bytes};
      SoftmaxCrossEntropyOptions of_plain;
      for (const Setting* one : {&settings[i], &settings[j]}) {
        one->of_blocks(of_blocks);
        one->of_plain(of_plain);
      }
      for (const auto& [name, reduction] : every_reduction) {
        INFO("reduction: " << name);
        of_blocks.reduction = of_plain.reduction = reduction;
        check_same<T>(by_blocks<T>(p, of_blocks), plain<T>(p, of_plain));
      }
    }
  }
}

/// With other features in the rows that are left out.
Problem poisoned(Problem p, const std::vector<std::size_t>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < p.features.shape()[1]; ++j) p.features(rows[i], j) = i % 2 == 0 ? NaN : inf;
  }
  return p;
}

struct ThreadsRestored {
  const std::size_t before = num_threads();
  ~ThreadsRestored() { set_num_threads(before); }
};

}  // namespace

// ---- Values and gradients

TEST_CASE("linear_softmax_cross_entropy of one feature is log(1 + e^-2) for logits of 2 and 0",
          "[losses][linear_softmax_cross_entropy]") {
  Tape<double> tape;
  const auto x = tape.variable(array({1, 1}, {2})), w = tape.variable(array({2, 1}, {1, 0}));
  const auto loss = linear_softmax_cross_entropy(x, w, xt::xarray<int>{0});
  CHECK(loss.shape() == Shape{});
  CHECK_THAT(loss.item(), WithinRel(std::log1p(std::exp(-2.0)), 1e-15));
  loss.backward();
  const double miss = 1 / (1 + std::exp(2.0));
  CHECK_THAT(values(x.grad()), AllClose({-miss}, 1e-15));
  CHECK_THAT(values(w.grad()), AllClose({-2 * miss, 2 * miss}, 1e-15));
}

TEMPLATE_TEST_CASE("linear_softmax_cross_entropy is softmax_cross_entropy of linear under every two options",
                   "[losses][linear_softmax_cross_entropy][options]", float, double) {
  const Problem p = problem(11, 5, 7);
  check_every_two_options<TestType>(p, workspace_for<TestType>(3, p));
}

TEMPLATE_TEST_CASE(
    "linear_softmax_cross_entropy in blocks of classes is that of linear under every two options",
    "[losses][linear_softmax_cross_entropy][options]", float, double) {
  const Problem p = problem(11, 5, 7);
  for (const std::size_t workspace : small_workspaces<TestType>(p))
    check_every_two_options<TestType>(p, workspace);
}

TEMPLATE_TEST_CASE(
    "linear_softmax_cross_entropy is softmax_cross_entropy of linear under all options at once",
    "[losses][linear_softmax_cross_entropy][options]", float, double) {
  const Problem p = problem(11, 5, 7);
  for (const std::string left_away : {"class_mask", "class_mask of each"}) {
    for (const std::size_t workspace_bytes : workspaces_up_to<TestType>(3, p)) {
      LinearSoftmaxCrossEntropyOptions of_blocks{.workspace_bytes = workspace_bytes};
      SoftmaxCrossEntropyOptions of_plain;
      for (const Setting& setting : every_setting(11, 7)) {
        if (setting.name == left_away) continue;
        setting.of_blocks(of_blocks);
        setting.of_plain(of_plain);
      }
      for (const auto& [name, reduction] : every_reduction) {
        INFO("without " << left_away << ", " << workspace_bytes << " bytes, reduction: " << name);
        of_blocks.reduction = of_plain.reduction = reduction;
        check_same<TestType>(by_blocks<TestType>(p, of_blocks), plain<TestType>(p, of_plain));
      }
    }
  }
}

TEMPLATE_TEST_CASE("linear_softmax_cross_entropy is softmax_cross_entropy of linear for many classes",
                   "[losses][linear_softmax_cross_entropy][options]", float, double) {
  const Problem p = problem(11, 5, 150);
  for (const Setting& setting : every_setting(11, 150)) {
    INFO(setting.name);
    for (const Reduction reduction : {Reduction::none, Reduction::mean}) {
      SoftmaxCrossEntropyOptions of_plain{.reduction = reduction};
      setting.of_plain(of_plain);
      const Result expected = plain<TestType>(p, of_plain);
      for (const std::size_t workspace : {workspace_for<TestType>(4, p), std::size_t{1000}}) {
        CAPTURE(workspace);
        LinearSoftmaxCrossEntropyOptions of_blocks{.reduction = reduction, .workspace_bytes = workspace};
        setting.of_blocks(of_blocks);
        check_same<TestType>(by_blocks<TestType>(p, of_blocks), expected);
      }
    }
  }
}

TEMPLATE_TEST_CASE("linear_softmax_cross_entropy is the same in blocks of any size",
                   "[losses][linear_softmax_cross_entropy]", float, double) {
  const Problem p = problem(23, 6, 40);
  for (const Reduction reduction : {Reduction::none, Reduction::sum}) {
    const Result expected = plain<TestType>(p, {.reduction = reduction});
    for (const std::size_t rows : {1U, 2U, 5U, 22U, 23U, 1000U}) {
      CAPTURE(rows);
      check_same<TestType>(by_blocks<TestType>(p, {.reduction = reduction,
                                                   .workspace_bytes = workspace_for<TestType>(rows, p)}),
                           expected);
    }
    const std::size_t one_row = workspace_for<TestType>(1, p);
    for (std::size_t bytes = least_workspace<TestType>(p); bytes < one_row; bytes += 9) {
      CAPTURE(bytes);
      check_same<TestType>(by_blocks<TestType>(p, {.reduction = reduction, .workspace_bytes = bytes}),
                           expected);
    }
  }
}

TEST_CASE("linear_softmax_cross_entropy has one loss for each place of features without the last axis",
          "[losses][linear_softmax_cross_entropy]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3, 5})), w = tape.variable(irregular({4, 5}));
  const xt::xarray<int> classes{{0, 1, 2}, {3, 2, 1}};
  const auto each = linear_softmax_cross_entropy(x, w, classes, {.reduction = Reduction::none});
  CHECK(each.shape() == Shape{2, 3});
  CHECK_THAT(
      values(each),
      AllClose(values(losses::softmax_cross_entropy(linear(x, w), classes, {.reduction = Reduction::none})),
               1e-14));
  CHECK(linear_softmax_cross_entropy(reshape(slice(x, 0, 0, 1), {15}), tape.variable(irregular({4, 15})), 3)
            .shape() == Shape{});
}

TEST_CASE("linear_softmax_cross_entropy of a row won by 17 is 4.1399e-08 in float, and so are its gradients",
          "[losses][linear_softmax_cross_entropy][exactness]") {
  for (const Reduction reduction : {Reduction::none, Reduction::mean}) {
    for (const std::size_t workspace_bytes : {24U, 1000U}) {
      CAPTURE(workspace_bytes);
      Tape<float> tape;
      const auto x = tape.variable(array({1, 1}, {1})), w = tape.variable(array({2, 1}, {16, 0})),
                 b = tape.variable(array({2}, {1, 0}));
      const auto loss = linear_softmax_cross_entropy(
          x, w, b, std::vector<int>{0}, {.reduction = reduction, .workspace_bytes = workspace_bytes});
      CHECK_THAT(values(loss), AllClose({4.13993763308975e-08}, 1e-7));
      sum(loss).backward();
      const double slope = 4.13993754739433e-08;
      CHECK_THAT(values(x.grad()), AllClose({-16 * slope}, ulps<float>(2)));
      CHECK_THAT(values(w.grad()), AllClose({-slope, slope}, ulps<float>(1)));
      CHECK_THAT(values(b.grad()), AllClose({-slope, slope}, ulps<float>(1)));
    }
  }
}

TEMPLATE_TEST_CASE("linear_softmax_cross_entropy in blocks of classes agrees with long double to 4 ulp",
                   "[losses][linear_softmax_cross_entropy][exactness]", float, double) {
  constexpr std::size_t classes = 3000;
  Random random(7);
  for (const double spread : {0, 1, 10, 30}) {
    std::vector<TestType> logits(classes);
    for (TestType& x : logits) x = static_cast<TestType>(3 + spread * random.normal());
    const auto likeliest =
        static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    for (const std::size_t label : {likeliest, std::size_t{1234}}) {
      for (const std::size_t workspace_bytes : {16U, 1000U, 10000U}) {
        CAPTURE(spread, label, workspace_bytes);
        check_exact(logits, label, workspace_bytes);
      }
    }
  }
  // The differences of these logits are rounded.
  for (const double lead : {3.3, 12.7, 20.3, 40.9, 71.3}) {
    CAPTURE(lead);
    std::vector<TestType> logits(7, static_cast<TestType>(0.1 - lead));
    logits[4] = static_cast<TestType>(0.1);
    check_exact(logits, 4, 16);
  }
}

TEST_CASE("linear_softmax_cross_entropy rounds the gradient of the bias once, whatever the blocks",
          "[losses][linear_softmax_cross_entropy][exactness]") {
  // 2^-30 is lost beside 1 in float: only a wider sum keeps what 2,000 of them add up to.
  constexpr std::size_t rows = 2001;
  const float small = 0x1p-30F;
  std::vector<double> weights(rows, small);
  weights[0] = 1;
  for (const std::size_t workspace_bytes : {24U, 1024U}) {
    CAPTURE(workspace_bytes);
    Tape<float> tape;
    const auto x = tape.constant(xt::zeros<float>({rows, std::size_t{1}})),
               w = tape.constant(array({2, 1}, {0, 0}));
    const auto b = tape.variable(array({2}, {0, 0}));
    linear_softmax_cross_entropy(
        x, w, b, xt::xarray<int>(xt::zeros<int>({rows})),
        {.sample_weights = weights, .reduction = Reduction::sum, .workspace_bytes = workspace_bytes})
        .backward();
    const double slope = 0.5 * (1 + 2000 * 0x1p-30);
    CHECK_THAT(values(b.grad()), AllClose({-slope, slope}, ulps<float>(0.5)));
  }
}

TEST_CASE("linear_softmax_cross_entropy gradient agrees with central differences",
          "[losses][linear_softmax_cross_entropy][gradient]") {
  const Problem p = problem(5, 3, 4);
  for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean}) {
    for (const std::size_t workspace_bytes : workspaces_up_to<double>(2, p)) {
      CAPTURE(workspace_bytes);
      const LinearSoftmaxCrossEntropyOptions options{.reduction = reduction,
                                                     .workspace_bytes = workspace_bytes};
      const auto with_bias = [&](auto x, auto w, auto b) {
        return linear_softmax_cross_entropy(x, w, b, p.class_indices, options);
      };
      const auto without = [&](auto x, auto w) {
        return linear_softmax_cross_entropy(x, w, p.class_indices, options);
      };
      CHECK_THAT(gradcheck(with_bias, p.features, p.weight, p.bias), HasCorrectGradient());
      CHECK_THAT(gradcheck(without, p.features, p.weight), HasCorrectGradient());

      const auto of = [](auto& x, const auto& values) { return x.tape().constant(values); };
      CHECK_THAT(gradcheck([&](auto x) { return with_bias(x, of(x, p.weight), of(x, p.bias)); }, p.features),
                 HasCorrectGradient());
      CHECK_THAT(gradcheck([&](auto w) { return with_bias(of(w, p.features), w, of(w, p.bias)); }, p.weight),
                 HasCorrectGradient());
      CHECK_THAT(gradcheck([&](auto b) { return with_bias(of(b, p.features), of(b, p.weight), b); }, p.bias),
                 HasCorrectGradient());
    }
  }
}

TEST_CASE(
    "linear_softmax_cross_entropy gradient in blocks of classes agrees with central differences under "
    "every option",
    "[losses][linear_softmax_cross_entropy][gradient]") {
  const Problem p = problem(5, 3, 4);
  for (const Setting& setting : every_setting(5, 4)) {
    INFO(setting.name);
    for (const Reduction reduction : {Reduction::none, Reduction::mean}) {
      LinearSoftmaxCrossEntropyOptions options{.reduction = reduction, .workspace_bytes = 80};
      setting.of_blocks(options);
      const auto loss = [&](auto x, auto w, auto b) {
        return linear_softmax_cross_entropy(x, w, b, p.class_indices, options);
      };
      CHECK_THAT(gradcheck(loss, p.features, p.weight, p.bias), HasCorrectGradient());
    }
  }
}

TEST_CASE("linear_softmax_cross_entropy adds to the gradients that features and weight have from elsewhere",
          "[losses][linear_softmax_cross_entropy][gradient]") {
  const Problem p = problem(5, 3, 4);
  for (const Reduction reduction : {Reduction::none, Reduction::mean}) {
    for (const std::size_t workspace_bytes : workspaces_up_to<double>(2, p, false)) {
      CAPTURE(workspace_bytes);
      const LinearSoftmaxCrossEntropyOptions options{.reduction = reduction,
                                                     .workspace_bytes = workspace_bytes};
      const auto used_before_and_after = [&](auto x, auto w) {
        const auto before = sum(square(x)) + sum(x * 3);
        const auto loss = sum(linear_softmax_cross_entropy(x, w, p.class_indices, options));
        return before + loss * 2 + sum(exp(w)) + sum(tanh(x));
      };
      CHECK_THAT(gradcheck(used_before_and_after, p.features, p.weight), HasCorrectGradient());
      const auto features_are_weight = [&](auto x) {
        return linear_softmax_cross_entropy(x, x, xt::xarray<int>{0, 2, 1, 4, 4}, options);
      };
      CHECK_THAT(gradcheck(features_are_weight, p.features), HasCorrectGradient());
    }
  }
}

TEST_CASE("linear_softmax_cross_entropy adds to the gradient of a parameter in each backward",
          "[losses][linear_softmax_cross_entropy][gradient]") {
  const Problem p = problem(5, 3, 4);
  for (const Reduction reduction : {Reduction::none, Reduction::mean}) {
    const Result expected = plain<double>(p, {.reduction = reduction});
    for (const std::size_t workspace_bytes : workspaces_up_to<double>(2, p)) {
      CAPTURE(workspace_bytes);
      Parameter<double> weight("weight", Array<double>(p.weight)), bias("bias", Array<double>(p.bias));
      Tape<double> tape;
      const auto x = tape.variable(p.features);
      const auto loss =
          linear_softmax_cross_entropy(x, tape.watch(weight), tape.watch(bias), p.class_indices,
                                       {.reduction = reduction, .workspace_bytes = workspace_bytes});
      const xt::xarray<double> from_above = irregular(loss.shape(), 0.5, 1.5);
      loss.backward(from_above);
      loss.backward(from_above);
      CHECK_THAT(values(x.grad()), near_largest(expected.features, 1e-14));
      const auto twice = [](std::vector<double> numbers) {
        for (double& x : numbers) x *= 2;
        return numbers;
      };
      CHECK_THAT(values(weight.grad()), near_largest(twice(expected.weight), 1e-14));
      CHECK_THAT(values(bias.grad()), near_largest(twice(expected.bias), 1e-14));
    }
  }
}

TEST_CASE("linear_softmax_cross_entropy needs the class indices no more when it returns",
          "[losses][linear_softmax_cross_entropy]") {
  const Problem p = problem(5, 3, 4);
  const Result expected = plain<double>(p, {.reduction = Reduction::none});
  for (const std::size_t workspace_bytes : workspaces_up_to<double>(5, p)) {
    const Result got = result_of<double>(p, [&](auto x, auto w, auto b) {
      std::vector<std::int64_t> indices(p.class_indices.begin(), p.class_indices.end());
      const auto loss = linear_softmax_cross_entropy(
          x, w, b, indices, {.reduction = Reduction::none, .workspace_bytes = workspace_bytes});
      std::fill(indices.begin(), indices.end(), 3);
      return loss;
    });
    check_same<double>(got, expected);
  }
}

TEST_CASE(
    "linear_softmax_cross_entropy of constants, or under no_grad, records no rule and saves no gradient",
    "[losses][linear_softmax_cross_entropy]") {
  const Problem p = problem(50, 30, 40);
  const LinearSoftmaxCrossEntropyOptions options{.workspace_bytes = 2000};
  Tape<double> tape;
  const auto x = tape.variable(p.features), w = tape.variable(p.weight);
  const double expected = linear_softmax_cross_entropy(x, w, p.class_indices).item();
  CHECK_FALSE(linear_softmax_cross_entropy(x.detach(), w.detach(), p.class_indices).requires_grad());
  const auto no_grad = tape.no_grad();
  const std::size_t before = tape.statistics().bytes_in_use;
  const auto loss = linear_softmax_cross_entropy(x, w, p.class_indices, options);
  CHECK(tape.statistics().bytes_in_use - before < 2000 + 1500);
  CHECK_FALSE(loss.requires_grad());
  CHECK_THAT(loss.item(), WithinRel(expected, 1e-14));
}

// ---- What is left out, and extremes

TEST_CASE("linear_softmax_cross_entropy takes nothing from samples that are left out, not even NaN",
          "[losses][linear_softmax_cross_entropy][extremes]") {
  Problem p = problem(8, 3, 5);
  p.class_indices = {0, 1, -100, 2, 3, -100, 4, 1};
  const std::vector<bool> mask{true, false, true, true, true, true, false, true};
  for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean}) {
    for (const double smoothing : {0.0, 0.1}) {
      CAPTURE(smoothing);
      const Result expected = plain<double>(
          p, {.mask = mask, .ignore_index = -100, .label_smoothing = smoothing, .reduction = reduction});
      Problem with_nan = poisoned(p, {1, 2, 5, 6});
      with_nan.class_indices[1] = 99;  // no class, and masked
      for (const std::size_t workspace_bytes : workspaces_up_to<double>(3, p)) {
        CAPTURE(workspace_bytes);
        check_same<double>(by_blocks<double>(with_nan, {.mask = mask,
                                                        .ignore_index = -100,
                                                        .label_smoothing = smoothing,
                                                        .reduction = reduction,
                                                        .workspace_bytes = workspace_bytes}),
                           expected);
      }
    }
  }
}

TEST_CASE("linear_softmax_cross_entropy takes nothing from whole blocks of samples that are left out",
          "[losses][linear_softmax_cross_entropy][extremes]") {
  const Problem p = problem(9, 3, 5);
  for (const std::vector<std::size_t>& left_out :
       std::vector<std::vector<std::size_t>>{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 1, 2, 3, 4, 5}, {4}}) {
    std::vector<bool> mask(9, true);
    for (const std::size_t row : left_out) mask[row] = false;
    for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean}) {
      const Result expected = plain<double>(p, {.mask = mask, .reduction = reduction});
      for (const std::size_t workspace_bytes : workspaces_up_to<double>(3, p)) {
        CAPTURE(left_out, workspace_bytes);
        const LinearSoftmaxCrossEntropyOptions options{
            .mask = mask, .reduction = reduction, .workspace_bytes = workspace_bytes};
        check_same<double>(by_blocks<double>(poisoned(p, left_out), options), expected);
      }
    }
  }
}

TEST_CASE("linear_softmax_cross_entropy of ignored samples alone is what the empty mean says",
          "[losses][linear_softmax_cross_entropy][extremes]") {
  Problem p = poisoned(problem(3, 2, 4), {0, 1, 2});
  p.class_indices = {7, 7, 7};
  for (const std::size_t workspace_bytes : workspaces_up_to<double>(3, p)) {
    CAPTURE(workspace_bytes);
    const auto with = [&](Reduction reduction) {
      return by_blocks<double>(
          p, {.ignore_index = 7, .reduction = reduction, .workspace_bytes = workspace_bytes});
    };
    CHECK_THAT(with(Reduction::mean).loss, AllClose({NaN}, 0));
    CHECK_THAT(with(Reduction::mean_by(Divisor::valid_elements, EmptyMean::zero)).loss, AllClose({0}, 0));
    CHECK_THAT(with(Reduction::sum).loss, AllClose({0}, 0));
    CHECK_THAT(with(Reduction::none).loss, AllClose({0, 0, 0}, 0));
    for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean,
                                      Reduction::mean_by(Divisor::valid_elements, EmptyMean::zero)}) {
      const Result result = with(reduction);
      CHECK_THAT(result.features, AllClose(std::vector<double>(6, 0), 0));
      CHECK_THAT(result.weight, AllClose(std::vector<double>(8, 0), 0));
      CHECK_THAT(result.bias, AllClose(std::vector<double>(4, 0), 0));
    }
  }
}

TEST_CASE("linear_softmax_cross_entropy leaves out all samples where the weights of an empty mean are 0",
          "[losses][linear_softmax_cross_entropy][extremes]") {
  const Problem p = poisoned(problem(2, 2, 3), {0});
  for (const std::size_t workspace_bytes : workspaces_up_to<double>(2, p)) {
    const Result result =
        by_blocks<double>(p, {.sample_weights = 0.0,
                              .reduction = Reduction::mean_by(Divisor::sum_of_weights, EmptyMean::zero),
                              .workspace_bytes = workspace_bytes});
    CHECK_THAT(result.loss, AllClose({0}, 0));
    CHECK_THAT(result.features, AllClose(std::vector<double>(4, 0), 0));
    CHECK_THAT(result.weight, AllClose(std::vector<double>(6, 0), 0));
  }
}

TEST_CASE("linear_softmax_cross_entropy of no samples is empty, sums to zero and has no mean",
          "[losses][linear_softmax_cross_entropy][extremes]") {
  const Problem p = problem(0, 2, 3);
  for (const std::size_t workspace_bytes : workspaces_up_to<double>(1, p)) {
    const auto with = [&](Reduction reduction) {
      return by_blocks<double>(p, {.reduction = reduction, .workspace_bytes = workspace_bytes});
    };
    CHECK(with(Reduction::none).loss.empty());
    CHECK_THAT(with(Reduction::mean).loss, AllClose({NaN}, 0));
    for (const Reduction reduction : {Reduction::none, Reduction::sum}) {
      const Result result = with(reduction);
      CHECK(result.features.empty());
      CHECK_THAT(result.weight, AllClose(std::vector<double>(6, 0), 0));
      CHECK_THAT(result.bias, AllClose(std::vector<double>(3, 0), 0));
    }
  }
}

TEST_CASE("linear_softmax_cross_entropy of samples without features is that of the bias",
          "[losses][linear_softmax_cross_entropy][extremes]") {
  const Problem p = problem(4, 0, 3);
  for (const std::size_t workspace_bytes : workspaces_up_to<double>(4, p))
    check_same<double>(by_blocks<double>(p, {.workspace_bytes = workspace_bytes}), plain<double>(p, {}));
}

TEST_CASE("linear_softmax_cross_entropy lets infinite logits through as limits, and NaN in its own row",
          "[losses][linear_softmax_cross_entropy][extremes]") {
  for (const std::size_t workspace_bytes : workspaces_up_to<double>(6, problem(6, 2, 5))) {
    CAPTURE(workspace_bytes);
    Problem p = problem(6, 2, 5);
    p.class_indices = {0, 1, 2, 3, 4, 0};
    for (const double infinite : {inf, -inf}) {
      p.bias(3) = infinite;
      for (const double smoothing : {0.0, 0.1}) {
        for (const double z_loss : {0.0, 0.1}) {
          for (const double weight : {1, 0}) {
            CAPTURE(infinite, smoothing, z_loss, weight);
            const std::vector<double> class_weights{0.5, 1, 1, weight, 2};
            check_same<double>(by_blocks<double>(p, {.class_weights = class_weights,
                                                     .label_smoothing = smoothing,
                                                     .z_loss = z_loss,
                                                     .reduction = Reduction::none,
                                                     .workspace_bytes = workspace_bytes}),
                               plain<double>(p, {.class_weights = class_weights,
                                                 .label_smoothing = smoothing,
                                                 .z_loss = z_loss,
                                                 .reduction = Reduction::none}));
          }
        }
      }
    }
    p = poisoned(problem(6, 2, 5), {2});
    const Result result =
        by_blocks<double>(p, {.reduction = Reduction::none, .workspace_bytes = workspace_bytes});
    for (std::size_t row = 0; row < 6; ++row) CHECK(std::isnan(result.loss[row]) == (row == 2));
    for (std::size_t i = 0; i < 12; ++i) CHECK(std::isnan(result.features[i]) == (i / 2 == 2));
    for (const double slope : result.weight) CHECK(std::isnan(slope));
  }
}

TEST_CASE(
    "linear_softmax_cross_entropy in blocks of classes is NaN where all logits are -inf, and where one is",
    "[losses][linear_softmax_cross_entropy][extremes]") {
  for (const std::vector<double>& logits : std::vector<std::vector<double>>{
           {-inf, -inf, -inf}, {NaN, 1, 2}, {1, 2, NaN}, {inf, 0, inf}, {NaN, NaN, NaN}, {-inf, NaN, -inf}}) {
    Problem p = problem(1, 0, 3);
    p.bias = array({3}, logits);
    p.class_indices = {1};
    const Result result = by_blocks<double>(p, {.workspace_bytes = least_workspace<double>(p)});
    CHECK_THAT(result.loss, AllClose({NaN}, 0));
    CHECK_THAT(result.bias, AllClose({NaN, NaN, NaN}, 0));
  }
}

TEST_CASE("linear_softmax_cross_entropy in blocks of classes takes nothing from masked classes, not even NaN",
          "[losses][linear_softmax_cross_entropy][extremes]") {
  Problem p = problem(4, 0, 5);
  p.class_indices = {0, 2, 4, 2};
  const std::vector<bool> class_mask{true, false, true, false, true};
  const Result expected = plain<double>(p, {.class_mask = class_mask, .label_smoothing = 0.1});
  for (const double poison : {NaN, inf, -inf}) {
    p.bias(1) = p.bias(3) = poison;
    for (const std::size_t workspace_bytes : small_workspaces<double>(p)) {
      CAPTURE(poison, workspace_bytes);
      check_same<double>(
          by_blocks<double>(
              p, {.class_mask = class_mask, .label_smoothing = 0.1, .workspace_bytes = workspace_bytes}),
          expected);
    }
  }
}

// ---- Threads and memory

TEMPLATE_TEST_CASE("linear_softmax_cross_entropy has the same bits on any number of threads",
                   "[losses][linear_softmax_cross_entropy][threads]", float, double) {
  const Problem p = problem(150, 40, 1200);
  const ThreadsRestored restored;
  for (const Reduction reduction : {Reduction::none, Reduction::mean}) {
    for (const double smoothing : {0.0, 0.1}) {
      const auto on = [&](std::size_t threads) {
        set_num_threads(threads);
        return by_blocks<TestType>(p, {.label_smoothing = smoothing,
                                       .reduction = reduction,
                                       .workspace_bytes = workspace_for<TestType>(64, p)});
      };
      const Result alone = on(1);
      for (const std::size_t threads : {2U, 3U}) {
        const Result shared = on(threads);
        CHECK(shared.loss == alone.loss);
        CHECK(shared.features == alone.features);
        CHECK(shared.weight == alone.weight);
        CHECK(shared.bias == alone.bias);
      }
    }
  }
}

TEMPLATE_TEST_CASE(
    "linear_softmax_cross_entropy in blocks of classes has the same bits on any number of threads",
    "[losses][linear_softmax_cross_entropy][threads]", float, double) {
  const Problem p = problem(40, 2, 12000);
  const ThreadsRestored restored;
  for (const Reduction reduction : {Reduction::none, Reduction::mean}) {
    const auto on = [&](std::size_t threads) {
      set_num_threads(threads);
      return by_blocks<TestType>(p, {.class_weights = {irregular({12000}, 0.5, 1.5)},
                                     .label_smoothing = 0.1,
                                     .reduction = reduction,
                                     .workspace_bytes = workspace_for<TestType>(1, p) - 1});
    };
    const Result alone = on(1), shared = on(2);
    CHECK(shared.loss == alone.loss);
    CHECK(shared.features == alone.features);
    CHECK(shared.weight == alone.weight);
    CHECK(shared.bias == alone.bias);
  }
}

TEST_CASE("linear_softmax_cross_entropy takes the memory of inputs, gradients and workspace, and no more",
          "[losses][linear_softmax_cross_entropy][memory]") {
  constexpr std::size_t rows = 128, in = 64, classes = 4000;
  const std::vector<int> class_indices(rows, 3);
  for (const Reduction reduction : {Reduction::none, Reduction::mean}) {
    for (const std::size_t workspace : {std::size_t{1} << 20, std::size_t{1} << 14}) {
      Tape<float> tape;
      const auto x = tape.variable(irregular({rows, in})), w = tape.variable(irregular({classes, in}, -1, 1)),
                 b = tape.variable(irregular({classes}));
      const auto loss = linear_softmax_cross_entropy(x, w, b, class_indices,
                                                     {.reduction = reduction, .workspace_bytes = workspace});
      Array<float> ones(loss.shape());
      std::fill(ones.begin(), ones.end(), 1.0F);
      loss.backward(ones);
      const std::size_t arrays = (rows * in + classes * in + classes) * sizeof(float);
      const auto allowed = static_cast<double>(2 * arrays + workspace + 56 * rows) * 1.01;
      CHECK(static_cast<double>(tape.statistics().high_water_bytes) < allowed);
    }
  }
}

// ---- Errors

TEST_CASE("linear_softmax_cross_entropy names the mistake and leaves the tape as it was",
          "[losses][linear_softmax_cross_entropy][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), w = tape.variable(irregular({4, 3})),
             b = tape.variable(irregular({4}));
  const std::vector<int> classes{0, 1};
  const std::string name = "linear_softmax_cross_entropy: ";
  const auto text = [&]<class Error>(auto... arguments) {
    return refusal<Error>(tape, [&] { linear_softmax_cross_entropy(arguments...); });
  };
  const auto shape_error = [&](auto... arguments) {
    return text.template operator()<ShapeError>(arguments...);
  };
  const auto argument_error = [&](auto... arguments) {
    return text.template operator()<ArgumentError>(arguments...);
  };

  CHECK(shape_error(x, b, classes) == name + "weight must be (classes, in), got (4)");
  CHECK(shape_error(w, tape.variable(irregular({5, 2})), classes) ==
        name +
            "the last axis of features must have the 2 inputs of weight (5, 2) (classes, in), got features "
            "(4, 3)");
  CHECK(shape_error(x, w, tape.variable(irregular({3})), classes) ==
        name + "bias must have the 4 classes of weight (4, 3) (classes, in), got (3)");
  CHECK(shape_error(x, w, b, std::vector<int>{0}) ==
        name + "class_indices must have one entry per sample of logits (2, 4), shape (2), got (1)");
  CHECK(text.operator()<LabelError>(x, w, b, std::vector<int>{0, 4}) ==
        name +
            "class_indices[1] is 4, but logits (2, 4) has classes 0 to 3; to skip such samples set "
            "ignore_index = 4");
  CHECK(argument_error(x, tape.variable(xt::zeros<double>({0, 3})), classes) ==
        name + "logits must have at least one class along axis -1, got (2, 0)");

  using Options = LinearSoftmaxCrossEntropyOptions;
  CHECK(argument_error(x, w, classes, Options{.z_loss = -1}) ==
        name + "z_loss must be finite and at least 0, got -1");
  CHECK(argument_error(x, w, classes, Options{.label_smoothing = 2}) ==
        name + "label_smoothing must be in [0, 1], got 2");
  CHECK(text.operator()<WeightsShapeError>(x, w, classes, Options{.class_weights = {1, 2}}) ==
        name + "class_weights must have one entry per class, shape (4), got (2)");
  CHECK(shape_error(x, w, classes, Options{.class_mask = {true, false}}) ==
        name + "class_mask must have one entry per class, shape (4), or the shape of logits (2, 4), got (2)");
  CHECK(argument_error(x, w, classes, Options{.reduction = Reduction::mean_by(-1.0)}) ==
        name + "the divisor of the reduction must be positive and finite, got -1");
}

TEST_CASE("linear_softmax_cross_entropy says how many bytes of workspace it takes at least",
          "[losses][linear_softmax_cross_entropy][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), w = tape.variable(irregular({4, 3})),
             b = tape.variable(irregular({4}));
  const std::vector<int> classes{0, 1};
  const std::string rule = "linear_softmax_cross_entropy: workspace_bytes must be at least ";
  CHECK(refusal<ArgumentError>(tape, [&] {
          linear_softmax_cross_entropy(x, w, classes, {.workspace_bytes = 31});
        }) == rule + "32, for one class and the 3 features of a sample, got 31");
  CHECK_NOTHROW(linear_softmax_cross_entropy(x, w, classes, {.workspace_bytes = 32}));
  CHECK(refusal<ArgumentError>(tape, [&] {
          linear_softmax_cross_entropy(x, w, b, classes, {.workspace_bytes = 0});
        }) == rule + "48, for one class and the 3 features of a sample, got 0");
  CHECK_NOTHROW(linear_softmax_cross_entropy(x, w, b, classes, {.workspace_bytes = 48}));
  Tape<float> floats;
  const auto features = floats.variable(irregular({2, 3})), weight = floats.variable(irregular({4, 3}));
  CHECK(refusal<ArgumentError>(floats, [&] {
          linear_softmax_cross_entropy(features, weight, classes, {.workspace_bytes = 15});
        }) == rule + "16, for one class and the 3 features of a sample, got 15");
}

TEST_CASE("linear_softmax_cross_entropy names the option that made a NaN while the tape checks for them",
          "[losses][linear_softmax_cross_entropy][errors]") {
  Tape<double> tape;
  tape.check_finite();
  const auto x = tape.variable(irregular({2, 3})), w = tape.variable(irregular({4, 3}));
  const std::vector<double> weights{1, NaN, 1, 1};
  for (const std::size_t workspace_bytes : {32U, 1000U}) {
    CHECK(refusal<NonFiniteError>(tape,
                                  [&] {
                                    linear_softmax_cross_entropy(
                                        x, w, std::vector<int>{0, 1},
                                        {.class_weights = weights, .workspace_bytes = workspace_bytes});
                                  }) ==
          "linear_softmax_cross_entropy: class_weights (4) must not hold NaN, got nan at class_weights[1]");
  }
}
