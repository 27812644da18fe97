// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

// x^2 element by element, with a gradient rule of the test's choice.
template <class T, class Rule>
Variable<T> square_with(Variable<T> x, Rule rule) {
  Recording<T> op("square_with", {x});
  const auto y = op.output(x.shape());
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = x.data()[i] * x.data()[i];
  return op.finish(rule);
}

// The rule dx[i] += term(i, 2 x[i] dy[i]).
template <class T, class Term>
Variable<T> square_with_term(Variable<T> x, Term term) {
  return square_with(x, [term](Backward<T>& b) {
    const auto dx = b.input_grad(0);
    for (std::size_t i = 0; i < dx.size(); ++i) {
      dx[i] += static_cast<T>(term(i, 2 * b.input(0)[i] * b.output_grad()[i]));
    }
  });
}

template <class T>
Variable<T> square_that_assigns(Variable<T> x) {
  return square_with(x, [](Backward<T>& b) {
    const auto dx = b.input_grad(0);
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] = 2 * b.input(0)[i] * b.output_grad()[i];
  });
}

// output (x / input)^2 / 2 + offset, with a gradient rule that is off by a factor.
template <class T>
Variable<T> half_square(Variable<T> x, T output, T input, T factor, T offset = 0) {
  Recording<T> op("half_square", {x});
  const auto y = op.output(x.shape());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const T u = x.data()[i] / input;
    y[i] = output * (u * u / 2) + offset;
  }
  return op.finish([=](Backward<T>& b) {
    const auto dx = b.input_grad(0);
    for (std::size_t i = 0; i < dx.size(); ++i) {
      dx[i] += factor * (output / input * (b.input(0)[i] / input)) * b.output_grad()[i];
    }
  });
}

// Calls test(output, input) with powers of ten whose quotient, the size of the gradient, is a normal number.
template <class T, class Test>
void for_each_scale(Test test) {
  const std::vector<int> exponents = std::is_same_v<T, double>
                                         ? std::vector{-300, -150, -20, -10, 0, 10, 20, 150, 300}
                                         : std::vector{-30, -15, -5, 0, 5, 15, 30};
  for (const int output : exponents) {
    for (const int input : exponents) {
      if (std::abs(output - input) > exponents.back()) continue;
      INFO("outputs of 1e" << output << ", inputs of 1e" << input);
      test(static_cast<T>(std::pow(10.0, output)), static_cast<T>(std::pow(10.0, input)));
    }
  }
}

template <class T>
GradcheckReport checked_half_square(T output, T input, double factor) {
  const xt::xarray<T> x{static_cast<T>(1.3) * input, static_cast<T>(-0.7) * input};
  return gradcheck([=](auto v) { return half_square<T>(v, output, input, static_cast<T>(factor)); }, x);
}

const xt::xarray<double> points{{-1.5, -0.1}, {0.3, 2}};

}  // namespace

TEST_CASE("gradcheck passes a right rule and reports what it did", "[autograd][gradcheck]") {
  const auto report =
      gradcheck([](auto x) { return square_with_term(x, [](auto, auto g) { return g; }); }, points);
  CHECK(report.passed);
  CHECK(static_cast<bool>(report));
  CHECK(report.elements == 4);
  CHECK(report.failures == 0);
  CHECK(report.kinks == 0);
  CHECK_THAT(report.message, StartsWith("gradcheck: 0 of 4 elements differ; worst: input 0["));
}

TEST_CASE("gradcheck fails a flipped sign and says so", "[autograd][gradcheck]") {
  const auto flipped = [](auto x) {
    return square_with_term(x, [](std::size_t i, auto g) { return i == 2 ? -g : g; });
  };
  const auto report = gradcheck(flipped, points);
  CHECK_FALSE(report.passed);
  CHECK_FALSE(static_cast<bool>(report));
  CHECK(report.elements == 4);
  CHECK(report.failures == 1);
  CHECK(report.input == 0);
  CHECK(report.index == std::vector<std::size_t>{1, 0});
  CHECK_THAT(report.analytic, WithinRel(-report.numeric, 1e-9));
  CHECK(std::abs(report.numeric) >= 0.3);  // 2 x weight, where |weight| is in [0.5, 1.5)
  CHECK(std::abs(report.numeric) < 0.9);
  CHECK(report.tolerance < 2e-6 * std::abs(report.numeric));
  CHECK(report.step > 0);
  CHECK_THAT(report.message,
             StartsWith("gradcheck: 1 of 4 elements differ; worst: input 0[1, 0], analytic "));
  CHECK_THAT(report.message, EndsWith("; the sign is flipped"));
}

