// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <cstdint>
#include <span>

#include "loss_result.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::ClassLabels;
using losses::Labels;

namespace {

// PyTorch gives 1.0045969023422834 for class 2 of the first row, and 0.06588390375742911 for class 1 of the
// second.
const auto rows = array({2, 3}, {1, -2, 0.5, 0, 3, -1});
const double expected = (1.0045969023422834 + 0.06588390375742911) / 2;

double mean_loss(ClassLabels<double> labels) {
  Tape<double> tape;
  return losses::softmax_cross_entropy(tape.constant(rows), labels).item();
}

double mean_sigmoid_loss(Labels<double> labels) {
  Tape<double> tape;
  return losses::sigmoid_cross_entropy(tape.constant(rows), labels).item();
}

}  // namespace

TEMPLATE_TEST_CASE("class indices may be of any integer type", "[losses][labels]", std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t, std::uint64_t,
                   long long, unsigned long long) {
  CHECK_THAT(mean_loss(std::vector<TestType>{2, 1}), WithinRel(expected, 1e-15));
  Tape<double> tape;
  CHECK_THAT(losses::softmax_cross_entropy(tape.constant(std::vector{0, 3, -1}), TestType{1}).item(),
             WithinRel(0.06588390375742911, 1e-15));
}

TEST_CASE("class indices may be in any container, and the result of any expression", "[losses][labels]") {
  const std::vector<std::int64_t> list{2, 1};
  const xt::xarray<int> table{{2, 7}, {1, 8}};
  CHECK_THAT(mean_loss(ArrayView<const std::int64_t>(list)), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(Array<std::int64_t>(ArrayView<const std::int64_t>(list))), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(std::span(list)), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(std::array{2, 1}), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(Indices(list)), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(xt::xtensor<int, 1>{2, 1}), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(xt::xarray<int>{1, 0} + 1), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(xt::view(table, xt::all(), 0)), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(2 - xt::arange<int>(2)), WithinRel(expected, 1e-15));
}

TEST_CASE("soft labels may be reals or bools of any kind", "[losses][labels]") {
  const std::vector<double> one_hot{0, 0, 1, 0, 1, 0};
  CHECK_THAT(mean_loss(array({2, 3}, one_hot)), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(xt::xarray<float>{{0, 0, 1}, {0, 1, 0}}), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(xt::xarray<bool>{{false, false, true}, {false, true, false}}),
             WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(array({2, 3}, one_hot) > 0.5), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(ArrayView<const double>(one_hot.data(), {2, 3})), WithinRel(expected, 1e-15));
  CHECK_THAT(mean_loss(losses::one_hot<float>(std::vector{2, 1}, 3)), WithinRel(expected, 1e-15));
}

TEST_CASE("soft labels of a wider type are rounded to that of the loss, of a narrower one kept",
          "[losses][labels]") {
  Tape<float> in_float;
  Tape<double> in_double;
  const std::vector<double> logits{0, 100};
  // 100 times 0.1, in float, and in double
  CHECK(losses::softmax_cross_entropy(in_float.constant(logits), std::vector{0.1, 0.0}).item() ==
        static_cast<float>(100 * static_cast<double>(0.1F)));
  CHECK(losses::softmax_cross_entropy(in_double.constant(logits), std::vector{0.1F, 0.0F}).item() ==
        100 * static_cast<double>(0.1F));
}

TEST_CASE("soft labels that are a variable receive a gradient, constants none", "[losses][labels]") {
  Tape<double> tape;
  const auto x = tape.variable(rows), t = tape.variable(array({2, 3}, {0, 0, 1, 0, 1, 0}));
  const auto fixed = tape.constant(t.value());
  const auto loss = losses::softmax_cross_entropy(x, t) + losses::softmax_cross_entropy(x, fixed);
  loss.backward();
  CHECK_THAT(loss.item(), WithinRel(2 * expected, 1e-15));
  // Half of -log(softmax), by PyTorch
  CHECK_THAT(values(t.grad()),
             AllClose({0.5045969023422835 / 2, 3.5045969023422834 / 2, 1.0045969023422834 / 2,
                       3.0658839037574293 / 2, 0.06588390375742911 / 2, 4.065883903757429 / 2},
                      1e-15));
  CHECK_FALSE(fixed.requires_grad());
}

