// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

template <class T>
std::vector<double> gradient(Parameter<T>& parameter) {
  return {parameter.gradients().begin(), parameter.gradients().end()};
}

template <class T>
using Parameters = std::vector<Parameter<T>*>;

}  // namespace

TEMPLATE_TEST_CASE("gradients whose norm is too large are scaled together", "[optim][clip_gradients]", float,
                   double) {
  Parameter<TestType> a("a", Shape{2}), b("b", Shape{1, 2});
  const Parameters<TestType> parameters{&a, &b};
  a.grad() = xt::xarray<double>{1, -4};
  b.grad() = xt::xarray<double>{{2, 2}};  // sqrt(1 + 16 + 4 + 4) = 5
  CHECK(optim::gradient_norm(parameters) == 5);
  CHECK(optim::clip_gradient_norm(parameters, 5) == 5);
  CHECK(gradient(a) == std::vector<double>{1, -4});
  CHECK(optim::clip_gradient_norm(parameters, INFINITY) == 5);
  CHECK(gradient(b) == std::vector<double>{2, 2});
  CHECK(optim::clip_gradient_norm(parameters, 2) == 5);
  CHECK_THAT(gradient(a), AllClose({0.4, -1.6}, ulps<TestType>(1)));
  CHECK_THAT(gradient(b), AllClose({0.8, 0.8}, ulps<TestType>(1)));
  CHECK_THAT(optim::gradient_norm(parameters), WithinRel(2.0, ulps<TestType>(1)));
}

// torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6.
TEST_CASE("gradients are clipped as by PyTorch, to within its 1e-6", "[optim][clip_gradients]") {
  Parameter<double> p("p", Shape{2, 2});
  p.grad() = xt::xarray<double>{{0.3, -1.7}, {2.9, 0.01}};
  CHECK_THAT(optim::clip_gradient_norm(Parameters<double>{&p}, 1.5), WithinRel(3.3749222213259964, 1e-15));
  CHECK_THAT(
      gradient(p),
      AllClose({0.13333636663390416, -0.7555727442587903, 1.288918210794407, 0.004444545554463473}, 1e-6));
}

TEST_CASE("the norm of no gradients and of zeros is 0", "[optim][clip_gradients]") {
  Parameter<float> empty("empty", Shape{0}), zero("zero", Shape{3});
  CHECK(optim::clip_gradient_norm(Parameters<float>{}, 1) == 0);
  CHECK(optim::clip_gradient_norm(Parameters<float>{&empty, &zero}, 1) == 0);
  zero.grad() = xt::xarray<float>{1, 1, 1};
  zero.zero_grad();
  CHECK(optim::gradient_norm(Parameters<float>{&zero}) == 0);
}

TEMPLATE_TEST_CASE("the norm neither overflows nor underflows", "[optim][clip_gradients]", float, double) {
  using Limits = std::numeric_limits<TestType>;
  Parameter<TestType> p("p", Shape{21});
  const Parameters<TestType> parameters{&p};
  const auto norm_of = [&](TestType each) {
    std::fill(p.gradients().begin(), p.gradients().end(), TestType{0});
    std::fill_n(p.gradients().begin(), 16, each);
    return optim::gradient_norm(parameters);
  };
  const TestType large = Limits::max() / 8, small = Limits::min(), least = Limits::denorm_min();
  CHECK_THAT(norm_of(large), WithinRel(4 * static_cast<double>(large), 1e-15));
  CHECK_THAT(norm_of(small), WithinRel(4 * static_cast<double>(small), 1e-15));
  CHECK(norm_of(least) == 4 * static_cast<double>(least));

  norm_of(large);
  optim::clip_gradient_norm(parameters, 4e-3);
  CHECK_THAT(gradient(p)[0], WithinRel(1e-3, ulps<TestType>(4)));
}

TEST_CASE("clip_gradient_norm multiplies by factors that no double holds", "[optim][clip_gradients]") {
  Parameter<double> p("p", Shape{2});
  p.gradients()[0] = 1e305;
  CHECK_THAT(optim::clip_gradient_norm(Parameters<double>{&p}, 1e-20), WithinRel(1e305, 1e-15));
  CHECK_THAT(gradient(p)[0], WithinRel(1e-20, 1e-15));
  CHECK(gradient(p)[1] == 0);
}

// More than are summed at once, and not a whole number of vectors.
TEST_CASE("the norm of many elements is the same on any number of threads", "[optim][clip_gradients][simd]") {
  Parameter<float> p("p", Shape{8'600'003});
  std::fill(p.gradients().begin(), p.gradients().end(), 1.0F);
  p.gradients()[8'600'002] = 3;
  const double norm = std::sqrt(8'600'002.0 + 9);  // sums of whole numbers are exact
  const std::size_t threads = num_threads();
  for (const std::size_t count : {std::size_t{1}, std::size_t{3}}) {
    set_num_threads(count);
    CHECK(optim::gradient_norm(Parameters<float>{&p}) == norm);
  }
  set_num_threads(threads);
}