TEMPLATE_TEST_CASE("gradcheck fails a lost factor", "[autograd][gradcheck]", float, double) {
  const xt::xarray<TestType> x = points;
  const auto without_two = [](auto v) { return square_with_term(v, [](auto, auto g) { return g / 2; }); };
  CHECK(gradcheck(without_two, x).failures == 4);
  const auto a_little_off = [](auto v) { return square_with_term(v, [](auto, auto g) { return g * 1.02; }); };
  CHECK(gradcheck(a_little_off, x).failures == 4);
}

TEST_CASE("gradcheck fails a factor that is off by a hundred-thousandth", "[autograd][gradcheck]") {
  const auto off = [](auto x) { return square_with_term(x, [](auto, auto g) { return g * 1.00001; }); };
  CHECK(gradcheck(off, points).failures == 4);
}

TEMPLATE_TEST_CASE("gradcheck fails a rule that assigns to input_grad", "[autograd][gradcheck]", float,
                   double) {
  // At 3000 the gradient is so large that an assignment hides less than a lost factor would.
  for (const double scale : {1e-3, 1.0, 3000.0}) {
    const xt::xarray<TestType> x = scale * points;
    const auto report = gradcheck([](auto v) { return square_that_assigns(v); }, x);
    CHECK_FALSE(report.passed);
    CHECK_THAT(report.message, EndsWith("; the rule assigns to the gradient where it should add"));
  }
}

TEMPLATE_TEST_CASE("gradcheck fails a rule that always writes its contribution", "[autograd][gradcheck]",
                   float, double) {
  const auto always_writes = [](auto v) {
    return square_with(v, [](Backward<TestType>& b) {
      const auto dx = b.contribution(0).grad;
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] = 2 * b.input(0)[i] * b.output_grad()[i];
    });
  };
  CHECK_FALSE(gradcheck(always_writes, xt::xarray<TestType>(points)).passed);
}

TEMPLATE_TEST_CASE("gradcheck fails a rule that adds its contribution to uninitialised memory",
                   "[autograd][gradcheck]", float, double) {
  const auto always_adds = [](auto v) {
    return square_with(v, [](Backward<TestType>& b) {
      const auto dx = b.contribution(0).grad;
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += 2 * b.input(0)[i] * b.output_grad()[i];
    });
  };
  const auto report = gradcheck(always_adds, xt::xarray<TestType>(points));
  CHECK(report.failures == 4);
  CHECK_THAT(report.message,
             EndsWith("; the rule adds to the gradient where it should write the first contribution"));
  CHECK_FALSE(gradcheck([&](auto v) { return always_adds(2 * v); }, xt::xarray<TestType>(points)).passed);
}

TEST_CASE("gradcheck fails a missing contribution to one of two inputs", "[autograd][gradcheck]") {
  const auto product = [](auto a, auto b) {
    Recording<double> op("product", {a, b});
    const auto y = op.output(a.shape());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = a.data()[i] * b.data()[i];
    return op.finish([](Backward<double>& back) {
      const auto da = back.input_grad(0);
      for (std::size_t i = 0; i < da.size(); ++i) da[i] += back.input(1)[i] * back.output_grad()[i];
    });
  };
  const auto report = gradcheck(product, xt::xarray<double>{1, 2}, xt::xarray<double>{3, 4});
  CHECK(report.elements == 4);
  CHECK(report.failures == 2);
  CHECK(report.input == 1);
  CHECK(report.analytic == 0);
  CHECK_THAT(report.message, EndsWith("; the gradient is 0 where the function changes"));
}

