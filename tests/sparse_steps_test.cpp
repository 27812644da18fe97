// SPDX-License-Identifier: BSD-3-Clause
// What optimizers make of sparse gradients.
#include <cmath>
#include <functional>
#include <memory>
#include <set>

#include "matchers.hpp"
#include "same_bits.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace sparse_steps_test {
namespace {

using Rows = std::vector<std::size_t>;

template <class T>
using MakeOptimizer = std::function<std::unique_ptr<optim::Optimizer<T>>(std::vector<Parameter<T>*>)>;

template <class T>
Parameter<T>& sparse(Parameter<T>& table) {
  table.set_sparse_gradient(true);
  return table;
}

template <class Optimizer, class Options>
auto with(const Options& options) {
  return [options](auto parameters) { return std::make_unique<Optimizer>(parameters, options); };
}

/// A look-up gives each element of a row its value times slope as a gradient.
template <class T>
void step(Parameter<T>& table, optim::Optimizer<T>& optimizer, const Rows& rows, double slope = 1) {
  Tape<T> tape;
  sum(square(select_rows(tape.watch(table), rows)) * static_cast<T>(slope / 2)).backward();
  optimizer.step();
  optimizer.zero_grad();
}

/// Tables with a sparse gradient and with another after steps that look up the same rows.
template <class T>
void check_same_bits_as_dense(const MakeOptimizer<T>& make) {
  Parameter<T> a("a", irregular({90, 5})), b("b", irregular({90, 5}));
  const auto of_sparse = make({&sparse(a)}), of_dense = make({&b});
  Random random(5);
  for (int t = 0; t < 40; ++t) {
    Rows rows(1 + random.below(12));
    for (std::size_t& row : rows) row = random.below(90);
    step(a, *of_sparse, rows);
    step(b, *of_dense, rows);
  }
  CHECK(are_same_bits(AnyArray(Array<T>(a.values())), AnyArray(Array<T>(b.values()))));
  CHECK(are_same_bits(of_sparse->state(), of_dense->state()));
}

/// These rows of a table of three columns.
std::vector<double> rows_of(const std::vector<double>& table, const Rows& rows) {
  std::vector<double> result;
  for (const std::size_t row : rows) {
    for (std::size_t column = 0; column < 3; ++column) result.push_back(table[row * 3 + column]);
  }
  return result;
}

/// PyTorch's SparseAdam, as its source has it, in long double.
struct SparseAdam {
  std::vector<long double> x, m, v;
  long double rate, beta1, beta2;
  int steps = 0;

  SparseAdam(const std::vector<double>& start, const optim::AdamOptions& options)
      : x(start.begin(), start.end()),
        m(start.size()),
        v(start.size()),
        rate(options.learning_rate),
        beta1(options.beta1),
        beta2(options.beta2) {}

  void step(const std::set<std::size_t>& rows, std::size_t width) {
    ++steps;
    const long double correction1 = 1 - std::pow(beta1, steps), correction2 = 1 - std::pow(beta2, steps);
    for (const std::size_t row : rows) {
      for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
        const long double g = x[i];
        m[i] += (g - m[i]) * (1 - beta1);
        v[i] += (g * g - v[i]) * (1 - beta2);
        x[i] -= rate * std::sqrt(correction2) / correction1 * (m[i] / std::sqrt(v[i]));
      }
    }
  }
};

}  // namespace

// Step 1 with gradient 1: m = 1/2, v = 1/4, both 1 when corrected. Step 2 without. Step 3 with gradient 1:
// m = 3/4, v = 7/16, corrected by 1 - 1/8 and 1 - 27/64.
TEMPLATE_TEST_CASE("a step of Adam without a gradient of a row leaves its moments for the next one",
                   "[optim][adam][sparse]", float, double) {
  Parameter<TestType> table("table", array({3, 1}, {1, 1, 1}));
  optim::Adam<TestType> optimizer({&sparse(table)},
                                  {.learning_rate = 0.125, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 1e-30});
  const auto take = [&](int row) {
    Tape<TestType> tape;
    sum(select_rows(tape.watch(table), row)).backward();
    optimizer.step();
    optimizer.zero_grad();
  };
  take(1);
  CHECK_THAT(values(table), AllClose({1, 0.875, 1}, ulps<TestType>(2)));
  take(2);
  take(1);
  const double third = 0.125 * (0.75 / 0.875) / std::sqrt(0.4375 / (1 - 27.0 / 64));
  const double second = 0.125 * (0.5 / 0.75) / std::sqrt(0.25 / (1 - 9.0 / 16));
  CHECK_THAT(values(table), AllClose({1, 0.875 - third, 1 - second}, ulps<TestType>(4)));
  CHECK(values(optimizer.state()["0.first_moment"].template get<TestType>()) ==
        std::vector<double>{0, 0.75, 0.5});
  CHECK(values(optimizer.state()["0.second_moment"].template get<TestType>()) ==
        std::vector<double>{0, 0.4375, 0.25});
}

