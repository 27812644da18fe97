// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "loss_result.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Mask;
using losses::ReduceOptions;
using losses::Reduction;
using losses::Weights;

namespace {

// What an option holds when it is used.
template <class Option>
std::vector<double> read(const Option& option) {
  Array<typename Option::Element> copy(option.shape());
  option.copy_to(copy);
  return values(copy);
}

// Uses the stack, so that what a dead temporary held there is gone.
double overwrite_the_stack() {
  volatile double numbers[256];
  for (int i = 0; i < 256; ++i) numbers[i] = -1e9;
  return numbers[255];
}

}  // namespace

TEST_CASE("options of a name keep the temporaries they were given", "[losses][option_arrays]") {
  const std::vector<double> memory{4, 5, 6};
  const xt::xarray<double> named{1, 2, 3};
  ReduceOptions options;
  const auto sum_of_weights = [&] {
    overwrite_the_stack();
    Tape<double> tape;
    return losses::reduce(tape.constant(xt::ones<double>({3})), options).item();
  };
  options.reduction = Reduction::sum;

  options.sample_weights = xt::xarray<double>{1, 2, 4};
  CHECK(sum_of_weights() == 7);
  options.sample_weights = xt::xarray<double>{1, 2, 4} * 2;  // an expression of a temporary
  CHECK(sum_of_weights() == 14);
  options.sample_weights = named + 1;  // an expression of a named array
  CHECK(sum_of_weights() == 9);
  options.sample_weights = xt::view(named, xt::range(1, 2));
  CHECK(sum_of_weights() == 6);
  options.sample_weights = xt::xtensor<float, 1>{1, 2, 5};
  CHECK(sum_of_weights() == 8);
  options.sample_weights = xt::arange<int>(3);
  CHECK(sum_of_weights() == 3);
  options.sample_weights = std::vector<float>{1, 2, 6};
  CHECK(sum_of_weights() == 9);
  options.sample_weights = std::array<int, 3>{1, 2, 7};
  CHECK(sum_of_weights() == 10);
  options.sample_weights = std::span(memory);
  CHECK(sum_of_weights() == 15);
  options.sample_weights = ArrayView<const double>(memory);
  CHECK(sum_of_weights() == 15);
  options.sample_weights = Array<double>(ArrayView<const double>(memory));
  CHECK(sum_of_weights() == 15);
  options.sample_weights = 7;
  CHECK(sum_of_weights() == 21);
  options.sample_weights = 0.5F;
  CHECK(sum_of_weights() == 1.5);

  options.sample_weights = {};
  options.mask = xt::xarray<bool>{true, false, true};
  CHECK(sum_of_weights() == 2);
  options.mask = xt::xarray<int>{1, 2, 0} > 0;
  CHECK(sum_of_weights() == 2);
  options.mask = std::vector<bool>{true, false, false};
  CHECK(sum_of_weights() == 1);
  options.mask = false;
  CHECK(sum_of_weights() == 0);
}

TEST_CASE("a number that has a name is copied", "[losses][option_arrays]") {
  Weights weights;
  {
    double number = 3;
    weights = number;
    number = 4;
  }
  overwrite_the_stack();
  CHECK_THAT(read(weights), AllClose({3}, 0));
}

TEST_CASE("an array that has a name is copied", "[losses][option_arrays]") {
  xt::xarray<double> weights{1, 2, 3};
  std::vector<int> mask{1, 1, 0};
  std::vector<double> hundred(100, 1.0);
  const ReduceOptions options{.sample_weights = weights, .mask = mask};
  const Weights large = hundred;
  weights(0) = 10;
  mask[2] = 1;
  hundred[99] = 10;
  CHECK_THAT(read(options.sample_weights), AllClose({1, 2, 3}, 0));
  CHECK_THAT(read(options.mask), AllClose({1, 1, 0}, 0));
  CHECK_THAT(read(large), AllClose(std::vector<double>(100, 1.0), 0));
}