TEMPLATE_TEST_CASE("gradcheck fails a gradient that is NaN", "[autograd][gradcheck]", float, double) {
  const auto nan_at_one = [](auto x) {
    return square_with_term(x, [](std::size_t i, auto g) { return i == 1 ? std::nan("") : g; });
  };
  const auto report = gradcheck(nan_at_one, xt::xarray<TestType>(points));
  CHECK(report.failures == 1);
  CHECK(report.index == std::vector<std::size_t>{0, 1});
  CHECK(std::isnan(report.analytic));
}

TEST_CASE("gradcheck fails a gradient that is NaN at a kink", "[autograd][gradcheck]") {
  const auto bad_relu = [](auto x) {
    Recording<double> op("bad_relu", {x});
    op.output(x.shape())[0] = std::max(x.item(), 0.0);
    return op.finish([](Backward<double>& b) { b.input_grad(0)[0] += std::nan(""); });
  };
  CHECK_FALSE(gradcheck(bad_relu, xt::xarray<double>{0}).passed);
}

TEST_CASE("gradcheck finds the one wrong element of a large array", "[autograd][gradcheck]") {
  const xt::xarray<double> x(std::vector<std::size_t>{400}, 0.75);
  const auto wrong_at_317 = [](auto v) {
    return square_with_term(v, [](std::size_t i, auto g) { return i == 317 ? 1.001 * g : g; });
  };
  const auto report = gradcheck(wrong_at_317, x);
  CHECK(report.elements == 400);
  CHECK(report.failures == 1);
  CHECK(report.index == std::vector<std::size_t>{317});
  CHECK_THAT(report.message, StartsWith("gradcheck: 1 of 400 elements differ; worst: input 0[317], "));
}

TEST_CASE("gradcheck fails a gradient of a millionth with the wrong sign", "[autograd][gradcheck]") {
  const auto flipped = [](auto x) { return square_with_term(x, [](auto, auto g) { return -g; }); };
  CHECK(gradcheck([&](auto x) { return 5e-7 * flipped(x); }, xt::xarray<double>{1}).failures == 1);
  CHECK(gradcheck(flipped, xt::xarray<double>{5e-7, 1}).failures == 2);
  // Beside an output a thousand times the size, which the element does not change.
  CHECK(gradcheck(
            [&](auto x, auto large) {
              return concatenate({5e-7 * flipped(x), large});
            },
            xt::xarray<double>{1}, xt::xarray<double>{100})
            .failures == 1);
}

TEST_CASE("gradcheck passes smooth functions of any scale", "[autograd][gradcheck]") {
  for (const double scale : {1e-6, 1.0, 1e6}) {
    const xt::xarray<double> x = scale * xt::xarray<double>{0.7, 1.0, 3.1};
    INFO("scale " << scale);
    CHECK_THAT(gradcheck([](auto v) { return square(v); }, x), HasCorrectGradient());
    CHECK_THAT(gradcheck([](auto v) { return log(v); }, x), HasCorrectGradient());
    CHECK_THAT(gradcheck([](auto v) { return sqrt(v); }, x), HasCorrectGradient());
    CHECK_THAT(gradcheck([](auto v) { return 1 / v; }, x), HasCorrectGradient());
    CHECK_THAT(gradcheck([](auto v) { return tanh(v); }, x), HasCorrectGradient());
    CHECK_THAT(gradcheck([](auto v) { return tanh(-v) * v; }, x), HasCorrectGradient());
    CHECK_THAT(gradcheck([](auto v) { return softplus(v) + v; }, x), HasCorrectGradient());
    CHECK_THAT(gradcheck([scale](auto v) { return exp(v / scale); }, x), HasCorrectGradient());
  }
}

TEST_CASE("gradcheck passes steep functions and elements near the end of a domain", "[autograd][gradcheck]") {
  CHECK_THAT(gradcheck([](auto x) { return exp(x); }, xt::xarray<double>{20, -20, 700}),
             HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x) { return log(x); }, xt::xarray<double>{0.01, 1e-4, 1e-7}),
             HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x) { return power(x, 0.3); }, xt::xarray<double>{0.01, 2}),
             HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x) { return log_softmax(x); }, xt::xarray<double>{{100, 0, -3}, {0, 0, 0}}),
             HasCorrectGradient());
}

