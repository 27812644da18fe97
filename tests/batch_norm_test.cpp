// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// Of gradients that are no linear function of x.
xt::xarray<double> seed(const Shape& shape) { return xt::square(irregular(shape)) - 1; }

// The running statistics of PyTorch's examples.
template <class T>
struct Running {
  std::vector<T> mean{T(0.5), T(-0.5)}, variance{2, 3};
  RunningStatistics<T> view() { return {mean, variance}; }
};

}  // namespace

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("batch_norm of rows agrees with PyTorch in value, gradient and running statistics",
                   "[ops][batch_norm]", float, double) {
  Running<TestType> running;
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({4, 2})), weight = tape.variable(array({2}, {0.5, 2})),
             bias = tape.variable(array({2}, {0.1, 0.2}));
  const auto y = batch_norm(x, weight, bias, running.view());
  const double tolerance = ulps<TestType>(8);
  CHECK_THAT(values(y),
             AllClose({0.3523103761228875, -2.4832695356972088, 0.76055714040399, -0.6944231785657362,
                       -0.5605571404039901, 1.0944231785657363, -0.1523103761228875, 2.8832695356972087},
                      tolerance, tolerance));
  y.backward(tape.constant(seed({4, 2})));
  CHECK_THAT(values(x.grad()),
             AllClose({-0.4309979972176612, 1.689140000014148, 0.43099647578317585, -1.6891631551200486,
                       0.4309986776238478, -1.6891515775670984, -0.43099715618936235, 1.6891747326729993},
                      tolerance, tolerance));
  CHECK_THAT(values(weight.grad()), AllClose({-1.0311817488067685, 3.046224494144211}, tolerance, tolerance));
  CHECK_THAT(values(bias.grad()), AllClose({1.3995865603230224, 0.9786068004374386}, tolerance, tolerance));
  CHECK_THAT(values(running.mean), AllClose({0.43885438199983184, -0.4139320225002102}, tolerance));
  CHECK_THAT(values(running.variance), AllClose({1.9783298880026918, 2.8486082400022434}, tolerance));
}

TEMPLATE_TEST_CASE("batch_norm of images agrees with PyTorch", "[ops][batch_norm]", float, double) {
  Running<TestType> running;
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({2, 2, 1, 2})), weight = tape.variable(array({2}, {0.5, 2})),
             bias = tape.variable(array({2}, {0.1, 0.2}));
  const auto y = batch_norm(x, weight, bias, running.view(), {.momentum = 0.3, .epsilon = 1e-3});
  const double tolerance = ulps<TestType>(8);
  CHECK_THAT(values(y),
             AllClose({0.4980933667448759, -0.2439612145702324, 1.7923734669795037, -1.1758448582809296,
                       -0.5274008431250309, 0.6732686909503873, -2.3096033725001237, 2.4930747638015496},
                      tolerance, tolerance));
  y.backward(tape.constant(seed({2, 2, 1, 2})));
  CHECK_THAT(values(x.grad()),
             AllClose({-0.15856628891095495, -0.2960525399023378, -0.631427666100156, -1.1866618114862708,
                       0.24990274057416315, 0.20471608823912973, 0.9951390381683756, 0.8229504394180508},
                      tolerance, tolerance));
  CHECK_THAT(values(weight.grad()), AllClose({-3.1661518722495505, 4.603399678150509}, tolerance, tolerance));
  CHECK_THAT(values(bias.grad()), AllClose({0.7184270002523621, 1.659766360508099}, tolerance, tolerance));
  CHECK_THAT(values(running.mean), AllClose({0.2457427527495586, -0.17097567425069363}, tolerance));
  CHECK_THAT(values(running.variance), AllClose({1.823533484006393, 2.5235334840063928}, tolerance));
}

