// SPDX-License-Identifier: BSD-3-Clause
#include "inference/fold_batch_norm.hpp"
#include "io/export_c_program.hpp"
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using namespace xtape::io::plain_c;
namespace operations = nn::operations;

namespace {

// A linear layer of two inputs, for which the paper's arithmetic is worked out by hand below.
struct ByHand {
  std::vector<float> weight{1, -0.5f}, bias{0.25f}, rows{-1, 1.55f, 1.55f, -1};
  Graph graph{Shape{2}};

  ByHand() {
    graph.apply(operations::Linear<float>{ArrayView<const float>(weight.data(), Shape{1, 2}), bias},
                {graph.input()});
  }
  Program program(bool relu = false) {
    if (relu) graph.apply(operations::Activation<float>{operations::Function::relu}, {nn::GraphValue{1}});
    const ArrayView<const float> calibration(rows.data(), Shape{2, 2});
    return int8_program("export_c", graph, ranges_of("export_c", graph, calibration));
  }
};

float first_of(const Program& program, const std::vector<float>& row) {
  return run("export_c", program, row)[0];
}

}  // namespace

TEST_CASE("int8 is the arithmetic of Jacob et al., worked out by hand", "[io][export_c]") {
  ByHand f;
  const Program program = f.program();
  REQUIRE(program.steps.size() == 3);  // to whole numbers, linear, to floats
  // The inputs are from -1 to 1.55: 255 steps of 0.01, and -128 + 100 is 0.
  const Quantization in = *program.values[1].int8, out = *program.values[2].int8;
  CHECK_THAT(in.scale, WithinAbs(0.01, 1e-8));
  CHECK(in.zero == -28);
  // The outputs are -1.525 and 2.3: 255 steps of 0.015, and -128 + 101.67 is 0.
  CHECK_THAT(out.scale, WithinAbs(0.015, 1e-8));
  CHECK(out.zero == -26);
  // A step of the weight is 1/127, and one of the sums 0.01/127.
  const Step& linear = program.steps[1];
  CHECK(linear.weight == std::vector<int>{127, -64});
  CHECK(linear.bias == std::vector<int>{3175});
  // 0.01 / 127 / 0.015 = 0.67192 2^-7, and 0.67192 2^31 = 1442928645.4, up to the rounding of the scales.
  CHECK(linear.factors[0].shift == 7);
  CHECK_THAT(linear.factors[0].multiplier / 1442928645.4, WithinAbs(1, 1e-6));
  // 100 127 - 50 64 + 3175 = 12675, of which 0.0052493 is 66.54: 67 steps.
  CHECK_THAT(first_of(program, {1, 0.5f}), WithinAbs(67 * 0.015, 1e-6));
  // What lies outside the calibration ends at its limits.
  CHECK_THAT(first_of(program, {100, -100}), WithinAbs((127 + 26) * 0.015, 1e-6));
}

TEST_CASE("int8 computes a relu with the layer before it, whose numbers then begin at 0", "[io][export_c]") {
  ByHand f;
  const Program program = f.program(true);
  REQUIRE(program.steps.size() == 3);
  CHECK(program.steps[1].relu);
  CHECK(program.values[2].int8->zero == -128);
  CHECK_THAT(program.values[2].int8->scale, WithinAbs(2.3 / 255, 1e-8));
  CHECK(first_of(program, {-1, 1.5f}) == 0);
}

TEST_CASE("a weight of zeros gives its bias in int8", "[io][export_c]") {
  ByHand f;
  f.weight = {0, 0};
  CHECK_THAT(first_of(f.program(), {1, 1}), WithinAbs(0.25, 1e-6));
}

TEST_CASE("a batch_norm is folded where nobody else reads what it normalizes", "[inference]") {
  const std::vector<double> weight{2, 3}, mean{1, -1}, variance{0.75, 3.75}, factor{1, 2}, shift{0.5, 0};
  for (const bool is_read_twice : {false, true}) {
    nn::Graph<double> graph(Shape{1});
    const auto x = graph.apply(
        operations::Linear<double>{ArrayView<const double>(weight.data(), Shape{2, 1}), {}}, {graph.input()});
    const auto y = graph.apply(operations::BatchNorm<double>{mean, variance, factor, shift, 0.25}, {x});
    graph.apply(operations::Add(), {is_read_twice ? x : y, y});
    const nn::Graph<float> folded = inference::fold_batch_norm<float>(graph);
    REQUIRE(folded.nodes().size() == (is_read_twice ? 3 : 2));
    if (is_read_twice) continue;
    // The roots of the variances are 1 and 2.
    const auto& linear = std::get<operations::Linear<float>>(folded.nodes()[0].operation);
    CHECK(linear.weight[0] == 2);
    CHECK(linear.weight[1] == 3);
    CHECK(linear.bias[0] == -0.5f);
    CHECK(linear.bias[1] == 1);
    CHECK(folded.nodes()[1].inputs[0].place == 1);
    CHECK(folded.nodes()[1].inputs[1].place == 1);
  }
}

TEST_CASE("a graph that ends in a folded batch_norm gives what that gave", "[inference]") {
  const std::vector<double> weight{2, 3}, mean{1, -1}, variance{0.75, 3.75};
  nn::Graph<double> graph(Shape{1});
  const auto x = graph.apply(
      operations::Linear<double>{ArrayView<const double>(weight.data(), Shape{2, 1}), {}}, {graph.input()});
  graph.apply(operations::Activation<double>{operations::Function::tanh}, {graph.input()});  // nobody's
  graph.apply(operations::BatchNorm<double>{mean, variance, {}, {}, 0.25}, {x});
  const nn::Graph<float> folded = inference::fold_batch_norm<float>(graph);
  REQUIRE(folded.nodes().size() == 1);
  CHECK(std::holds_alternative<operations::Linear<float>>(folded.nodes()[0].operation));
  CHECK(folded.nodes()[0].shape == Shape{2});
}