TEST_CASE("gradcheck finds no kinks in smooth functions, extrema included", "[autograd][gradcheck]") {
  const xt::xarray<double> x{-2, -1e-3, 0, 1e-9, 0.5, 30};
  CHECK(gradcheck([](auto v) { return square(v); }, x).kinks == 0);
  CHECK(gradcheck([](auto v) { return 1000 * square(v) + 1; }, x).kinks == 0);
  CHECK(gradcheck([](auto v) { return tanh(v); }, x).kinks == 0);
  CHECK(gradcheck([](auto v) { return softplus(v); }, x).kinks == 0);
  CHECK(gradcheck([](auto v) { return 3 * v + 7; }, x).kinks == 0);
}

TEST_CASE("gradcheck passes relu, abs and maximum at their kinks and counts these", "[autograd][gradcheck]") {
  const xt::xarray<double> x{-1, 0, 2};
  for (const auto& report :
       {gradcheck([](auto v) { return relu(v); }, x), gradcheck([](auto v) { return abs(v); }, x),
        gradcheck([](auto v) { return maximum(v, 0); }, x),
        gradcheck([](auto v) { return relu(v) * exp(-v); }, x)}) {
    CHECK_THAT(report, HasCorrectGradient());
    CHECK(report.kinks == 1);
  }
  const xt::xarray<double> a{1, 2, 3}, b{1, 2.5, 3};
  const auto tie = gradcheck([](auto u, auto v) { return maximum(u, v); }, a, b);
  CHECK_THAT(tie, HasCorrectGradient());
  CHECK(tie.kinks == 4);
  CHECK_THAT(gradcheck([](auto v) { return relu(v); }, xt::xarray<float>{-1, 0, 2}), HasCorrectGradient());
}

TEMPLATE_TEST_CASE("gradcheck passes relu, abs and maximum at any distance from their kinks",
                   "[autograd][gradcheck]", float, double) {
  for (double distance = 1; distance > 1e-15; distance /= 3) {
    for (const double sign : {-1.0, 1.0}) {
      INFO("distance " << sign * distance);
      const xt::xarray<TestType> x{static_cast<TestType>(sign * distance)};
      CHECK_THAT(gradcheck([](auto v) { return relu(v); }, x), HasCorrectGradient());
      CHECK_THAT(gradcheck([](auto v) { return abs(v); }, x), HasCorrectGradient());
      CHECK_THAT(gradcheck([](auto v) { return maximum(exp(v), 1); }, x), HasCorrectGradient());
      const xt::xarray<TestType> near_two{static_cast<TestType>(2 + sign * distance)};
      CHECK_THAT(gradcheck([](auto v) { return maximum(v, 2); }, near_two), HasCorrectGradient());
      CHECK_THAT(gradcheck([](auto v) { return abs(v - 2) * v; }, near_two), HasCorrectGradient());
    }
  }
}

TEST_CASE("gradcheck fails a gradient that is not between the slopes at a kink", "[autograd][gradcheck]") {
  const auto relu_with_slope = [](double slope) {
    return [slope](Variable<double> x) {
      Recording<double> op("relu_with_slope", {x});
      op.output(x.shape())[0] = std::max(x.data()[0], 0.0);
      return op.finish([slope](Backward<double>& b) { b.input_grad(0)[0] += slope * b.output_grad()[0]; });
    };
  };
  const xt::xarray<double> zero{0};
  CHECK(gradcheck(relu_with_slope(0), zero).passed);
  CHECK(gradcheck(relu_with_slope(0.3), zero).passed);
  CHECK(gradcheck(relu_with_slope(1), zero).passed);
  CHECK_FALSE(gradcheck(relu_with_slope(1.001), zero).passed);
  CHECK_FALSE(gradcheck(relu_with_slope(-0.001), zero).passed);
}

TEST_CASE("gradcheck fails at a jump", "[autograd][gradcheck]") {
  const auto step = [](auto x) { return xtape::where(x.value() > 0, x * 0 + 1, x * 0); };
  CHECK_FALSE(gradcheck(step, xt::xarray<double>{0}).passed);
  CHECK(gradcheck(step, xt::xarray<double>{0.7}).passed);
}