TEMPLATE_TEST_CASE("batch_norm with running statistics agrees with PyTorch and leaves them",
                   "[ops][batch_norm]", float, double) {
  Running<TestType> running;
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({3, 2})), weight = tape.variable(array({2}, {0.5, 2})),
             bias = tape.variable(array({2}, {0.1, 0.2}));
  const auto y = batch_norm(x, weight, bias, running.view(), {.training = false});
  const double tolerance = ulps<TestType>(8);
  CHECK_THAT(values(y), AllClose({0.09014859704293443, -0.4416984552199099, 0.4239982978419151,
                                  0.6486510103849283, -0.6563620282115515, 1.7390004759897666},
                                 tolerance, tolerance));
  CHECK(running.mean == Running<TestType>().mean);
  CHECK(running.variance == Running<TestType>().variance);
  running.mean[0] = 1e9;  // backward still knows what was used
  y.backward(tape.constant(seed({3, 2})));
  CHECK_THAT(values(x.grad()), AllClose({-0.27474128305658646, 0.13228435168338634, 0.35574850619561604,
                                         -1.1403543933762372, 0.5965741761301971, -0.3538203935293743},
                                        tolerance, tolerance));
  CHECK_THAT(values(weight.grad()),
             AllClose({-1.8851941363910398, -0.49408458417106194}, tolerance, tolerance));
  CHECK_THAT(values(bias.grad()), AllClose({1.9164944001345925, -1.1794336797913778}, tolerance, tolerance));
}

TEMPLATE_TEST_CASE("batch_norm of every layout normalises each channel", "[ops][batch_norm]", float, double) {
  // Channels side by side, short pieces, long pieces, one sample, more channels than are worked on at once.
  const auto [batch, channels, pixels] = GENERATE(table<std::size_t, std::size_t, std::size_t>(
      {{50, 3, 1}, {7, 40, 5}, {2, 3, 31}, {2, 3, 32}, {3, 5, 1001}, {1, 4, 9}, {9, 100, 64}, {5, 1030, 2}}));
  CAPTURE(batch, channels, pixels);
  std::vector<TestType> mean_memory(channels), variance_memory(channels, 1);
  const RunningStatistics<TestType> running{mean_memory, variance_memory};
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({batch, channels, pixels}, 9'999, 10'001));
  const auto y = batch_norm(x, running, {.momentum = 1, .epsilon = 1e-9});
  // As a layer_norm over what each channel holds.
  const auto rows = reshape(transpose(x, {1, 0, 2}), {channels, batch * pixels});
  const auto same = transpose(
      reshape(layer_norm(rows, {batch * pixels}, {.epsilon = 1e-9}), {channels, batch, pixels}), {1, 0, 2});
  CHECK_THAT(values(y), AllClose(values(same), ulps<TestType>(2), ulps<TestType>(1)));
  CHECK_THAT(values(mean_memory), AllClose(values(mean(rows, 1)), ulps<TestType>(1)));
  const auto dy = tape.constant(seed(y.shape()));
  (sum(y * dy) + sum(x)).backward();
  const auto slopes = values(x.grad());
  (sum(same * dy) + sum(x)).backward();
  CHECK_THAT(slopes, AllClose(values(x.grad()), ulps<TestType>(16), ulps<TestType>(16)));
}

// Of pairs at mean - deviation and mean + deviation all is exact: y is -1 and 1, and with slopes s alike for
// both of a pair dx = (s - mean of s) / deviation.
TEMPLATE_TEST_CASE("batch_norm of pairs about their mean is exact for any number of samples and channels",
                   "[ops][batch_norm]", float, double) {
  const std::size_t batch = GENERATE(as<std::size_t>{}, 2, 8, 14, 16, 18, 32, 34, 64);
  const std::size_t channels = GENERATE(as<std::size_t>{}, 1, 3, 4, 7, 8, 9, 15, 16, 17, 63, 64, 65, 130);
  const std::size_t pixels = GENERATE(as<std::size_t>{}, 1, 2, 5);
  CAPTURE(batch, channels, pixels);
  const auto deviation_of = [](std::size_t channel) { return channel % 3 == 0 ? 0.5 : 4.0; };
  xt::xarray<double> x = xt::zeros<double>({batch, channels, pixels}), y = x, dy = x, dx = x;
  for (std::size_t sample = 0; sample < batch; ++sample) {
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
        const double sign = sample % 2 == 0 ? -1 : 1, half = static_cast<double>(batch / 2),
                     pair = static_cast<double>(sample / 2), c_number = static_cast<double>(c);
        x(sample, c, pixel) = 3 * c_number + sign * deviation_of(c);
        y(sample, c, pixel) = sign;
        dy(sample, c, pixel) = pair + c_number;
        dx(sample, c, pixel) = (pair - (half - 1) / 2) / deviation_of(c);
      }
    }
  }
  std::vector<TestType> mean_memory(channels), variance_memory(channels, 1);
  const RunningStatistics<TestType> running{mean_memory, variance_memory};
  Tape<TestType> tape;
  const auto in = tape.variable(x), slopes = tape.constant(dy);
  const auto out = batch_norm(in, running, {.momentum = 1, .epsilon = 0});
  CHECK_THAT(values(out), AllClose(values(y), 0));
  out.backward(slopes);
  CHECK_THAT(values(in.grad()), AllClose(values(dx), 0));
  (sum(out * slopes) + sum(in)).backward();
  CHECK_THAT(values(in.grad()), AllClose(values(xt::xarray<double>(dx + 1)), 0));
}

