// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("max_pool2d agrees with PyTorch in value and gradient", "[ops][max_pool2d]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(irregular({1, 2, 3, 4}));
  const auto y = max_pool2d(x, 2);
  CHECK(y.shape() == Shape{1, 2, 1, 2});
  CHECK_THAT(values(y),
             AllClose({0.8328157299974777, 1.7770876399966369, 0.6099033699941145, 1.5541752799932738},
                      ulps<TestType>(1)));
  y.backward(tape.constant(irregular({1, 2, 1, 2})));
  CHECK_THAT(values(x.grad()), AllClose({0, 0,
                                         0, 0,
                                         0, 0.4721359549995796,
                                         0, -1.0557280900008408,
                                         0, 0,
                                         0, 0,
                                         0, 1.4164078649987388,
                                         0, -0.11145618000168156,
                                         0, 0,
                                         0, 0,
                                         0, 0,
                                         0, 0},
                                        ulps<TestType>(1)));
}

TEST_CASE("max_pool2d with padding and windows that overlap agrees with PyTorch", "[ops][max_pool2d]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({1, 1, 4, 4}));
  const auto y = max_pool2d(x, 3, {.stride = 2, .padding = 1});
  CHECK_THAT(values(y),
             AllClose({0.8328157299974777, 1.7770876399966369, 0.8328157299974777, 1.7770876399966369},
                      ulps<double>(1)));
  y.backward(tape.constant(irregular({1, 1, 2, 2})));
  CHECK_THAT(values(x.grad()),
             AllClose({0, 0, 0, 0, 0, 1.8885438199983184, 0, -1.1671842700025223, 0, 0, 0, 0, 0, 0, 0, 0},
                      ulps<double>(2)));
}

TEST_CASE("max_pool2d gives the gradient to the first of equals, as PyTorch", "[ops][max_pool2d]") {
  Tape<double> tape;
  const auto x = tape.variable(array({1, 1, 2, 2}, {1, 1, 1, 1}));
  sum(max_pool2d(x, 2)).backward();
  CHECK_THAT(values(x.grad()), AllClose({1, 0, 0, 0}, 0));
}

TEMPLATE_TEST_CASE("max_pool2d of a NaN is NaN, and of -inf alone -inf", "[ops][max_pool2d][extremes]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({1, 2, 2, 2}, {1, NaN, NaN, 5, -inf, -inf, -inf, -inf}));
  const auto y = max_pool2d(x, 2);
  CHECK_THAT(values(y), AllClose({NaN, -inf}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 1, 0, 1, 0, 0, 0}, 0));  // PyTorch's places
}

TEST_CASE("max_pool2d over whole images is their largest element", "[ops][max_pool2d]") {
  Tape<float> tape;
  const auto x = tape.variable(irregular({7, 9, 40, 50}));  // work for several threads
  const auto y = max_pool2d(x, {40, 50});
  CHECK(values(y) == values(max(x, {2, 3}, keep_dims)));
  sum(y).backward();
  const auto slopes = values(x.grad());
  sum(max(x, {2, 3})).backward();
  CHECK(slopes == values(x.grad()));
}

TEST_CASE("max_pool2d of no images is empty", "[ops][max_pool2d][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({0, 2, 4, 4}));
  const auto y = max_pool2d(x, 2);
  CHECK(y.shape() == Shape{0, 2, 2, 2});
  sum(y).backward();
  CHECK(x.gradients().shape() == x.shape());
}

// Widths around the numbers of lanes; of the image's numbers many are equal.
TEMPLATE_TEST_CASE("max_pool2d halves images of every width, and adds its gradient to what there is",
                   "[ops][max_pool2d]", float, double) {
  for (std::size_t width = 2; width < 70; ++width) {
    const std::size_t rows = 4 + width % 2;
    std::vector<double> image(rows * width), largest, seeds, slopes(rows * width, 7);
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<double>(i * i % 11);
    for (std::size_t window = 0; window < 2 * (width / 2); ++window) {
      const std::size_t first = window / (width / 2) * 2 * width + window % (width / 2) * 2;
      std::size_t best = first;
      for (const std::size_t place : {first + 1, first + width, first + width + 1})
        if (image[place] > image[best]) best = place;
      largest.push_back(image[best]);
      seeds.push_back(static_cast<double>(window + 1));
      slopes[best] += seeds.back();
    }
    for (const bool is_first : {false, true}) {
      CAPTURE(width, is_first);
      Tape<TestType> tape;
      const auto x = tape.variable(array({1, 1, rows, width}, image));
      const auto before = sum(TestType{7} * x);
      const auto y = max_pool2d(x, 2);
      const auto of_pool = sum(y * tape.constant(array(y.shape(), seeds)));
      const auto after = sum(TestType{7} * x);
      (of_pool + (is_first ? before : after)).backward();
      CHECK_THAT(values(y), AllClose(largest, 0));
      CHECK_THAT(values(x.grad()), AllClose(slopes, 0));
    }
  }
}

TEST_CASE("max_pool2d without gradient gives the same values", "[ops][max_pool2d]") {
  Tape<double> tape;
  const auto x = irregular({2, 2, 5, 5});
  CHECK(values(max_pool2d(tape.constant(x), 2)) == values(max_pool2d(tape.variable(x), 2)));
}