TEST_CASE("gradcheck passes right rules on float inputs", "[autograd][gradcheck]") {
  const xt::xarray<float> x{{0.3F, 1.2F}, {2.F, 5.F}};
  CHECK_THAT(gradcheck([](auto v) { return log(v) * tanh(v); }, x), HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto v) { return softmax(v * v); }, x), HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto v) { return log(v); }, xt::xarray<float>{0.01F, 1e-4F}), HasCorrectGradient());
}

TEST_CASE("gradcheck passes functions that return their input's own memory", "[autograd][gradcheck]") {
  CHECK_THAT(gradcheck([](auto x) { return x; }, points), HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x) { return reshape(x, {4}); }, points), HasCorrectGradient());
}

TEST_CASE("an infinite output does not hide a wrong gradient of another", "[autograd][gradcheck]") {
  const auto with_infinity = [](double factor) {
    return [factor](Variable<double> x) {
      const auto y = square_with_term(x, [factor](auto, auto g) { return factor * g; });
      return concatenate({y, x.tape().constant(std::vector<double>{-INFINITY})});
    };
  };
  CHECK(gradcheck(with_infinity(1), xt::xarray<double>{1, 2}).passed);
  CHECK(gradcheck(with_infinity(2), xt::xarray<double>{1, 2}).failures == 2);
}

TEST_CASE("gradcheck fails a function without a derivative there", "[autograd][gradcheck]") {
  CHECK_FALSE(gradcheck([](auto x) { return log(x); }, xt::xarray<double>{-1}).passed);
}

TEST_CASE("gradcheck names an element of a scalar input without brackets", "[autograd][gradcheck]") {
  const double one = 1;
  std::vector<Array<double>> inputs;
  inputs.emplace_back(ArrayView<const double>(&one, {}));
  const auto report = gradcheck<double>([](auto x) { return tanh(x[0]); }, inputs);
  CHECK(report.passed);
  CHECK(report.index.empty());
  CHECK_THAT(report.message, StartsWith("gradcheck: 0 of 1 elements differ; worst: input 0, analytic "));
}

TEST_CASE("gradcheck of a function that ignores its inputs says so", "[autograd][gradcheck]") {
  const auto report = gradcheck([](auto x) { return x.detach(); }, points);
  CHECK_FALSE(report.passed);
  CHECK(report.elements == 0);
  CHECK(report.message ==
        "gradcheck: the function's result must depend on its inputs through recorded operations");
}

TEST_CASE("the tolerances of gradcheck can be chosen", "[autograd][gradcheck]") {
  const auto off = [](auto x) { return square_with_term(x, [](auto, auto g) { return 1.0001 * g; }); };
  CHECK(gradcheck({.relative_tolerance = 1e-3}, off, points).passed);
  CHECK_FALSE(gradcheck({.relative_tolerance = 1e-5}, off, points).passed);
  CHECK(gradcheck({.absolute_tolerance = 1e-2}, off, points).passed);
}

TEST_CASE("the seed of gradcheck chooses the weights of the outputs", "[autograd][gradcheck]") {
  const auto f = [](auto x) { return square(x); };
  const auto zero = gradcheck({.seed = 0}, f, points), one = gradcheck({.seed = 1}, f, points);
  CHECK(zero.analytic == gradcheck(f, points).analytic);
  CHECK(zero.analytic != one.analytic);
}

TEST_CASE("gradcheck does not pass a function of nothing", "[autograd][gradcheck]") {
  const auto report = gradcheck([](auto x) { return tanh(x); }, xt::xarray<double>::from_shape({0}));
  CHECK_FALSE(report.passed);
  CHECK(report.message == "gradcheck: the inputs must have elements to check, got none");
}

TEMPLATE_TEST_CASE("gradcheck passes right gradients of any size, of elements of any size",
                   "[autograd][gradcheck][scale]", float, double) {
  for_each_scale<TestType>([](TestType output, TestType input) {
    const auto report = checked_half_square(output, input, 1);
    CHECK_THAT(report, HasCorrectGradient());
    CHECK(report.unresolved == 0);
  });
}