// 1e-13: sixty steps of rounding in double. PyTorch's epsilon is another; so small it does not count.
TEST_CASE("Adam of a sparse gradient follows PyTorch's SparseAdam", "[optim][adam][sparse]") {
  const optim::AdamOptions options{.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-100};
  Parameter<double> table("table", irregular({20, 3}));
  SparseAdam expected(values(table), options);
  optim::Adam<double> optimizer({&sparse(table)}, options);
  Random random(9);
  for (int t = 0; t < 60; ++t) {
    std::set<std::size_t> rows;
    while (rows.size() < 4) rows.insert(random.below(20));
    step(table, optimizer, {rows.begin(), rows.end()});
    expected.step(rows, 3);
  }
  CHECK_THAT(values(table), AllClose({expected.x.begin(), expected.x.end()}, 0, 1e-13));
}

TEMPLATE_TEST_CASE("SGD and Adagrad give a sparse gradient the numbers of another, bit for bit",
                   "[optim][sgd][adagrad][sparse]", float, double) {
  using SGD = optim::SGD<TestType>;
  check_same_bits_as_dense<TestType>(with<SGD>(optim::SGDOptions{.learning_rate = 0.1}));
  check_same_bits_as_dense<TestType>(with<SGD>(optim::SGDOptions{.learning_rate = 0.1, .momentum = 0.9}));
  check_same_bits_as_dense<TestType>(with<SGD>(
      optim::SGDOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.1, .nesterov = true}));
  check_same_bits_as_dense<TestType>(with<optim::Adagrad<TestType>>(
      optim::AdagradOptions{.learning_rate = 0.1, .learning_rate_decay = 0.01, .initial_accumulator = 0.5}));
}

// v = 1, 1/2, 1/4; x = 1 - 1/2 (1 + 1/2 + 1/4).
TEST_CASE("SGD with momentum moves a row on that was looked up before, as PyTorch's does",
          "[optim][sgd][sparse]") {
  Parameter<double> table("table", array({2, 1}, {1, 1}));
  optim::SGD<double> optimizer({&sparse(table)}, {.learning_rate = 0.5, .momentum = 0.5});
  step(table, optimizer, {0});
  CHECK_THAT(values(table), AllClose({0.5, 1}, 0));
  step(table, optimizer, {});
  step(table, optimizer, {});
  CHECK_THAT(values(table), AllClose({0.125, 1}, 0));
}

// g = x: x - 1/2 (x + x / 4).
TEST_CASE("weight decay is of rows that have a gradient", "[optim][sgd][sparse]") {
  Parameter<double> table("table", array({2, 1}, {8, 16}));
  optim::SGD<double> optimizer({&sparse(table)}, {.learning_rate = 0.5, .weight_decay = 0.25});
  step(table, optimizer, {1});
  CHECK_THAT(values(table), AllClose({8, 6}, 0));
}

TEST_CASE("each optimizer takes the step of rows with a gradient as if there were no others",
          "[optim][sparse]") {
  using Make = MakeOptimizer<double>;
  const Make make = GENERATE(
      Make(with<optim::SGD<double>>(optim::SGDOptions{.learning_rate = 0.1, .weight_decay = 0.1})),
      Make(with<optim::Adam<double>>(optim::AdamOptions{.learning_rate = 0.1, .weight_decay = 0.1})),
      Make(with<optim::AdamW<double>>(optim::AdamWOptions{.learning_rate = 0.1, .weight_decay = 0.1})),
      Make(with<optim::Adagrad<double>>(optim::AdagradOptions{.weight_decay = 0.1})),
      Make(with<optim::RMSprop<double>>(
          optim::RMSpropOptions{.weight_decay = 0.1, .momentum = 0.5, .centered = true})),
      Make(with<optim::Lion<double>>(optim::LionOptions{.weight_decay = 0.1})));
  const Rows looked_up{1, 3, 4}, others{0, 2, 5};
  const std::vector<double> start = values(irregular({6, 3}));
  Parameter<double> table("table", array({6, 3}, start)),
      alone("alone", array({3, 3}, rows_of(start, looked_up)));
  const auto of_table = make({&sparse(table)}), of_alone = make({&alone});
  INFO(of_table->settings());
  for (int t = 0; t < 10; ++t) {
    step(table, *of_table, {4, 1, 3, 1});
    step(alone, *of_alone, {2, 0, 1, 0});
  }
  CHECK(rows_of(values(table), looked_up) == values(alone));
  CHECK(rows_of(values(table), others) == rows_of(start, others));
  for (const auto& [name, array] : of_table->state()) {
    if (array.shape() != table.shape()) continue;
    CHECK(rows_of(values(array.get<double>()), others) == std::vector<double>(9, 0));
  }
}

