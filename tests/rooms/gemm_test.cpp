// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/gemm.hpp"

#include <cstring>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using kernels::After;
using kernels::Transpose;

namespace {

enum class Start { zero, itself, bias, bias_then_relu, zero_then_relu };

constexpr Transpose both[] = {Transpose::no, Transpose::yes};

/// A product of whole numbers so small that float holds every intermediate result.
template <class T>
struct Product {
  Transpose transpose_a, transpose_b;
  std::size_t rows, columns, inner;
  std::vector<T> a = numbers(rows * inner, 7), b = numbers(inner * columns, 11), bias = numbers(columns, 5),
                 before = numbers(rows * columns, 13);

  static std::vector<T> numbers(std::size_t count, int modulus) {
    std::vector<T> result(count);
    for (std::size_t i = 0; i < count; ++i)
      result[i] = static_cast<T>(static_cast<int>(i * 31 % static_cast<std::size_t>(modulus)) - modulus / 2);
    return result;
  }

  std::vector<T> sums() const {
    std::vector<T> result;
    result.reserve(rows * columns);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        T sum = 0;
        for (std::size_t k = 0; k < inner; ++k) {
          sum += a[transpose_a == Transpose::yes ? k * rows + i : i * inner + k] *
                 b[transpose_b == Transpose::yes ? j * inner + k : k * columns + j];
        }
        result.push_back(sum);
      }
    }
    return result;
  }

  std::vector<T> expected(Start start, std::vector<T> c) const {
    for (std::size_t i = 0; i < c.size(); ++i) {
      if (start == Start::bias || start == Start::bias_then_relu) c[i] += bias[i % columns];
      if (start == Start::itself) c[i] += before[i];
      if (start == Start::bias_then_relu || start == Start::zero_then_relu) c[i] = std::max(c[i], T{0});
    }
    return c;
  }

  /// c, and nothing outside of it is written.
  std::vector<T> result(Start start) const {
    constexpr T guard = 12345;
    constexpr std::size_t margin = 64;
    std::vector<T> memory(before.size() + 2 * margin, guard);
    T* const c = memory.data() + margin;
    std::copy(before.begin(), before.end(), c);
    if (start == Start::zero || start == Start::itself) {
      const T beta = start == Start::itself ? T{1} : T{0};
      kernels::gemm(transpose_a, transpose_b, rows, columns, inner, a.data(), b.data(), beta, c);
    } else {
      kernels::gemm_plus_bias(transpose_a, transpose_b, rows, columns, inner, a.data(), b.data(),
                              start == Start::zero_then_relu ? nullptr : bias.data(),
                              start == Start::bias ? After::nothing : After::relu, c);
    }
    const auto end = memory.end() - margin;
    CHECK(std::count(memory.begin(), memory.begin() + margin, guard) == margin);
    CHECK(std::count(end, memory.end(), guard) == margin);
    return {memory.begin() + margin, end};
  }
};

template <class T>
void check_exact(std::size_t rows, std::size_t columns, std::size_t inner) {
  for (const Transpose transpose_a : both) {
    for (const Transpose transpose_b : both) {
      const Product<T> product{transpose_a, transpose_b, rows, columns, inner};
      const std::vector<T> sums = product.sums();
      for (const Start start :
           {Start::zero, Start::itself, Start::bias, Start::bias_then_relu, Start::zero_then_relu}) {
        CAPTURE(rows, columns, inner, transpose_a == Transpose::yes, transpose_b == Transpose::yes,
                static_cast<int>(start));
        CHECK(product.result(start) == product.expected(start, sums));
      }
    }
  }
}

}  // namespace

// Extents around the numbers of lanes and of rows that the kernels take at a time.
TEMPLATE_TEST_CASE("products of every small shape are exact and write nothing else", "[ops][gemm]", float,
                   double) {
  const std::vector<std::size_t> extents{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 31, 33};
  for (const std::size_t rows : extents) {
    for (const std::size_t columns : extents) {
      for (const std::size_t inner : {0U, 1U, 2U, 5U, 8U, 16U, 19U})
        check_exact<TestType>(rows, columns, inner);
    }
  }
}