TEST_CASE("options in a function that is returned outlive the arrays that they were made of",
          "[losses][option_arrays]") {
  const auto loss_of_size = [](std::size_t size) {
    const xt::xarray<double> weights = xt::arange<double>(static_cast<double>(size));
    const ReduceOptions options{.sample_weights = weights, .reduction = Reduction::sum};
    return [options, size] {
      Tape<double> tape;
      return losses::reduce(tape.constant(xt::ones<double>({size})), options).item();
    };
  };
  const auto small = loss_of_size(4), large = loss_of_size(1000);
  overwrite_the_stack();
  const std::vector<double> where_the_weights_were(1000, -1e9);
  CHECK(small() == 0 + 1 + 2 + 3);
  CHECK(large() == 1000 * 999 / 2);
}

TEST_CASE("an expression that has a name is evaluated, and outlives its arrays", "[losses][option_arrays]") {
  const Weights weights = [] {
    const xt::xarray<double> array{1, 2, 3};
    const auto doubled = 2 * array;
    return Weights(doubled);
  }();
  overwrite_the_stack();
  CHECK_THAT(read(weights), AllClose({2, 4, 6}, 0));
}

TEST_CASE("an array given by reference is read where it stands, and may change its shape",
          "[losses][option_arrays]") {
  std::vector<double> list{1, 2, 3};
  xt::xarray<double> array{1, 2, 3};
  std::vector<int> flags{1, 0};
  const Weights of_list = losses::by_reference(list), of_array = losses::by_reference(array);
  const Weights copy = of_array;
  const Mask mask = losses::by_reference(flags);
  list.push_back(4);
  array = xt::xarray<double>{{5, 6}};
  flags[1] = 7;
  CHECK(of_list.shape() == Shape{4});
  CHECK_THAT(read(of_list), AllClose({1, 2, 3, 4}, 0));
  CHECK(copy.shape() == Shape{1, 2});
  CHECK_THAT(read(copy), AllClose({5, 6}, 0));
  CHECK_THAT(read(mask), AllClose({1, 1}, 0));
}

template <class Source>
concept CanBeGivenByReference = requires(Source&& source) {
  losses::by_reference(std::forward<Source>(source));
};

TEST_CASE("a temporary is not taken by reference", "[losses][option_arrays]") {
  STATIC_REQUIRE(CanBeGivenByReference<std::vector<double>&>);
  STATIC_REQUIRE_FALSE(CanBeGivenByReference<std::vector<double>>);
  STATIC_REQUIRE_FALSE(CanBeGivenByReference<const xt::xarray<double>>);
  STATIC_REQUIRE_FALSE(CanBeGivenByReference<double&>);
}

TEST_CASE("an option takes containers of any alignment", "[losses][option_arrays]") {
  struct alignas(64) Fixed {
    using value_type = double;
    double numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const double* begin() const { return numbers; }
    const double* end() const { return numbers + 8; }
    const double* data() const { return numbers; }
    std::size_t size() const { return 8; }
  };
  CHECK_THAT(read(Weights(Fixed{})), AllClose({1, 2, 3, 4, 5, 6, 7, 8}, 0));
  const Fixed named;
  CHECK_THAT(read(Weights(named)), AllClose({1, 2, 3, 4, 5, 6, 7, 8}, 0));
}

TEST_CASE("an option holds 12 numbers or 13, of any rank", "[losses][option_arrays]") {
  for (const std::size_t count : {0U, 1U, 12U, 13U}) {
    const Weights weights = xt::xarray<double>(xt::ones<double>({std::size_t{1}, count}) * 3);
    const Weights copy = weights;
    CHECK(copy.shape() == Shape{1, count});
    CHECK_THAT(read(copy), AllClose(std::vector<double>(count, 3.0), 0));
  }
}

