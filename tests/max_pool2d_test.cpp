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