TEST_CASE("a row that was looked up and has no gradient waits", "[optim][adam][sparse]") {
  Parameter<double> table("table", array({2, 1}, {1, 2}));
  optim::Adam<double> optimizer({&sparse(table)});
  step(table, optimizer, {0, 1});
  const auto before = values(table);
  const auto moments = values(optimizer.state()["0.first_moment"].get<double>());
  step(table, optimizer, {0}, 0);
  CHECK(values(table) == before);
  CHECK(values(optimizer.state()["0.first_moment"].get<double>()) == moments);
}

TEST_CASE("a gradient that is not sparse has Adam move all rows on", "[optim][adam][sparse]") {
  Random random(1);
  nn::Embedding<double> dense(2, 1, random, {.sparse = false}), lazy(2, 1, random);
  optim::Adam<double> optimizer({&dense.weight, &lazy.weight});
  step(dense.weight, optimizer, {0});
  step(lazy.weight, optimizer, {0});
  const double moved = dense.weight.values()[0], waiting = lazy.weight.values()[0];
  optimizer.step();
  CHECK(dense.weight.values()[0] != moved);
  CHECK(lazy.weight.values()[0] == waiting);
}

TEST_CASE("an optimizer tells which gradients are sparse", "[optim][sparse]") {
  Parameter<double> first("first", Shape{2}), second("second", Shape{3, 2});
  optim::SGD<double> optimizer({&first, &second});
  const std::string settings = optimizer.settings();
  sparse(second);
  CHECK(optimizer.settings() == settings + "; sparse: 1");
}

TEST_CASE("steps of many rows do not depend on the number of threads, nor on the order of lookups",
          "[optim][sparse][threads]") {
  const std::size_t threads_before = num_threads();
  Random random(2);
  Rows rows(700);
  for (std::size_t& row : rows) row = random.below(1000);
  const std::set<std::size_t> once(rows.begin(), rows.end());
  const auto table_after = [&](std::size_t threads, const Rows& looked_up, bool is_sparse) {
    set_num_threads(threads);
    Parameter<float> table("table", irregular({1000, 130}));
    table.set_sparse_gradient(is_sparse);
    optim::SGD<float> sgd({&table});
    for (int t = 0; t < 3; ++t) {
      Tape<float> tape;
      sum(square(select_rows(tape.watch(table), looked_up))).backward();
      optim::clip_gradient_norm<float>({&table}, 1e6);
      sgd.step();
      sgd.zero_grad();
    }
    return values(table);
  };
  const auto expected = table_after(1, {once.begin(), once.end()}, false);
  CHECK(table_after(1, {once.begin(), once.end()}, true) == expected);
  CHECK(table_after(4, {once.begin(), once.end()}, true) == expected);
  CHECK(table_after(4, {once.rbegin(), once.rend()}, true) == expected);
  set_num_threads(threads_before);
}

TEST_CASE("norms and limits of sparse gradients are those of their rows", "[optim][clip][sparse]") {
  Parameter<double> table("table", Shape{5, 2}), bias("bias", Shape{1});
  sparse(table);
  const auto fill = [&] {
    Tape<double> tape;
    const auto rows = select_rows(tape.watch(table), std::vector<int>{4, 1});
    (sum(rows * tape.constant(xt::xarray<double>{{1, 4}, {2, 2}})) + sum(tape.watch(bias)) * 12.0).backward();
  };
  fill();
  CHECK(optim::gradient_norm<double>({&table, &bias}) == 13);  // 1 + 16 + 4 + 4 + 144
  CHECK(optim::clip_gradient_norm<double>({&table, &bias}, 6.5) == 13);
  CHECK_THAT(values(table.grad()), AllClose({0, 0, 1, 1, 0, 0, 0, 0, 0.5, 2}, 0));
  table.zero_grad();
  fill();
  optim::clip_gradient_value<double>({&table}, 1.5);
  CHECK_THAT(values(table.grad()), AllClose({0, 0, 1.5, 1.5, 0, 0, 0, 0, 1, 1.5}, 0));
}

TEST_CASE("a sparse gradient that is not finite is named", "[optim][clip][sparse][errors]") {
  Parameter<double> table("table", Shape{5, 2});
  sparse(table);
  CHECK_NOTHROW(optim::require_finite_gradients<double>({&table}));
  Tape<double> tape;
  (sum(select_rows(tape.watch(table), 3)) * inf).backward();
  CHECK_THROWS_WITH(optim::require_finite_gradients<double>({&table}),
                    "require_finite_gradients: every gradient must be finite, got inf at gradient[3, 0] of "
                    "the parameter 'table'");
  CHECK(optim::gradient_norm<double>({&table}) == inf);
}

}  // namespace sparse_steps_test
