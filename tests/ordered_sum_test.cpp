// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <bit>

#include "matchers.hpp"
#include "ranks_on_threads.hpp"

using namespace xtape;
using namespace xtape::testing;
using namespace xtape::distributed;

namespace ordered_sum_test {
namespace {

/// Parts whose sum has other last bits in nearly every other order.
template <class T>
std::vector<std::vector<T>> rounded_parts(std::size_t parts, std::size_t length) {
  Random random(11);
  std::vector<std::vector<T>> result(parts, std::vector<T>(length));
  for (std::vector<T>& part : result) {
    for (T& x : part) x = static_cast<T>(random.normal() * std::exp(4 * random.normal()));
  }
  return result;
}

/// Of parts that are dealt to the ranks: what each rank gets.
template <class T>
std::vector<std::vector<T>> sums_on_ranks(std::size_t ranks, const std::vector<std::vector<T>>& parts) {
  std::vector<std::vector<T>> sums(ranks, std::vector<T>(parts[0].size()));
  on_ranks(ranks, [&](Communicator& communicator) {
    const std::size_t count = parts.size() / ranks, rank = communicator.rank();
    OrderedSum<T> sum(communicator, count, parts[0].size());
    for (std::size_t p = rank * count; p < (rank + 1) * count; ++p) sum.add(parts[p]);
    sum.finish(sums[rank]);
  });
  return sums;
}

/// The tree as it is documented: neighbours in pairs, the sums of pairs again, one without a neighbour as it
/// is.
template <class T>
std::vector<T> sum_by_levels(std::vector<std::vector<T>> level) {
  while (level.size() > 1) {
    std::vector<std::vector<T>> next;
    for (std::size_t p = 0; p < level.size(); p += 2) {
      next.push_back(level[p]);
      if (p + 1 == level.size()) continue;
      for (std::size_t i = 0; i < next.back().size(); ++i) next.back()[i] = level[p][i] + level[p + 1][i];
    }
    level = next;
  }
  return level[0];
}

std::size_t wrong_splits(std::size_t parts, std::size_t length) {
  const auto given = rounded_parts<float>(parts, length);
  const auto expected = sum_by_levels(given);
  std::size_t wrong = 0;
  for (std::size_t ranks = 1; ranks <= parts; ++ranks) {
    if (parts % ranks == 0) wrong += sums_on_ranks(ranks, given) != std::vector(ranks, expected);
  }
  return wrong;
}

}  // namespace
}  // namespace ordered_sum_test

using namespace ordered_sum_test;

TEMPLATE_TEST_CASE("four parts give the same bits on one, two and four ranks", "[distributed][threads]",
                   float, double) {
  using T = TestType;
  const auto parts = rounded_parts<T>(4, 1000);
  std::vector<T> pairwise(1000), one_by_one(1000);
  for (std::size_t i = 0; i < 1000; ++i) {
    pairwise[i] = (parts[0][i] + parts[1][i]) + (parts[2][i] + parts[3][i]);
    one_by_one[i] = ((parts[0][i] + parts[1][i]) + parts[2][i]) + parts[3][i];
  }
  REQUIRE(pairwise != one_by_one);
  for (const std::size_t ranks : {1u, 2u, 4u})
    CHECK(sums_on_ranks(ranks, parts) == std::vector(ranks, pairwise));
}

TEST_CASE("any number of parts gives the same bits on every number of ranks that divides it",
          "[distributed][threads]") {
  for (std::size_t parts = 1; parts <= 12; ++parts) {
    CAPTURE(parts);
    CHECK(wrong_splits(parts, 100) == 0);
  }
}

TEST_CASE("arrays that are shorter than there are ranks are added too", "[distributed][threads]") {
  for (const std::size_t length : {0u, 1u, 2u, 5u}) CHECK(wrong_splits(6, length) == 0);
}

TEST_CASE("the order is that of the parts, whatever they hold", "[distributed]") {
  // (2^24 + 1 = 2^24) + 2 and then 1, which is rounded up to 2; one after the other it would stay 2^24.
  const std::vector<std::vector<float>> parts{{0x1p24f}, {1}, {1}, {1}, {1}, {-0.0f}};
  CHECK(sums_on_ranks(1, parts)[0] == std::vector<float>{0x1p24f + 4});
  CHECK(sums_on_ranks(3, parts)[2] == std::vector<float>{0x1p24f + 4});
}

TEST_CASE("a NaN and an infinity stay in a sum", "[distributed]") {
  const auto inf_f = std::numeric_limits<float>::infinity();
  const std::vector<std::vector<float>> parts{{1, 1, inf_f}, {std::nanf(""), inf_f, -inf_f}};
  const auto sum = sums_on_ranks(2, parts)[0];
  CHECK(std::isnan(sum[0]));
  CHECK(sum[1] == inf_f);
  CHECK(std::isnan(sum[2]));
}

TEST_CASE("negative zeros stay negative", "[distributed]") {
  const std::vector<std::vector<double>> parts(3, {-0.0});
  CHECK(std::signbit(sums_on_ranks(1, parts)[0][0]));
  CHECK(std::signbit(sums_on_ranks(3, parts)[1][0]));
}

