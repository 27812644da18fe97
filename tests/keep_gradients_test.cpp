// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

/// Records f(x) on a tape that keeps gradients or not, and returns the gradient of x.
template <class F>
std::vector<double> gradient(bool keep, const xt::xarray<double>& start, F f) {
  Tape<double> tape;
  tape.keep_gradients(keep);
  const auto x = tape.variable(start);
  f(x).backward();
  return values(x.grad());
}

/// CHECKs that it is the same, bit for bit.
template <class F>
void check_alike(const xt::xarray<double>& start, F f) {
  CHECK(gradient(true, start, f) == gradient(false, start, f));
}

std::size_t high_water_of_chain(bool keep, std::size_t length) {
  Tape<float> tape;
  tape.keep_gradients(keep);
  auto y = tape.variable(irregular({10'000}));
  for (std::size_t i = 0; i < length; ++i) y = tanh(y);
  sum(y).backward();
  return tape.statistics().high_water_bytes;
}

}  // namespace

TEST_CASE("a tape keeps gradients unless told otherwise", "[autograd][keep_gradients]") {
  Tape<double> tape;
  CHECK(tape.keeps_gradients());
  tape.keep_gradients(false);
  CHECK_FALSE(tape.keeps_gradients());
}

TEST_CASE("gradients that are not kept are the same where they can be read", "[autograd][keep_gradients]") {
  const xt::xarray<double> start = irregular({4, 6});
  check_alike(start, [](auto x) { return sum(tanh(x) * sigmoid(x) + x); });
  check_alike(start, [](auto x) {  // gradients that are passed on, to several and again and again
    auto y = x;
    for (int i = 0; i < 5; ++i) y = y + tanh(y) + reshape(reshape(y, {24}), {4, 6});
    return sum(y + y);
  });
  check_alike(start, [](auto x) {
    const auto left = slice(x, 1, 0, 3), right = slice(x, 1, 3, 6);
    return sum(square(concatenate({left + right, left - right, left}, 1) + 1.0));
  });
  check_alike(start, [](auto x) {
    const auto p = softmax(x);
    return losses::softmax_cross_entropy(x + log_softmax(x), p) + mean(matmul(x, transpose(p)));
  });
}

TEST_CASE("the gradient memory of a chain does not grow with its length", "[autograd][keep_gradients]") {
  constexpr std::size_t of_one = 10'000 * sizeof(float);
  const std::size_t kept = high_water_of_chain(true, 100), not_kept = high_water_of_chain(false, 100);
  CHECK(kept > 200 * of_one);      // values and gradients
  CHECK(not_kept < 105 * of_one);  // values, and those gradients that are in use
}

TEST_CASE("a gradient that was not kept says so when it is read", "[autograd][keep_gradients][errors]") {
  Tape<double> tape;
  tape.keep_gradients(false);
  Parameter<double> p("p", xt::xarray<double>{5});
  const auto x = tape.variable(xt::xarray<double>{3}), w = tape.watch(p);
  const auto y = tanh(x) * w;
  sum(y).backward();
  CHECK_THROWS_AS(y.grad(), TapeError);
  CHECK_THROWS_WITH(y.grad(),
                    "grad: gradients of intermediate results are not kept (keep_gradients(false)), got one "
                    "recorded by 'multiply'; say tape.keep_gradients()");
  CHECK_THAT(values(x.grad()), AllClose({5 / (std::cosh(3) * std::cosh(3))}, 1e-13));
  CHECK_THAT(values(w.grad()), AllClose({std::tanh(3)}, 1e-15));
  tape.keep_gradients();
  sum(y).backward();
  CHECK_THAT(values(y.grad()), AllClose({1}, 0));
}

TEST_CASE("a rule that throws gives all gradient memory back", "[autograd][keep_gradients][errors]") {
  Tape<double> tape;
  tape.keep_gradients(false);
  const auto x = tape.variable(irregular({100}));
  Recording<double> op("fails", {tanh(x)});
  op.output(Shape{100});
  const auto y = op.finish([](Backward<double>& b) {
    b.input_grad(0);
    throw std::runtime_error("out of cheese");
  });
  CHECK_THROWS_WITH(sum(y).backward(), "out of cheese");
  sum(tanh(x)).backward();
  CHECK(x.gradients().size() == 100);
}