TEMPLATE_TEST_CASE("clipping treats each of many elements as if it were alone",
                   "[optim][clip_gradients][simd]", float, double) {
  constexpr std::size_t many = 300'037;
  Parameter<TestType> p("p", Shape{many});
  const Parameters<TestType> parameters{&p};
  std::size_t i = 0;
  for (TestType& g : p.gradients()) g = static_cast<TestType>(i++ % 5);
  optim::clip_gradient_norm(parameters, optim::gradient_norm(parameters) / 2);
  std::vector<double> expected(many);
  for (std::size_t k = 0; k < many; ++k) expected[k] = static_cast<double>(k % 5) / 2;
  CHECK(gradient(p) == expected);
  optim::clip_gradient_value(parameters, 1.25);
  for (double& x : expected) x = std::min(x, 1.25);
  CHECK(gradient(p) == expected);
}

TEST_CASE("a norm that is not finite is an error which names the parameter",
          "[optim][clip_gradients][errors]") {
  Parameter<float> a("layer.weight", Shape{2, 3}), b("bias", Shape{});
  const Parameters<float> parameters{&b, &a};
  a.grad()(0, 1) = 2;
  a.grad()(1, 2) = -std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(optim::gradient_norm(parameters)));
  CHECK_THROWS_AS(optim::clip_gradient_norm(parameters, 1), NonFiniteError);
  CHECK_THROWS_WITH(
      optim::clip_gradient_norm(parameters, 1),
      "clip_gradient_norm: the norm of the gradients must be finite, got nan at gradient[1, 2] of "
      "the parameter 'layer.weight'; to scale them all the same set error_if_nonfinite = false");
  b.grad() = -std::numeric_limits<float>::infinity();
  a.grad()(1, 2) = 0;
  CHECK_THROWS_WITH(optim::clip_gradient_norm(parameters, 1),
                    "clip_gradient_norm: the norm of the gradients must be finite, got -inf at gradient of "
                    "the parameter 'bias'; to scale them all the same set error_if_nonfinite = false");
  CHECK(a.grad()(0, 1) == 2);

  Parameter<double> c("c", Shape{2});
  c.grad() = xt::xarray<double>{1.5e308, 1.5e308};
  CHECK_THROWS_WITH(optim::clip_gradient_norm(Parameters<double>{&c}, 1),
                    "clip_gradient_norm: the norm of the gradients must be finite, got inf of finite "
                    "gradients; to scale them all the same set error_if_nonfinite = false");
}

TEST_CASE("gradients are scaled by a norm that is not finite where that is no error",
          "[optim][clip_gradients]") {
  Parameter<double> p("p", Shape{3});
  const Parameters<double> parameters{&p};
  p.grad() = xt::xarray<double>{1, INFINITY, -2};
  CHECK(optim::clip_gradient_norm(parameters, 1, {.error_if_nonfinite = false}) == inf);
  CHECK_THAT(gradient(p), AllClose({0, NaN, 0}, 0));
  p.grad() = xt::xarray<double>{1, NAN, -2};
  CHECK(std::isnan(optim::clip_gradient_norm(parameters, 1, {.error_if_nonfinite = false})));
  CHECK_THAT(gradient(p), AllClose({NaN, NaN, NaN}, 0));
}

TEMPLATE_TEST_CASE("gradients are clipped to an interval, and NaN stays", "[optim][clip_gradients]", float,
                   double) {
  Parameter<TestType> p("p", Shape{7});
  p.grad() = xt::xarray<double>{-inf, -2, -0.5, 0, 0.75, inf, NaN};
  optim::clip_gradient_value(Parameters<TestType>{&p}, 0.75);
  CHECK_THAT(gradient(p), AllClose({-0.75, -0.75, -0.5, 0, 0.75, 0.75, NaN}, 0));
}

TEST_CASE("clipping refuses limits that are not above 0, and null", "[optim][clip_gradients][errors]") {
  Parameter<double> p("p", Shape{1});
  const Parameters<double> parameters{&p}, null{&p, nullptr};
  CHECK_THROWS_AS(optim::clip_gradient_norm(parameters, 0), ArgumentError);
  CHECK_THROWS_WITH(optim::clip_gradient_norm(parameters, 0),
                    "clip_gradient_norm: max_norm must be above 0, got 0");
  CHECK_THROWS_WITH(optim::clip_gradient_norm(parameters, NAN),
                    "clip_gradient_norm: max_norm must be above 0, got nan");
  CHECK_THROWS_WITH(optim::clip_gradient_value(parameters, -1),
                    "clip_gradient_value: limit must be above 0, got -1");
  CHECK_THROWS_WITH(optim::clip_gradient_norm(null, 1), "clip_gradient_norm: parameters must not be null");
  CHECK_THROWS_WITH(optim::clip_gradient_value(null, 1), "clip_gradient_value: parameters must not be null");
  CHECK_THROWS_WITH(optim::gradient_norm(null), "gradient_norm: parameters must not be null");
}