TEST_CASE("max_pool2d gradient agrees with central differences", "[ops][max_pool2d][gradient]") {
  CHECK_THAT(gradcheck(
                 [](auto x) {
                   return max_pool2d(x, {2, 3}, {.stride = {1, 2}, .padding = 1}) + sum(x);
                 },
                 irregular({2, 2, 4, 5})),
             HasCorrectGradient());
}

TEST_CASE("max_pool2d says what does not fit", "[ops][max_pool2d][errors]") {
  Tape<double> tape;
  const auto of = [&](const Shape& shape) { return tape.variable(irregular(shape)); };
  const auto x = of({1, 2, 3, 4});
  CHECK(refusal<ShapeError>(tape, [x = of({3, 4})] { max_pool2d(x, 2); }) ==
        "max_pool2d: x must be (batch, channels, rows, columns), got (3, 4)");
  CHECK(refusal<ShapeError>(tape,
                            [&] {
                              max_pool2d(x, {4, 1});
                            }) ==
        "max_pool2d: the kernel must fit into the padded image, got x (1, 2, 3, 4) with kernel (4, 1), "
        "dilation "
        "(1, 1) and padding (0, 0)");
  CHECK(refusal<ArgumentError>(tape, [&] {
          max_pool2d(x, {0, 1});
        }) == "max_pool2d: kernel must be at least 1, got (0, 1)");
  CHECK(refusal<ArgumentError>(tape, [&] {
          max_pool2d(x, 3, {.padding = {1, 2}});
        }) == "max_pool2d: padding must be at most half of the kernel (3, 3), got (1, 2)");
  CHECK(refusal<ShapeError>(tape, [x = of({1, 2, 0, 4})] { max_pool2d(x, 2, {.padding = 1}); }) ==
        "max_pool2d: x must have rows and columns, got (1, 2, 0, 4)");
}

TEMPLATE_TEST_CASE(
    "max_pool2d of windows of every kind has the largest that looking at each one by one finds",
    "[ops][max_pool2d]", float, double) {
  // Whatever whole vectors and remainders of them the windows make.
  const std::size_t width =
      GENERATE(as<std::size_t>{}, 3U, 4U, 5U, 8U, 9U, 16U, 17U, 18U, 19U, 33U, 34U, 35U, 64U, 67U, 2100U);
  const std::size_t stride = GENERATE(as<std::size_t>{}, 1U, 2U, 3U), padding = GENERATE(0U, 1U);
  constexpr std::size_t height = 5, kernel = 3;
  const Shape shape{2, 1, height, width};
  std::vector<TestType> pixels(shape.elements());
  for (std::size_t i = 0; i < pixels.size(); ++i)  // with many that are equal
    pixels[i] = i % 11 == 3 ? static_cast<TestType>(NaN) : static_cast<TestType>(i * 7 % 5) - 2;
  Tape<TestType> tape;
  const auto x = tape.variable(ArrayView<const TestType>(pixels.data(), shape));
  const auto y = max_pool2d(x, kernel, {.stride = stride, .padding = padding});
  const auto dy = irregular(y.shape());
  y.backward(tape.constant(dy));
  const auto slopes = x.gradients();

  const std::size_t rows = y.shape()[2], columns = y.shape()[3];
  std::vector<TestType> expected(pixels.size());
  bool is_value = true;
  for (std::size_t at = 0; at < y.size(); ++at) {
    const std::size_t plane = at / (rows * columns), top = at / columns % rows * stride,
                      left = at % columns * stride;
    std::size_t best = pixels.size();
    for (std::size_t r = top; r < top + kernel; ++r) {
      for (std::size_t c = left; c < left + kernel; ++c) {
        if (r < padding || c < padding || r - padding >= height || c - padding >= width) continue;
        const std::size_t place = (plane * height + r - padding) * width + c - padding;
        if (best == pixels.size() || pixels[place] > pixels[best] || std::isnan(pixels[place])) best = place;
      }
    }
    is_value =
        is_value && (y.data()[at] == pixels[best] || (std::isnan(y.data()[at]) && std::isnan(pixels[best])));
    expected[best] += static_cast<TestType>(dy.data()[at]);
  }
  CHECK(is_value);
  CHECK(std::ranges::equal(slopes, expected));
}

TEMPLATE_TEST_CASE("max_pool2d of windows of 600 columns is the largest of each", "[ops][max_pool2d]", float,
                   double) {
  const std::size_t stride = GENERATE(as<std::size_t>{}, 1U, 50U, 600U);
  std::vector<double> pixels(1300), largest, slopes(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<double>(i);
  for (std::size_t left = 0; left + 600 <= pixels.size(); left += stride) {
    largest.push_back(static_cast<double>(left) + 599);
    slopes[left + 599] = 1;
  }
  Tape<TestType> tape;
  const auto x = tape.variable(array({1, 1, 1, pixels.size()}, pixels));
  const auto y = max_pool2d(x, {1, 600}, {.stride = stride});
  sum(y).backward();
  CHECK(values(y) == largest);
  CHECK(values(x.grad()) == slopes);
}
