// SPDX-License-Identifier: BSD-3-Clause
#include <cstring>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

struct ThreadsRestored {
  const std::size_t before = num_threads();
  ~ThreadsRestored() { set_num_threads(before); }
};

/// y = f(x) and the gradients of x, one after the other, where x are variables of these arrays.
template <class T, class F>
std::vector<T> value_and_gradients(const std::vector<xt::xarray<double>>& arrays, F f) {
  Tape<T> tape;
  std::vector<Variable<T>> x;
  for (const auto& array : arrays) x.push_back(tape.variable(array));
  const auto y = f(x);
  const auto from_above = tape.constant(irregular(y.shape(), 0.5, 1.5));
  y.backward(from_above.values());

  std::vector<T> result(y.values().begin(), y.values().end());
  for (const auto& each : x) {
    result.insert(result.end(), each.gradients().begin(), each.gradients().end());
  }
  return result;
}

/// CHECKs that f(x) and its gradients are the same bits on one, two and three threads and once more on two.
template <class T, class F>
void check_reproducible(const std::vector<Shape>& shapes, F f) {
  CAPTURE(shapes[0]);
  std::vector<xt::xarray<double>> arrays;
  for (const Shape& shape : shapes) arrays.push_back(irregular(shape, -6, 6));
  const ThreadsRestored restored;
  const auto on = [&](std::size_t threads) {
    set_num_threads(threads);
    return value_and_gradients<T>(arrays, f);
  };
  const std::vector<T> alone = on(1);
  CHECK(std::all_of(alone.begin(), alone.end(), [](T number) { return std::isfinite(number); }));
  for (const std::size_t threads : {2U, 3U, 2U}) {
    CAPTURE(threads);
    const std::vector<T> shared = on(threads);
    CHECK(shared.size() == alone.size());
    CHECK(std::memcmp(shared.data(), alone.data(), alone.size() * sizeof(T)) == 0);
  }
}

// Losses and exponentials are shared out in blocks of whole rows that hold about 32,768 elements: the first
// of these is one block, the others are several, the last of them smaller.
const std::vector<Shape> rows_by_classes{{64, 10}, {20000, 10}, {130, 1000}, {64, 3000}};

// Several blocks also of cheap operations, which are shared out in larger ones.
const Shape many_rows{5000, 80};

}  // namespace

TEMPLATE_TEST_CASE("softmax_cross_entropy of class indices has the same bits on any number of threads",
                   "[losses][reproducibility]", float, double) {
  for (const Shape& shape : rows_by_classes) {
    std::vector<std::size_t> classes(shape[0]);
    for (std::size_t row = 0; row < shape[0]; ++row) classes[row] = 7 * row % shape[1];
    check_reproducible<TestType>({shape},
                                 [&](const auto& x) { return losses::softmax_cross_entropy(x[0], classes); });
  }
}

TEMPLATE_TEST_CASE(
    "softmax_cross_entropy of smoothed and weighted labels has the same bits on any number "
    "of threads",
    "[losses][reproducibility]", float, double) {
  for (const Shape& shape : rows_by_classes) {
    const xt::xarray<double> weights = irregular({shape[1]}, 0.5, 2);
    check_reproducible<TestType>({shape, shape}, [&](const auto& x) {
      return losses::softmax_cross_entropy(x[0], sigmoid(x[1]),
                                           {.class_weights = weights, .label_smoothing = 0.1});
    });
  }
}

TEMPLATE_TEST_CASE("sigmoid_cross_entropy has the same bits on any number of threads",
                   "[losses][reproducibility]", float, double) {
  check_reproducible<TestType>({{1000, 100}, {1000, 100}}, [](const auto& x) {
    return losses::sigmoid_cross_entropy(x[0], sigmoid(x[1]));
  });
}

TEMPLATE_TEST_CASE("softmax, log_softmax and log_sum_exp have the same bits on any number of threads",
                   "[ops][reproducibility]", float, double) {
  for (const Shape& shape : rows_by_classes) {
    check_reproducible<TestType>({shape}, [](const auto& x) { return softmax(x[0]); });
    check_reproducible<TestType>({shape}, [](const auto& x) { return log_softmax(x[0]); });
    check_reproducible<TestType>({shape}, [](const auto& x) { return log_sum_exp(x[0], 1); });
  }
}

TEMPLATE_TEST_CASE("a broadcasting sum and its gradients have the same bits on any number of threads",
                   "[ops][reproducibility]", float, double) {
  check_reproducible<TestType>({many_rows, {many_rows[1]}, {many_rows[0], 1}},
                               [](const auto& x) { return x[0] + x[1] + x[2]; });
}

TEMPLATE_TEST_CASE("sums over rows, columns and both have the same bits on any number of threads",
                   "[ops][reproducibility]", float, double) {
  for (const Axes& axes : {Axes(0), Axes(1), Axes()}) {
    check_reproducible<TestType>({many_rows}, [&](const auto& x) { return sum(x[0], axes); });
  }
}

TEMPLATE_TEST_CASE("tanh has the same bits on any number of threads", "[ops][reproducibility]", float,
                   double) {
  check_reproducible<TestType>({{100000}}, [](const auto& x) { return tanh(x[0]); });
}
