// SPDX-License-Identifier: BSD-3-Clause
#include <numeric>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::random_flip;
using data::random_shift;

namespace augmentation_test {
namespace {

// 1, 2, 3, ...
template <class T>
Array<T> counting(const Shape& shape) {
  Array<T> array(shape);
  std::iota(array.begin(), array.end(), T{1});
  return array;
}

// y[r, c, i, j] = x[r, c, i - down, j - right], for every row of (rows, channels, height, width) alike.
std::vector<double> shifted(const Array<double>& x, std::size_t row, std::ptrdiff_t down,
                            std::ptrdiff_t right, double fill) {
  const std::size_t channels = x.shape()[1], height = x.shape()[2], width = x.shape()[3];
  std::vector<double> y;
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < height; ++i) {
      for (std::size_t j = 0; j < width; ++j) {
        const auto from_i = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(i) - down);
        const auto from_j = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(j) - right);
        const bool inside = from_i < height && from_j < width;
        y.push_back(inside ? x[((row * channels + c) * height + from_i) * width + from_j] : fill);
      }
    }
  }
  return y;
}

// The first row of (rows, channels, height, width).
std::vector<double> row_of(const Array<double>& x, std::size_t row) {
  const std::size_t size = x.size() / x.shape()[0];
  return {x.begin() + row * size, x.begin() + (row + 1) * size};
}

}  // namespace

TEST_CASE("each picture is shifted by what its row draws, and all of its channels alike",
          "[data][augmentation]") {
  const Array<double> x = counting<double>({50, 2, 4, 3});
  Array<double> y = counting<double>({50, 2, 4, 3});
  Random random(1), same(1);
  random_shift(y, random, {.most = 2, .fill = -1});
  for (std::size_t row = 0; row < 50; ++row) {
    const auto down = static_cast<std::ptrdiff_t>(same.below(5)) - 2;
    const auto right = static_cast<std::ptrdiff_t>(same.below(5)) - 2;
    INFO("row " << row << ", down " << down << ", right " << right);
    CHECK_THAT(row_of(y, row), AllClose(shifted(x, row, down, right, -1), 0));
  }
  CHECK(random == same);
}

TEMPLATE_TEST_CASE("pictures without channels are shifted too", "[data][augmentation]", float, double) {
  Array<TestType> x = counting<TestType>({1, 2, 3}), wanted = counting<TestType>({1, 1, 2, 3});
  Random random(3), same(3);
  for (int i = 0; i < 20; ++i) {
    random_shift(x, random, {.most = 1, .fill = 0.5});
    random_shift(wanted, same, {.most = 1, .fill = 0.5});
    CHECK_THAT(values(x), AllClose(values(wanted), 0));
  }
}

TEST_CASE("a shift by nothing changes nothing, but draws", "[data][augmentation]") {
  Array<float> x = counting<float>({3, 1, 1});
  Random random(1), same(1);
  random_shift(x, random, {.most = 0});
  CHECK_THAT(values(x), AllClose({1, 2, 3}, 0));
  for (int i = 0; i < 6; ++i) same.below(1);
  CHECK(random == same);
}

TEST_CASE("every shift is drawn as often as every other", "[data][augmentation]") {
  constexpr std::size_t rows = 25000;
  Array<float> x({rows, 5, 5});
  for (std::size_t row = 0; row < rows; ++row) x[row * 25 + 12] = 1;  // in the middle
  Random random(7);
  random_shift(x, random);
  std::vector<double> counts(25);
  for (std::size_t i = 0; i < x.size(); ++i) counts[i % 25] += static_cast<double>(x[i]);
  // Binomial with mean 1000 and a standard deviation of 31: 25 of them are within 4 of those but once in 600.
  for (const double count : counts) CHECK_THAT(count, WithinAbs(1000, 124));
  CHECK(std::accumulate(counts.begin(), counts.end(), 0.0) == rows);
}

TEST_CASE("pictures are flipped where their row draws it", "[data][augmentation]") {
  const bool horizontal = GENERATE(false, true), vertical = GENERATE(false, true);
  const Array<double> x = counting<double>({40, 2, 3, 2});
  Array<double> y = counting<double>({40, 2, 3, 2});
  Random random(5), same(5);
  random_flip(y, random, {.horizontal = horizontal, .vertical = vertical, .probability = 0.3});
  for (std::size_t row = 0; row < 40; ++row) {
    const bool across = horizontal && same.uniform() < 0.3, down = vertical && same.uniform() < 0.3;
    for (std::size_t c = 0; c < 2; ++c) {
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 2; ++j) {
          const std::size_t channel = (row * 2 + c) * 6;
          CHECK(y[channel + i * 2 + j] == x[channel + (down ? 2 - i : i) * 2 + (across ? 1 - j : j)]);
        }
      }
    }
  }
  CHECK(random == same);
}