TEMPLATE_TEST_CASE("batch_norm of rows by running statistics passes its slopes on, scaled",
                   "[ops][batch_norm]", float, double) {
  const std::size_t channels = GENERATE(as<std::size_t>{}, 1, 7, 16, 33, 130);
  std::vector<TestType> mean(channels, 1), variance(channels, 16);
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, channels}, std::vector<double>(2 * channels, inf)));
  const auto y =
      batch_norm(x, RunningStatistics<TestType>{mean, variance}, {.training = false, .epsilon = 0});
  CHECK_THAT(values(y), AllClose(std::vector<double>(2 * channels, inf), 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose(std::vector<double>(2 * channels, 0.25), 0));
  (sum(y) + sum(x)).backward();
  CHECK_THAT(values(x.grad()), AllClose(std::vector<double>(2 * channels, 1.25), 0));
}

TEMPLATE_TEST_CASE("batch_norm keeps its precision beside a large mean", "[ops][batch_norm][stability]",
                   float, double) {
  const std::vector<double> deviations{-3, 1, 4, -1, 5, -9, 2, 6, -5, 3, 5, -8};
  const double offset = sizeof(TestType) == 4 ? 1e6 : 1e15;
  std::vector<double> shifted;
  for (const double d : deviations) shifted.push_back(offset + d);
  std::vector<TestType> mean_memory(1), variance_memory(1);
  const RunningStatistics<TestType> running{mean_memory, variance_memory};
  Tape<TestType> tape;
  const auto y = values(batch_norm(tape.constant(array({12, 1}, deviations)), running, {.momentum = 1}));
  const std::vector<TestType> variance = variance_memory;
  CHECK_THAT(values(batch_norm(tape.constant(array({12, 1}, shifted)), running, {.momentum = 1})),
             AllClose(y, ulps<TestType>(2)));
  CHECK_THAT(values(variance_memory), AllClose({static_cast<double>(variance[0])}, ulps<TestType>(2)));
  CHECK_THAT(static_cast<double>(mean_memory[0]), WithinRel(offset, ulps<TestType>(1)));
}

TEST_CASE("batch_norm updates running statistics without gradients too", "[ops][batch_norm]") {
  Running<double> running;
  Tape<double> tape;
  const auto no_grad = tape.no_grad();
  batch_norm(tape.variable(irregular({4, 2})), running.view());
  CHECK(running.mean != Running<double>().mean);
}

TEST_CASE("batch_norm of momentum 0 leaves the running statistics, of 1 takes those of the batch",
          "[ops][batch_norm][extremes]") {
  Tape<double> tape;
  Running<double> kept, taken{{inf, NaN}, {inf, NaN}};
  batch_norm(tape.constant(array({2, 2}, {inf, NaN, 1, 2})), kept.view(), {.momentum = 0});
  CHECK(kept.mean == Running<double>().mean);
  CHECK(kept.variance == Running<double>().variance);
  batch_norm(tape.constant(array({2, 2}, {1, 2, 3, 6})), taken.view(), {.momentum = 1});
  CHECK(taken.mean == std::vector<double>{2, 4});
  CHECK(taken.variance == std::vector<double>{2, 8});
}

TEST_CASE("batch_norm of a channel with NaN is NaN, and of others not", "[ops][batch_norm][extremes]") {
  Running<double> running;
  Tape<double> tape;
  const auto y = batch_norm(tape.constant(array({2, 2}, {1, NaN, 3, 1})), running.view(), {.epsilon = 0});
  CHECK_THAT(values(y), AllClose({-1, NaN, 1, NaN}, 0));
}

TEST_CASE("batch_norm with running statistics of no rows is empty", "[ops][batch_norm][extremes]") {
  Running<double> running;
  Tape<double> tape;
  const auto x = tape.variable(irregular({0, 2})), weight = tape.variable(irregular({2})),
             bias = tape.variable(irregular({2}));
  const auto y = batch_norm(x, weight, bias, running.view(), {.training = false});
  CHECK(y.shape() == Shape{0, 2});
  sum(y).backward();
  CHECK_THAT(values(weight.grad()), AllClose({0, 0}, 0));
  CHECK_THAT(values(bias.grad()), AllClose({0, 0}, 0));
}