TEST_CASE("options can be copied, moved and assigned, and outlive what they were copied from",
          "[losses][option_arrays]") {
  std::vector<double> memory{1, 2};
  for (const Weights& kind : {Weights(xt::xarray<double>{1, 2}), Weights(std::vector<float>{1, 2}),
                              Weights(ArrayView<const double>(memory)), Weights(std::array<int, 2>{1, 2})}) {
    auto original = std::make_unique<Weights>(kind);
    const Weights copy = *original;
    Weights assigned = 5;
    assigned = copy;
    const Weights moved = std::move(*original);
    original.reset();
    overwrite_the_stack();
    for (const Weights& weights : {copy, assigned, moved}) {
      CHECK(weights.given());
      CHECK(weights.shape() == Shape{2});
      CHECK_THAT(read(weights), AllClose({1, 2}, 0));
    }
  }
}

TEST_CASE("an option is given or not", "[losses][option_arrays]") {
  CHECK_FALSE(Weights().given());
  CHECK_FALSE(Mask().given());
  CHECK(Weights(0).given());
  CHECK(Mask(false).given());
  Weights weights = 3;
  weights = {};
  CHECK_FALSE(weights.given());
}

TEST_CASE("weights may be of any real or integer type and rank", "[losses][option_arrays]") {
  CHECK_THAT(read(Weights(std::int8_t{-3})), AllClose({-3}, 0));
  CHECK_THAT(read(Weights(2.5L)), AllClose({2.5}, 0));
  CHECK_THAT(read(Weights(xt::xarray<float>{{1, 2}, {3, 4}})), AllClose({1, 2, 3, 4}, 0));
  CHECK(Weights(xt::xarray<float>{{1, 2}, {3, 4}}).shape() == Shape{2, 2});
  CHECK_THAT(read(Weights(std::vector<std::uint64_t>{1, 1ULL << 40})), AllClose({1, 0x1p40}, 0));
  const xt::xarray<double> columns{{1, 2}, {3, 4}};
  CHECK_THAT(read(Weights(xt::transpose(columns))), AllClose({1, 3, 2, 4}, 0));
}

TEST_CASE("masks may be bools, or integers of which 0 is false", "[losses][option_arrays]") {
  CHECK_THAT(read(Mask(true)), AllClose({1}, 0));
  CHECK_THAT(read(Mask(256)), AllClose({1}, 0));
  CHECK_THAT(read(Mask(std::vector{true, false})), AllClose({1, 0}, 0));
  CHECK_THAT(read(Mask(std::vector<int>{0, 2, -1, 256})), AllClose({0, 1, 1, 1}, 0));
  CHECK_THAT(read(Mask(xt::xarray<std::uint8_t>{0, 255})), AllClose({0, 1}, 0));
  CHECK_THAT(read(Mask(xt::xarray<double>{0.5, 1.5} > 1)), AllClose({0, 1}, 0));
}

TEST_CASE("what is no number, or a mask of reals, is no option", "[losses][option_arrays]") {
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Mask, double>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Mask, std::vector<float>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Weights, bool>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Weights, xt::xarray<bool>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Weights, Variable<double>>);
}

TEST_CASE("A list in braces is an option", "[losses][option_arrays]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2, 2}, {0, 0, 0, 0}));
  const std::vector<int> classes{0, 1};
  const losses::SoftmaxCrossEntropyOptions options{
      .class_weights = {1, 3}, .mask = {true, false}, .reduction = losses::Reduction::none};
  CHECK_THAT(values(losses::softmax_cross_entropy(x, classes, options)), AllClose({std::log(2.0), 0}, 1e-15));
}

TEST_CASE("An option keeps a view that has a name and goes out of scope", "[losses][option_arrays]") {
  const std::vector<double> weights{1, 3};
  const auto options = [&] {
    const ArrayView<const double> view(weights);
    return losses::ReduceOptions{.sample_weights = view, .reduction = losses::Reduction::none};
  }();
  Tape<double> tape;
  CHECK_THAT(values(losses::reduce(tape.variable(std::vector<double>{2, 2}), options)), AllClose({2, 6}, 0));
}
