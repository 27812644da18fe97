// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("avg_pool2d agrees with PyTorch in value and gradient", "[ops][avg_pool2d]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({1, 1, 3, 4}));
  const auto y = avg_pool2d(x, {2, 3}, {.stride = {1, 2}, .padding = 1});
  const double tolerance = ulps<TestType>(4);
  CHECK(y.shape() == Shape{1, 1, 4, 2});
  CHECK_THAT(values(y),
             AllClose({-0.09726535583354352, 0.04153726583270275, -0.23168277166764759, 0.36067977499789805,
                       -0.30598689166876863, 0.2492235949962165, -0.17156947583466456, -0.06991891416897882},
                      tolerance, tolerance));
  y.backward(tape.constant(irregular(y.shape())));
  CHECK_THAT(values(x.grad()),
             AllClose({0.3147573033330531, 0.12022659166596601, -0.19453071166708708, -0.19453071166708708,
                       -0.03715206000056054, 0.08307453166540546, 0.12022659166596601, 0.12022659166596601,
                       -0.38906142333417415, 0.04592247166484498, 0.4349838949990191, 0.4349838949990191},
                      tolerance, tolerance));
}

TEMPLATE_TEST_CASE("avg_pool2d that does not count padding agrees with PyTorch", "[ops][avg_pool2d]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({1, 1, 3, 4}));
  const auto y = avg_pool2d(x, {2, 3}, {.stride = {1, 2}, .padding = 1, .count_include_pad = false});
  const double tolerance = ulps<TestType>(4);
  CHECK_THAT(values(y),
             AllClose({-0.2917960675006306, 0.0830745316654055, -0.34752415750147136, 0.36067977499789805,
                       -0.4589803375031529, 0.2492235949962165, -0.5147084275039937, -0.13983782833795763},
                      tolerance, tolerance));
  y.backward(tape.constant(irregular(y.shape())));
  CHECK_THAT(values(x.grad()),
             AllClose({0.5901699437494745, 0.21968455041558063, -0.37048539333389385, -0.37048539333389385,
                       -0.05572809000084078, 0.06449850166512525, 0.12022659166596601, 0.12022659166596601,
                       -0.7573542137519969, -0.02618904542020495, 0.7311651683317919, 0.7311651683317919},
                      tolerance, tolerance));
}

TEMPLATE_TEST_CASE("avg_pool2d over whole images is their mean, exactly", "[ops][avg_pool2d]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({7, 9, 40, 50}, 1e4, 1e4 + 1));  // work for several threads
  const auto y = avg_pool2d(x, {40, 50});
  CHECK(values(y) == values(mean(x, {2, 3}, keep_dims)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose(std::vector<double>(x.size(), 1.0 / 2000), ulps<TestType>(1)));
}

// A mean that lies between two floats goes to one of them, in every place and however planes are shared.
TEST_CASE("avg_pool2d of equal windows gives equal means", "[ops][avg_pool2d][threads]") {
  const std::size_t threads = num_threads();
  const double sum = 49 * 0x1.ef961bp+0;
  const float high = static_cast<float>(sum), low = static_cast<float>(sum - high);
  Array<float> x(Shape{1, 64, 56, 56});
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t row = i / 56 % 56 % 7, column = i % 56 % 7;
    x[i] = row == 3 && column == 2 ? high : row == 3 && column == 3 ? low : 0;
  }
  for (const std::size_t count : {1U, 2U, 3U}) {
    set_num_threads(count);
    Tape<float> tape;
    const auto y = avg_pool2d(tape.borrow(x), 7, {.count_include_pad = false});
    CHECK(std::ranges::all_of(y.values(), [&](float mean) { return mean == y.values()[0]; }));
  }
  set_num_threads(threads);
}

TEST_CASE("pooling takes windows far larger than the image", "[ops][avg_pool2d][max_pool2d][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({1, 1, 2, 2}, {1, 2, 3, 6}));
  const std::size_t kernel = std::size_t{1} << 30;
  const auto mean = avg_pool2d(x, kernel, {.stride = 1, .padding = kernel / 2, .count_include_pad = false}),
             largest = max_pool2d(x, kernel, {.stride = 1, .padding = kernel / 2});
  CHECK_THAT(values(mean), AllClose(std::vector<double>(9, 3), 0));
  CHECK_THAT(values(largest), AllClose(std::vector<double>(9, 6), 0));
}

TEST_CASE("avg_pool2d of a NaN is NaN", "[ops][avg_pool2d][extremes]") {
  Tape<double> tape;
  const auto y = avg_pool2d(tape.constant(array({1, 1, 1, 4}, {1, 2, NaN, 4})), {1, 2});
  CHECK_THAT(values(y), AllClose({1.5, NaN}, 0));
}