TEMPLATE_TEST_CASE("gradcheck finds a flipped sign, a factor of 2 and a missing gradient at any scale",
                   "[autograd][gradcheck][scale]", float, double) {
  for_each_scale<TestType>([](TestType output, TestType input) {
    for (const double factor : {-1.0, 2.0, 0.5, 0.0}) {
      INFO("factor " << factor);
      CHECK(checked_half_square(output, input, factor).failures == 2);
    }
  });
}

TEST_CASE("gradcheck finds what is wrong beside outputs that the element does not change",
          "[autograd][gradcheck][scale]") {
  for (const double large : {1e6, 1e300}) {
    const auto beside = [large](double factor) {
      return gradcheck(
          [factor](auto x, auto other) {
            return concatenate({half_square<double>(x, 1e-10, 1, factor), other});
          },
          xt::xarray<double>{1, 2}, xt::xarray<double>{large});
    };
    CHECK_THAT(beside(1), HasCorrectGradient());
    for (const double factor : {-1.0, 2.0, 0.5, 0.0}) CHECK(beside(factor).failures == 2);
  }
}

TEST_CASE("gradcheck finds what is wrong at outputs with an offset that leaves their change",
          "[autograd][gradcheck][scale]") {
  const auto with_offset = [](double factor) {
    return gradcheck([factor](auto x) { return half_square<double>(x, 1, 1, factor, 1e6); },
                     xt::xarray<double>{1, 2});
  };
  CHECK_THAT(with_offset(1), HasCorrectGradient());
  CHECK(with_offset(1).unresolved == 0);
  for (const double factor : {-1.0, 2.0, 0.5, 0.0}) CHECK(with_offset(factor).failures == 2);
}

TEST_CASE("gradcheck says how many elements rounding keeps it from checking, and does not pass if all",
          "[autograd][gradcheck][scale]") {
  const auto hidden = [](auto x) { return half_square<double>(x, 1, 1, 1, 1e20); };
  const auto nothing = gradcheck(hidden, xt::xarray<double>{1, 2});
  CHECK_FALSE(nothing.passed);
  CHECK(nothing.failures == 0);
  CHECK(nothing.unresolved == 2);
  CHECK_THAT(nothing.message,
             StartsWith("gradcheck: 0 of 2 elements differ, 2 could not be checked (rounding of the outputs "
                        "hides their change); worst: input 0["));

  const auto some = gradcheck(
      [&](auto x, auto z) {
        return concatenate({hidden(x), square(z)});
      },
      xt::xarray<double>{1, 2}, xt::xarray<double>{3});
  CHECK(some.passed);
  CHECK(some.elements == 3);
  CHECK(some.unresolved == 2);
}

TEST_CASE("gradcheck passes gradients beside a hidden rounding inside of the function",
          "[autograd][gradcheck][scale]") {
  // Sums with 1e6 are multiples of 1.2e-10: the outputs, near x, do not show what is lost.
  const auto f = [](auto x) { return (x + 1e6) - 1e6; };
  CHECK_THAT(gradcheck(f, xt::xarray<double>{1e-3, 2}), HasCorrectGradient());
  CHECK_THAT(gradcheck([&](auto x) { return exp(f(x)); }, xt::xarray<double>{1e-3, 2}), HasCorrectGradient());
  CHECK(gradcheck([&](auto x) { return half_square<double>(f(x), 1, 1, -1); }, xt::xarray<double>{1e-3, 2})
            .failures == 2);
}

TEST_CASE("gradcheck passes elements that are 0 in functions of any scale", "[autograd][gradcheck][scale]") {
  for (const double scale : {1e-300, 1e-100, 1e-10, 1.0, 1e10, 1e100, 1e300}) {
    INFO("scale " << scale);
    const auto report = gradcheck([scale](auto x) { return tanh(x / scale); }, xt::xarray<double>{0});
    CHECK_THAT(report, HasCorrectGradient());
    CHECK(report.unresolved == 0);
    CHECK_THAT(report.analytic * scale,
               WithinRel(gradcheck([](auto x) { return tanh(x); }, xt::xarray<double>{0}).analytic, 1e-12));
  }
}

