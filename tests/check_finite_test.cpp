// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <memory>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// An operation with these inputs and this one output, whatever they hold.
template <class T>
Variable<T> record(std::initializer_list<Variable<T>> inputs, double output) {
  Recording<T> op("custom", inputs);
  op.output({})[0] = static_cast<T>(output);
  return op.finish([](Backward<T>&) {});
}

}  // namespace

TEMPLATE_TEST_CASE("check_finite names the operation that made an infinity or a NaN",
                   "[autograd][check_finite]", float, double) {
  Tape<TestType> tape;
  tape.check_finite();
  const auto x = tape.variable(array({2, 3}, {1, 0, 2, -1, 0, 1})), zeros = 0 * x;
  const auto large = 1000 * x, zero = sum(zeros);
  CHECK(refusal<NonFiniteError>(tape, [&] { log(x); }) ==
        "log: the output (2, 3) must be finite, got -inf at output[0, 1], though every input variable is "
        "finite");
  CHECK(refusal<NonFiniteError>(tape, [&] { sqrt(x); }) ==
        "sqrt: the output (2, 3) must be finite, got nan at output[1, 0], though every input variable is "
        "finite");
  CHECK(refusal<NonFiniteError>(tape, [&] { exp(large); }) ==
        "exp: the output (2, 3) must be finite, got inf at output[0, 0], though every input variable is "
        "finite");
  CHECK(refusal<NonFiniteError>(tape, [&] { zeros / zeros; }) ==
        "divide: the output (2, 3) must be finite, got nan at output[0, 0], though every input variable is "
        "finite");
  CHECK(refusal<NonFiniteError>(tape, [&] { log(zero); }) ==
        "log: the output () must be finite, got -inf at output, though every input variable is finite");
}

TEST_CASE("check_finite names the input that holds a NaN", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const xt::xarray<double> holes{{1, NaN}, {NaN, 4}};
  const auto x = tape.variable(xt::xarray<double>{1, 2});
  const auto constant = tape.constant(holes), variable = tape.variable(holes), borrowed = tape.borrow(holes);
  CHECK(refusal<NonFiniteError>(tape, [&] { x + constant; }) ==
        "add: input 1 (2, 2), made by constant, must not hold NaN, got nan at input[0, 1]");
  CHECK(refusal<NonFiniteError>(tape, [&] { variable* x; }) ==
        "multiply: input 0 (2, 2), made by variable, must not hold NaN, got nan at input[0, 1]");
  CHECK(refusal<NonFiniteError>(tape, [&] { sum(borrowed); }) ==
        "sum: input 0 (2, 2), made by borrow, must not hold NaN, got nan at input[0, 1]");
  CHECK(refusal<NonFiniteError>(tape, [&] {
          x* xt::xarray<double>{1, NaN};
        }) == "multiply: input 1 (2), made by constant, must not hold NaN, got nan at input[1]");
}

TEST_CASE("check_finite names the parameter that holds a NaN", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  Parameter<double> weight("weight", xt::xarray<double>{{1, 2}, {3, NaN}});
  const auto x = tape.constant(xt::xarray<double>{{1, 1}}), w = tape.watch(weight);
  CHECK(refusal<NonFiniteError>(tape, [&] { matmul(x, w); }) ==
        "matmul: input 1 (2, 2), the parameter 'weight', must not hold NaN, got nan at input[1, 1]");
}

TEST_CASE("check_finite names a NaN of an operation from before it was on", "[autograd][check_finite]") {
  Tape<double> tape;
  const auto y = log(tape.variable(-1));
  tape.check_finite();
  CHECK(refusal<NonFiniteError>(tape, [&] { exp(y); }) ==
        "exp: input 0 (), made by log, must not hold NaN, got nan at input");
}

TEST_CASE("check_finite puts a NaN among the inputs before an infinity", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const auto infinite = tape.constant(inf), nan = tape.constant(NaN);
  CHECK(refusal<NonFiniteError>(tape, [&] { infinite + nan; }) ==
        "add: input 1 (), made by constant, must not hold NaN, got nan at input");
}

TEST_CASE("check_finite lets an infinity of an infinity pass", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const auto logits = tape.variable(array({2, 2}, {-inf, 1, 2, -inf}));
  CHECK_THAT(values(2 * logits), AllClose({-inf, 2, 4, -inf}, 0));
  CHECK_THAT(values(log_softmax(logits)), AllClose({-inf, 0, 0, -inf}, 0));
  CHECK_THAT(values(softmax(logits)), AllClose({0, 1, 1, 0}, 0));
}

TEST_CASE("check_finite refuses a NaN of infinities and names the infinity", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const auto one = tape.constant(1), infinite = tape.variable(array({2, 2}, {1, 2, -inf, inf}));
  CHECK(refusal<NonFiniteError>(tape, [&] { infinite - infinite; }) ==
        "subtract: the output (2, 2) must not hold NaN, got nan at output[1, 0]; input 0 (2, 2), made by "
        "variable, holds -inf at input[1, 0], and inf - inf, inf / inf and 0 * inf are NaN");
  CHECK(refusal<NonFiniteError>(tape,
                                [&] {
                                  record({one, infinite}, NaN);
                                }) ==
        "custom: the output () must not hold NaN, got nan at output; input 1 (2, 2), made by variable, holds "
        "-inf at input[1, 0], and inf - inf, inf / inf and 0 * inf are NaN");
  const auto impossible = tape.variable(array({1, 2}, {-inf, -inf}));
  CHECK(refusal<NonFiniteError>(tape, [&] { softmax(impossible); }) ==
        "softmax: the output (1, 2) must not hold NaN, got nan at output[0, 0]; input 0 (1, 2), made by "
        "variable, holds -inf at input[0, 0], and inf - inf, inf / inf and 0 * inf are NaN");
}