TEST_CASE("avg_pool2d of no images is empty", "[ops][avg_pool2d][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 0, 4, 4}));
  const auto y = avg_pool2d(x, 2);
  CHECK(y.shape() == Shape{2, 0, 2, 2});
  sum(y).backward();
  CHECK(x.gradients().shape() == x.shape());
}

TEST_CASE("avg_pool2d gradient agrees with central differences", "[ops][avg_pool2d][gradient]") {
  const auto check = [](const AvgPool2dOptions& options) {
    CHECK_THAT(gradcheck(
                   [&](auto x) {
                     return avg_pool2d(x, {2, 3}, options) + sum(x);
                   },
                   irregular({2, 2, 4, 5})),
               HasCorrectGradient());
  };
  check({});
  check({.stride = 1, .padding = 1});
  check({.stride = {1, 2}, .padding = {1, 0}, .count_include_pad = false});
}

TEST_CASE("avg_pool2d says what does not fit", "[ops][avg_pool2d][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({1, 2, 3, 4})), flat = tape.variable(irregular({3}));
  CHECK(refusal<ShapeError>(tape, [&] { avg_pool2d(flat, 2); }) ==
        "avg_pool2d: x must be (batch, channels, rows, columns), got (3)");
  CHECK(refusal<ArgumentError>(tape, [&] { avg_pool2d(x, 3, {.padding = 2}); }) ==
        "avg_pool2d: padding must be at most half of the kernel (3, 3), got (2, 2)");
}

TEMPLATE_TEST_CASE("avg_pool2d of windows of every kind is the mean of each, exactly", "[ops][avg_pool2d]",
                   float, double) {
  // Whatever whole vectors and remainders of them the windows make. Small whole numbers have exact sums.
  const std::size_t width =
      GENERATE(as<std::size_t>{}, 3U, 4U, 5U, 8U, 9U, 16U, 17U, 18U, 19U, 33U, 34U, 35U, 64U, 600U, 2100U);
  const std::size_t stride = GENERATE(as<std::size_t>{}, 1U, 2U, 3U), padding = GENERATE(0U, 1U),
                    kernel = GENERATE(2U, 3U);
  const bool count_include_pad = GENERATE(true, false);
  constexpr std::size_t height = 5;
  const Shape shape{2, 1, height, width};
  std::vector<TestType> pixels(shape.elements());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<TestType>(i * 7 % 50);
  Tape<TestType> tape;
  const auto x = tape.variable(ArrayView<const TestType>(pixels.data(), shape));
  const auto y =
      avg_pool2d(x, kernel, {.stride = stride, .padding = padding, .count_include_pad = count_include_pad});
  const auto dy = irregular(y.shape());
  y.backward(tape.constant(dy));
  const auto slopes = x.gradients();

  const std::size_t rows = y.shape()[2], columns = y.shape()[3];
  std::vector<TestType> expected(pixels.size());
  bool is_value = true;
  for (std::size_t at = 0; at < y.size(); ++at) {
    const std::size_t plane = at / (rows * columns), top = at / columns % rows * stride,
                      left = at % columns * stride;
    double sum = 0;
    std::vector<std::size_t> places;
    for (std::size_t r = top; r < top + kernel; ++r) {
      for (std::size_t c = left; c < left + kernel; ++c) {
        if (r < padding || c < padding || r - padding >= height || c - padding >= width) continue;
        places.push_back((plane * height + r - padding) * width + c - padding);
        sum += static_cast<double>(pixels[places.back()]);
      }
    }
    const auto divisor = static_cast<double>(count_include_pad ? kernel * kernel : places.size());
    is_value = is_value && y.data()[at] == static_cast<TestType>(sum / divisor);
    for (const std::size_t place : places)
      expected[place] += static_cast<TestType>(static_cast<TestType>(dy.data()[at]) / divisor);
  }
  CHECK(is_value);
  CHECK(std::ranges::equal(slopes, expected));
}

TEMPLATE_TEST_CASE("avg_pool2d of windows of 600 columns is the mean of each", "[ops][avg_pool2d]", float,
                   double) {
  const std::size_t stride = GENERATE(as<std::size_t>{}, 1U, 50U, 600U);
  std::vector<double> pixels(1300), means, slopes(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<double>(i);
  for (std::size_t left = 0; left + 600 <= pixels.size(); left += stride) {
    means.push_back(static_cast<double>(left) + 299.5);
    for (std::size_t i = left; i < left + 600; ++i) slopes[i] += 1.0 / 4;
  }
  Tape<TestType> tape;
  const auto x = tape.variable(array({1, 1, 1, pixels.size()}, pixels));
  const auto y = avg_pool2d(x, {1, 600}, {.stride = stride});
  sum(TestType{150} * y).backward();
  CHECK(values(y) == means);
  CHECK(values(x.grad()) == slopes);
}