TEMPLATE_TEST_CASE("products with few rows, and of large matrices, are exact", "[ops][gemm]", float, double) {
  check_exact<TestType>(1, 300, 517);
  check_exact<TestType>(5, 70, 1000);
  check_exact<TestType>(130, 70, 65);
  check_exact<TestType>(200, 150, 180);  // more than 2^22 multiplications
  check_exact<TestType>(1, 2000, 2000);
  check_exact<TestType>(2000, 1, 2000);
  check_exact<TestType>(100, 500, 150);
  check_exact<TestType>(20, 30, 8000);  // cut along the inner extent
  check_exact<TestType>(33, 1024, 40);  // rows of b that are whole pages apart
  check_exact<TestType>(40, 70, 1030);  // longer than what the kernels add up at a time
  check_exact<TestType>(67, 300, 90);   // rows of a^T for many columns
  check_exact<TestType>(300, 260, 520);
  check_exact<TestType>(15, 9, 700);  // few rows, each long
  for (const std::size_t columns : {1U, 2U, 3U, 4U, 5U, 7U}) check_exact<TestType>(37, columns, 83);
  check_exact<TestType>(700, 3, 1100);   // few columns, and more rows than one thread takes
  check_exact<TestType>(1500, 3, 800);   // so many that two threads would take three blocks
  check_exact<TestType>(70, 300, 100);   // more columns than one thread takes
  check_exact<TestType>(150, 220, 128);  // more than 2^22 multiplications, for AVX-512 not too many
}

TEMPLATE_TEST_CASE("relu after a product leaves NaN as it is", "[ops][gemm]", float, double) {
  for (const auto& [rows, columns, inner] :
       {std::array<std::size_t, 3>{1, 20, 30}, {40, 3, 100}, {40, 7, 5}, {40, 70, 30}, {200, 150, 1100}}) {
    Product<TestType> product{Transpose::no, Transpose::yes, rows, columns, inner};
    product.a[0] = std::numeric_limits<TestType>::quiet_NaN();
    const std::vector<TestType> result = product.result(Start::bias_then_relu);
    CAPTURE(rows, columns, inner);
    CHECK(std::all_of(result.begin(), result.begin() + static_cast<std::ptrdiff_t>(columns),
                      [](TestType x) { return std::isnan(x); }));
    CHECK(std::all_of(result.begin() + static_cast<std::ptrdiff_t>(columns), result.end(),
                      [](TestType x) { return x >= 0; }));
  }
}

TEST_CASE("a product of two long rows is exact", "[ops][gemm]") { check_exact<double>(1, 1, 3'000'000); }

TEMPLATE_TEST_CASE("products have the same bits whatever the number of threads", "[ops][gemm][threads]",
                   float, double) {
  struct ThreadsRestored {
    const std::size_t before = num_threads();
    ~ThreadsRestored() { set_num_threads(before); }
  } restored;
  for (const auto& [rows, columns, inner] : {std::array<std::size_t, 3>{150, 130, 120},
                                             {500, 200, 120},
                                             {4, 3000, 500},
                                             {20, 30, 8000},
                                             {600, 600, 600},
                                             {300, 1024, 1100}}) {
    const xt::xarray<double> a = irregular({rows, inner}), b = irregular({inner, columns});
    const auto product = [&](std::size_t threads) {
      set_num_threads(threads);
      Tape<TestType> tape;
      const auto y = matmul(tape.constant(a), tape.constant(b));
      return std::vector<TestType>(y.values().begin(), y.values().end());
    };
    const std::vector<TestType> alone = product(1);
    for (const std::size_t threads : {2U, 3U}) {
      const std::vector<TestType> shared = product(threads);
      CHECK(std::memcmp(alone.data(), shared.data(), alone.size() * sizeof(TestType)) == 0);
    }
  }
}