TEMPLATE_TEST_CASE("a flip of certain probability is a mirror, and of none nothing", "[data][augmentation]",
                   float, double) {
  Random random(1);
  Array<TestType> x = counting<TestType>({2, 2, 3});
  random_flip(x, random, {.probability = 0});
  CHECK_THAT(values(x), AllClose({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 0));
  random_flip(x, random, {.probability = 1});
  CHECK_THAT(values(x), AllClose({3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10}, 0));
  random_flip(x, random, {.horizontal = false, .vertical = true, .probability = 1});
  CHECK_THAT(values(x), AllClose({6, 5, 4, 3, 2, 1, 12, 11, 10, 9, 8, 7}, 0));
}

TEST_CASE("half of the pictures are flipped unless told otherwise", "[data][augmentation]") {
  constexpr std::size_t rows = 10000;
  Array<float> x({rows, 1, 2});
  for (std::size_t row = 0; row < rows; ++row) x[2 * row] = 1;
  Random random(11);
  random_flip(x, random);
  double flipped = 0;
  for (std::size_t row = 0; row < rows; ++row) flipped += static_cast<double>(x[2 * row + 1]);
  CHECK_THAT(flipped, WithinAbs(5000, 200));  // 4 standard deviations
}

TEST_CASE("containers and views are changed where they stand", "[data][augmentation]") {
  xt::xarray<float> tensor{{{1, 2}, {3, 4}}};
  Random random(1);
  random_flip(tensor, random, {.probability = 1});
  CHECK_THAT(values(tensor), AllClose({2, 1, 4, 3}, 0));
  random_flip(ArrayView<float>(tensor), random, {.probability = 1});
  CHECK_THAT(values(tensor), AllClose({1, 2, 3, 4}, 0));
  std::vector<double> memory{1, 2};
  const ArrayView<double> view(memory.data(), {1, 1, 1, 2});
  random_flip(view, random, {.probability = 1});
  random_shift(view, random, {.most = 0});
  CHECK(memory == std::vector<double>{2, 1});
}

TEST_CASE("no pictures, and pictures without pixels, are changed in nothing", "[data][augmentation]") {
  Random random(1), same(1);
  for (const Shape& shape : {Shape{0, 3, 4, 4}, Shape{0, 4, 4}}) {
    Array<float> none(shape);
    random_shift(none, random);
    random_flip(none, random);
  }
  CHECK(random == same);
  for (const Shape& shape : {Shape{2, 3, 0, 4}, Shape{2, 0, 3, 4}, Shape{2, 4, 0},
                             Shape{std::size_t{1} << 50, 0, 3, 3}, Shape{1, 1, std::size_t{1} << 50, 0}}) {
    Array<float> empty(shape);
    random_shift(empty, random, {.most = 9});
    random_flip(empty, random, {.vertical = true});
  }
  CHECK(random == same);
}

TEST_CASE("a NaN is shifted and filled as every number", "[data][augmentation]") {
  Array<double> x({200, 2, 2});
  std::fill(x.begin(), x.end(), NaN);
  Random random(1);
  random_shift(x, random, {.most = 1, .fill = 3});
  for (const double element : x) CHECK((std::isnan(element) || element == 3));
  CHECK(std::count(x.begin(), x.end(), 3) > 0);
}

TEST_CASE("what are no pictures, or would vanish, is refused before anything is drawn",
          "[data][augmentation][errors]") {
  Random random(1);
  const Random before = random;
  Array<float> flat({4, 4}), deep({1, 1, 1, 4, 4}), small({2, 3, 2, 5});
  const std::string rule =
      ": pictures must be (rows, channels, height, width) or (rows, height, width), got ";
  CHECK_THROWS_AS(random_shift(flat, random), ShapeError);
  CHECK_THROWS_WITH(random_shift(flat, random), "random_shift" + rule + "(4, 4)");
  CHECK_THROWS_AS(random_flip(deep, random), ShapeError);
  CHECK_THROWS_WITH(random_flip(deep, random), "random_flip" + rule + "(1, 1, 1, 4, 4)");
  CHECK_THROWS_AS(random_shift(small, random), ArgumentError);
  CHECK_THROWS_WITH(
      random_shift(small, random),
      "random_shift: options.most must be below height and width of pictures (2, 3, 2, 5), got 2");
  for (const double probability : {-0.1, 1.5, NaN}) {
    CHECK_THROWS_AS(random_flip(small, random, {.probability = probability}), ArgumentError);
  }
  CHECK_THROWS_WITH(random_flip(small, random, {.probability = 1.5}),
                    "random_flip: options.probability must be in [0, 1], got 1.5");
  CHECK(random == before);
}

}  // namespace augmentation_test