TEST_CASE("batch_norm gradient agrees with central differences", "[ops][batch_norm][gradient]") {
  const auto check = [](const Shape& shape, const BatchNormOptions& options) {
    Running<double> running;
    CHECK_THAT(gradcheck([&](auto x, auto w,
                             auto b) { return batch_norm(x, w, b, Running<double>().view(), options); },
                         irregular(shape), irregular({2}, 0.5, 2), irregular({2})),
               HasCorrectGradient());
    CHECK_THAT(
        gradcheck([&](auto x) { return batch_norm(x, Running<double>().view(), options) + square(sum(x)); },
                  irregular(shape)),
        HasCorrectGradient());
  };
  for (const bool training : {true, false}) {
    check({5, 2}, {.training = training});
    check({2, 2, 2, 3}, {.training = training});
    check({2, 2, 33}, {.training = training, .epsilon = 0.5});
  }
}

TEST_CASE("batch_norm with a bias that is its weight adds both gradients", "[ops][batch_norm][gradient]") {
  CHECK_THAT(gradcheck([](auto x, auto w) { return batch_norm(x, w, w, Running<double>().view()); },
                       irregular({4, 2}), irregular({2})),
             HasCorrectGradient());
}

TEST_CASE("batch_norm does not depend on the number of threads", "[ops][batch_norm][threads]") {
  const auto results = [](std::size_t threads) {
    set_num_threads(threads);
    std::vector<float> mean_memory(70), variance_memory(70);
    Tape<float> tape;
    const auto x = tape.variable(irregular({40, 70, 6, 6}));
    const auto y = batch_norm(x, RunningStatistics<float>{mean_memory, variance_memory});
    y.backward(tape.constant(seed(y.shape())));
    std::vector<std::vector<double>> all{values(y), values(x.grad())};
    return all;
  };
  const std::size_t before = num_threads();
  const auto alone = results(1);
  CHECK(results(3) == alone);
  set_num_threads(before);
}

TEST_CASE("batch_norm says what does not fit and leaves the running statistics",
          "[ops][batch_norm][errors]") {
  Running<double> running;
  Tape<double> tape;
  const auto of = [&](const Shape& shape) { return tape.variable(irregular(shape)); };
  const auto x = of({4, 2}), two = of({2}), three = of({3});
  CHECK(refusal<ShapeError>(tape, [&] { batch_norm(two, running.view()); }) ==
        "batch_norm: x must be (batch, channels, ...), got (2)");
  CHECK(refusal<ShapeError>(tape, [&] { batch_norm(x, three, two, running.view()); }) ==
        "batch_norm: weight must have a number for each of the 2 channels of x (4, 2), got (3)");
  CHECK(refusal<ShapeError>(tape, [&] { batch_norm(x, two, three, running.view()); }) ==
        "batch_norm: bias must have a number for each of the 2 channels of x (4, 2), got (3)");
  CHECK(refusal<ShapeError>(tape, [&, x = of({4, 3})] { batch_norm(x, running.view()); }) ==
        "batch_norm: the running mean must have a number for each of the 3 channels of x (4, 3), got (2)");
  CHECK(refusal<ShapeError>(tape, [&, x = of({1, 2})] { batch_norm(x, running.view()); }) ==
        "batch_norm: x must have at least 2 values for each channel when training, got (1, 2); to use the "
        "running "
        "statistics call eval()");
  CHECK(refusal<ArgumentError>(tape, [&] { batch_norm(x, running.view(), {.epsilon = NaN}); }) ==
        "batch_norm: epsilon must be a finite number from 0, got nan");
  CHECK(refusal<ArgumentError>(tape, [&] { batch_norm(x, running.view(), {.momentum = 1.5}); }) ==
        "batch_norm: momentum must be in [0, 1], got 1.5");
  tape.check_finite();
  const auto outlier = tape.variable(array({6, 2}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1})),
             huge = tape.variable(array({2}, {1e308, 1e308}));
  CHECK_THROWS_AS(batch_norm(outlier, huge, huge, running.view()), NonFiniteError);
  CHECK(running.mean == Running<double>().mean);
  CHECK(running.variance == Running<double>().variance);
}