TEST_CASE("a loss of constants sends its gradient to labels that are a variable", "[losses][labels]") {
  Tape<double> tape;
  const auto t = tape.variable(std::vector{0.25, 0.75});
  losses::softmax_cross_entropy(tape.constant(std::vector{0, 0}), t).backward();
  CHECK_THAT(values(t.grad()), AllClose({std::log(2.0), std::log(2.0)}, 1e-15));
}

TEST_CASE("labels of single elements may be numbers of any type", "[losses][labels]") {
  const double each = mean_sigmoid_loss(array({2, 3}, {1, 0, 1, 0, 1, 1}));
  CHECK(mean_sigmoid_loss(xt::xarray<int>{{1, 0, 1}, {0, 1, 1}}) == each);
  CHECK(mean_sigmoid_loss(xt::xarray<std::uint8_t>{{1, 0, 1}, {0, 1, 1}}) == each);
  CHECK(mean_sigmoid_loss(xt::xarray<bool>{{true, false, true}, {false, true, true}}) == each);
  CHECK(mean_sigmoid_loss(xt::xarray<float>{{1, 0, 1}, {0, 1, 1}}) == each);
  CHECK(mean_sigmoid_loss(array({2, 3}, {1, 0, 1, 0, 1, 1}) > 0.5) == each);
  Tape<double> tape;
  const auto yes = [&](Labels<double> label) {
    return losses::sigmoid_cross_entropy(tape.constant(0.0), label).item();
  };
  CHECK(yes(1) == std::log(2.0));
  CHECK(yes(1.0) == std::log(2.0));
  CHECK(yes(1.0F) == std::log(2.0));
  CHECK(yes(true) == std::log(2.0));
}

TEST_CASE("labels tell what they are", "[losses][labels]") {
  Tape<double> tape;
  const auto t = tape.variable(array({2, 3}, {0, 0, 1, 0, 1, 0}));
  const std::vector<int> classes{2, 1};
  const std::vector<float> reals{2, 1};
  CHECK(ClassLabels<double>(classes).indices() != nullptr);
  CHECK(ClassLabels<double>(classes).soft() == nullptr);
  CHECK(ClassLabels<double>(reals).indices() == nullptr);
  CHECK(ClassLabels<double>(reals).soft()->variable() == nullptr);
  CHECK(ClassLabels<double>(t).soft()->variable() != nullptr);
  CHECK(ClassLabels<double>(t).shape() == Shape{2, 3});
  CHECK(ClassLabels<double>(classes).shape() == Shape{2});
  CHECK(Labels<double>(classes).shape() == Shape{2});
  CHECK(Labels<double>(t).shape() == Shape{2, 3});
}

TEST_CASE("the cross-entropies of logits are called as their documentation shows", "[losses][labels]") {
  Tape<double> tape;
  {
    const auto logits = tape.variable(xt::zeros<double>({3, 3}));
    const xt::xarray<int> labels{2, 0, 1};
    auto loss = losses::softmax_cross_entropy(logits, xt::xarray<int>{2, 0, 1});
    CHECK_THAT(loss.item(), WithinRel(std::log(3.0), 1e-15));
    auto each = losses::softmax_cross_entropy(logits, labels, {.reduction = losses::Reduction::none});
    CHECK_THAT(values(each), AllClose(std::vector<double>(3, std::log(3.0)), 1e-15));
  }
  {
    const auto scores = tape.variable(xt::zeros<double>({2, 3, 2}));
    const xt::xarray<int> tokens{{2, 0}, {1, 0}};
    auto padded =
        losses::softmax_cross_entropy(scores, tokens, {.axis = 1, .ignore_index = 0, .label_smoothing = 0.1});
    CHECK_THAT(padded.item(), WithinRel(std::log(3.0), 1e-15));
  }
  {
    const auto logits = tape.variable(xt::zeros<double>({3}));
    auto loss = losses::sigmoid_cross_entropy(logits, xt::xarray<float>{0, 1, 0.3F});
    CHECK_THAT(loss.item(), WithinRel(std::log(2.0), 1e-15));
    const xt::xarray<int> labels{0, 1, 1};
    auto rare = losses::sigmoid_cross_entropy(logits, labels, {.pos_weight = 20});
    CHECK_THAT(rare.item(), WithinRel(41 * std::log(2.0) / 3, 1e-15));
  }
}