TEST_CASE("gradcheck checks elements that are tiny beside others of their array, and beside an offset of 1",
          "[autograd][gradcheck][scale]") {
  const xt::xarray<double> x{1e-300, 1e-12, 1};
  const auto with_slope = [](double slope) {
    return [slope](Variable<double> v) {
      Recording<double> op("one_plus", {v});
      const auto y = op.output(v.shape());
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = 1 + v.data()[i];
      return op.finish([slope](Backward<double>& b) {
        for (std::size_t i = 0; i < 3; ++i) b.input_grad(0)[i] += slope * b.output_grad()[i];
      });
    };
  };
  CHECK_THAT(gradcheck(with_slope(1), x), HasCorrectGradient());
  for (const double slope : {-1.0, 2.0, 0.0}) CHECK(gradcheck(with_slope(slope), x).failures == 3);
}

TEST_CASE("gradcheck compares each output by itself and says which one differs", "[autograd][gradcheck]") {
  // A gradient of 1e-12 with the wrong sign, beside one of 1 of the same element.
  const auto report = gradcheck(
      [](auto x) {
        return concatenate({half_square<double>(x, 1, 1, 1), half_square<double>(x, 1e-12, 1, -1)});
      },
      xt::xarray<double>{1});
  CHECK(report.failures == 1);
  CHECK(report.output == std::vector<std::size_t>{1});
  CHECK_THAT(report.message, EndsWith("; the sign is flipped"));
}

TEST_CASE("gradcheck fails a rule that does not multiply by the gradient that arrives",
          "[autograd][gradcheck]") {
  const auto careless = [](auto x) {
    return square_with(x, [](Backward<double>& b) {
      for (std::size_t i = 0; i < b.input(0).size(); ++i) b.input_grad(0)[i] += 2 * b.input(0)[i];
    });
  };
  CHECK(gradcheck(careless, points).failures == 4);
}

TEST_CASE("gradcheck reports a function that gives other outputs when it is called again",
          "[autograd][gradcheck]") {
  Random random(1);
  const auto drawn = gradcheck([&](auto x) { return dropout(x, 0.5, random); },
                               xt::xarray<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  CHECK_FALSE(drawn.passed);
  CHECK(drawn.elements == 0);
  CHECK_THAT(drawn.message, StartsWith("gradcheck: the function must give the same outputs for the same "
                                       "inputs, but output["));

  double calls = 0;
  const auto counted = gradcheck([&](auto x) { return x + ++calls; }, xt::xarray<double>{0.5});
  CHECK(counted.message ==
        "gradcheck: the function must give the same outputs for the same inputs, but output[0] was 2.5 and "
        "then 3.5; if it draws random numbers, make its Random inside, so that each call draws the same");
}

TEST_CASE("gradcheck refuses a function whose output changes its shape", "[autograd][gradcheck][errors]") {
  const auto f = [](auto x) { return x.data()[0] > 1 ? x * 2 : sum(x); };
  CHECK_THROWS_WITH(gradcheck(f, xt::xarray<double>{1}),
                    "gradcheck: the function's result must keep its shape, got () and then (1)");
}

TEST_CASE("gradcheck names no cause that it does not know", "[autograd][gradcheck]") {
  const auto wrong_by_three = [](auto x) { return square_with_term(x, [](auto, auto g) { return 3 * g; }); };
  const auto message = gradcheck(wrong_by_three, points).message;
  CHECK(message.substr(message.find("tolerance")).find(';') == std::string::npos);

  // Wrong only after an earlier contribution, but that one is not lost.
  const auto twice = [](auto x) {
    return square_with(x, [](Backward<double>& b) {
      const auto dx = b.input_grad(0);
      for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += dx[i] + 2 * b.input(0)[i] * b.output_grad()[i];
    });
  };
  CHECK_THAT(gradcheck(twice, points).message,
             EndsWith("; it is right where nothing was contributed before, and only there"));
  const auto step = [](auto x) { return xtape::where(x.value() > 0, x * 0 + 1, x * 0); };
  CHECK_THAT(gradcheck(step, xt::xarray<double>{0}).message,
             EndsWith("; the differences do not converge: there may be no derivative"));
}