TEST_CASE("sum_in_order adds one array a rank", "[distributed][threads]") {
  const auto parts = rounded_parts<double>(5, 7);
  std::vector<std::vector<double>> sums = parts;
  on_ranks(5, [&](Communicator& communicator) {
    sum_in_order(communicator, std::span(sums[communicator.rank()]));
  });
  CHECK(sums == std::vector(5, sum_by_levels(parts)));
  std::vector<float> alone{1, 2};
  SingleProcess single;
  sum_in_order(single, alone);
  CHECK(alone == std::vector<float>{1, 2});
}

TEST_CASE("a sum begins anew when it is finished, and may be where the last part was", "[distributed]") {
  SingleProcess alone;
  OrderedSum<float> sum(alone, 2, 2);
  std::array<float, 2> part{1, 2};
  sum.add(part);
  sum.add(part);
  sum.finish(part);
  CHECK(part == std::array<float, 2>{2, 4});
  sum.add(part);
  sum.add(part);
  sum.finish(part);
  CHECK(part == std::array<float, 2>{4, 8});
}

TEST_CASE("a sum of parts in a power of two sends twice an array but for a rank's own slices",
          "[distributed][threads]") {
  constexpr std::size_t length = 1200;
  for (const std::size_t parts_per_rank : {1u, 4u}) {
    for (const std::size_t ranks : {1u, 2u, 3u, 4u}) {
      std::vector<std::size_t> bytes(ranks);
      on_ranks(ranks, [&](ThreadRank& communicator) {
        OrderedSum<float> sum(communicator, parts_per_rank, length);
        std::vector<float> part(length, 1);
        for (std::size_t p = 0; p < parts_per_rank; ++p) sum.add(part);
        sum.finish(part);
        bytes[communicator.rank()] = communicator.sent_bytes();
      });
      CHECK(bytes == std::vector(ranks, 2 * length * sizeof(float) * (ranks - 1) / ranks));
    }
  }
}

TEST_CASE("gradients of parts of a batch are those of any number of ranks", "[distributed][threads]") {
  constexpr std::size_t rows = 6, features = 3, classes = 3, parts = 4;
  const xt::xarray<double> inputs = irregular({parts, rows, features});
  const std::vector<std::int64_t> labels{0, 2, 1, 1, 0, 2};
  const auto gradient_on = [&](std::size_t ranks) {
    std::vector<std::vector<float>> gradients(ranks);
    on_ranks(ranks, [&](Communicator& communicator) {
      const std::size_t count = parts / communicator.size();
      Random random(5);
      nn::Linear<float> model(features, classes, random);
      Gradients<float> own(model.parameters());
      OrderedSum<float> sum(communicator, count, own.flat().size());
      for (std::size_t p = count * communicator.rank(); p < count * (communicator.rank() + 1); ++p) {
        Tape<float> tape;
        const double* const first = inputs.data() + p * rows * features;
        losses::softmax_cross_entropy(model(tape.constant(ArrayView<const double>(first, {rows, features}))),
                                      labels, {.reduction = losses::Reduction::mean_by(parts * rows)})
            .backward(own);
        sum.add(own.flat());
        own.zero();
      }
      sum.finish(own.flat());
      gradients[communicator.rank()].assign(own.flat().begin(), own.flat().end());
    });
    return gradients;
  };
  const auto alone = gradient_on(1)[0];
  REQUIRE(alone.size() == features * classes + classes);
  CHECK(gradient_on(2) == std::vector(2, alone));
  CHECK(gradient_on(4) == std::vector(4, alone));
}

TEST_CASE("a sum refuses arrays of another length and parts that are too many or too few",
          "[distributed][errors]") {
  SingleProcess alone;
  CHECK_THROWS_AS(OrderedSum<float>(alone, 0, 3), ArgumentError);
  CHECK_THROWS_WITH(OrderedSum<float>(alone, 0, 3), "OrderedSum: parts_per_rank must be at least 1, got 0");
  OrderedSum<float> sum(alone, 2, 3);
  std::vector<float> short_one(2), right(3, 1);
  CHECK_THROWS_AS(sum.add(short_one), ShapeError);
  CHECK_THROWS_WITH(sum.add(short_one), "OrderedSum::add: part must have 3 elements, got 2");
  sum.add(right);
  CHECK_THROWS_AS(sum.finish(right), ArgumentError);
  CHECK_THROWS_WITH(sum.finish(right), "OrderedSum::finish: there must be 2 parts of this rank, got 1");
  sum.add(right);
  CHECK_THROWS_WITH(sum.add(right),
                    "OrderedSum::add: there must be 2 parts of this rank, got one more; call finish first");
  CHECK_THROWS_WITH(sum.finish(short_one), "OrderedSum::finish: sum must have 3 elements, got 2");
  sum.finish(right);  // What was refused has changed nothing.
  CHECK(right == std::vector<float>{2, 2, 2});
}