TEST_CASE("check_finite passes a finite output, whatever its inputs hold", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const auto holes = tape.variable(xt::xarray<double>{NaN, inf, 3});
  CHECK(slice(holes, 0, 2, 3).values()[0] == 3);
  CHECK_THAT(values(where(xt::xarray<bool>{false, false, true}, holes, 0)), AllClose({0, 0, 3}, 0));
}

TEST_CASE("check_finite does not refuse what has no inputs", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const xt::xarray<double> bad{NaN, inf};
  Parameter<double> parameter("p", bad);
  CHECK(tape.constant(bad).size() == 2);
  CHECK(tape.variable(bad).size() == 2);
  CHECK(tape.borrow(bad).size() == 2);
  CHECK(tape.watch(parameter).size() == 2);
  Recording<double> noise("noise", tape);
  noise.output({})[0] = NaN;
  CHECK(std::isnan(noise.finish().item()));
}

TEST_CASE("check_finite passes arrays without elements", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  CHECK(log(tape.constant(std::vector<double>{})).size() == 0);
}

TEST_CASE("check_finite holds for operations of one's own, which then release their rules",
          "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const auto x = tape.variable(1);
  const auto resource = std::make_shared<int>(1);
  CHECK(refusal<NonFiniteError>(tape,
                                [&] {
                                  Recording<double> op("reciprocal", {x});
                                  op.output({})[0] = inf;
                                  op.finish([resource](Backward<double>&) {});
                                }) ==
        "reciprocal: the output () must be finite, got inf at output, though every input variable is finite");
  CHECK(resource.use_count() == 1);
}

TEST_CASE("check_finite holds under no_grad", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const auto x = tape.variable(0);
  const auto no_grad = tape.no_grad();
  CHECK(refusal<NonFiniteError>(tape, [&] { log(x); }) ==
        "log: the output () must be finite, got -inf at output, though every input variable is finite");
}

TEST_CASE("check_finite is off at first and can be switched off again", "[autograd][check_finite]") {
  Tape<double> tape;
  const auto x = tape.variable(0);
  CHECK(log(x).item() == -inf);
  tape.check_finite();
  CHECK_THROWS_AS(log(x), NonFiniteError);
  tape.check_finite(false);
  CHECK(log(x).item() == -inf);
}

TEST_CASE("a tape works on after check_finite has thrown", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const auto x = tape.variable(xt::xarray<double>{1, 2});
  const auto y = square(x);
  CHECK_THROWS_AS(log(y - 1), NonFiniteError);
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({2, 4}, 0));
}

TEST_CASE("check_finite passes a loss whose impossible classes have logits of -inf",
          "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const auto logits = tape.variable(array({2, 2}, {-inf, 1, 2, -inf}));
  CHECK(losses::softmax_cross_entropy(logits, std::vector<int>{1, 0}).item() == 0);
  CHECK(losses::softmax_cross_entropy(logits, std::vector<int>{0, 0}).item() == inf);
}

TEST_CASE("check_finite passes a loss that leaves a sample of NaN out", "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const auto logits = tape.variable(array({2, 2}, {NaN, 1, 0, 0}));
  const std::vector<int> classes{1, 0};
  CHECK_THAT(losses::softmax_cross_entropy(logits, classes, {.mask = std::vector<int>{0, 1}}).item(),
             WithinULP(std::log(2.0), 1));
  CHECK(refusal<NonFiniteError>(tape, [&] { losses::softmax_cross_entropy(logits, classes); }) ==
        "softmax_cross_entropy: input 0 (2, 2), made by variable, must not hold NaN, got nan at input[0, 0]");
}

TEST_CASE("check_finite names the NaN in an array that a loss was given, if it counts",
          "[autograd][check_finite]") {
  Tape<double> tape;
  tape.check_finite();
  const auto logits = tape.variable(array({2, 2}, {2, 1, 0, 0}));
  const auto soft_labels = array({2, 2}, {NaN, 0, 1, 0});
  CHECK_THAT(losses::softmax_cross_entropy(logits, soft_labels, {.mask = std::vector<int>{0, 1}}).item(),
             WithinULP(std::log(2.0), 1));
  CHECK(refusal<NonFiniteError>(tape, [&] { losses::softmax_cross_entropy(logits, soft_labels); }) ==
        "softmax_cross_entropy: soft_labels (2, 2) must not hold NaN, got nan at soft_labels[0, 0]");
  const std::vector<int> classes{1, 0};
  CHECK(refusal<NonFiniteError>(tape, [&] {
          losses::softmax_cross_entropy(logits, classes, {.sample_weights = std::vector<double>{1, NaN}});
        }) == "softmax_cross_entropy: sample_weights (2) must not hold NaN, got nan at sample_weights[1]");
}
