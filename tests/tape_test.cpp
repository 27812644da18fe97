// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <memory>
#include <numeric>
#include <optional>
#include <span>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// The identity, with a rule that holds a resource.
Variable<double> hold(Variable<double> x, std::shared_ptr<int> resource) {
  Recording<double> op("hold", {x});
  op.output_shares(x.data(), x.shape());
  return op.finish([resource = std::move(resource)](Backward<double>& b) {
    const auto dx = b.input_grad(0);
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] += b.output_grad()[i];
  });
}

template <class Container>
concept Borrowable = requires(Tape<double>& tape, Container&& container) {
  tape.borrow(std::forward<Container>(container));
};

const std::string stale =
    "Variable: it must be used before its frame ends, got one whose frame has ended; copy what is needed "
    "later, as in xt::xarray<float> kept = x.value()";

}  // namespace

TEMPLATE_TEST_CASE("a constant copies numbers, expressions, views and flat containers", "[autograd][tape]",
                   float, double) {
  Tape<TestType> tape;
  CHECK(tape.constant(2.5).item() == TestType(2.5));
  CHECK(tape.constant(3).shape() == Shape{});

  const xt::xarray<double> matrix{{1, 2}, {3, 4}};
  CHECK_THAT(values(tape.constant(matrix)), AllClose({1, 2, 3, 4}, 0));
  CHECK_THAT(values(tape.constant(2 * xt::transpose(matrix))), AllClose({2, 6, 4, 8}, 0));
  CHECK(tape.constant(2 * matrix).shape() == Shape{2, 2});
  CHECK_THAT(values(tape.constant(xt::xarray<int>{7, -7})), AllClose({7, -7}, 0));

  CHECK_THAT(values(tape.constant(ArrayView<const double>(matrix))), AllClose({1, 2, 3, 4}, 0));
  CHECK_THAT(values(tape.constant(std::vector<int>{5, 6})), AllClose({5, 6}, 0));
  CHECK_THAT(values(tape.constant(std::array<float, 1>{8})), AllClose({8}, 0));
  CHECK(tape.constant(std::vector<float>{}).shape() == Shape{0});
}

TEST_CASE("a constant keeps its value when its source changes", "[autograd][tape]") {
  Tape<double> tape;
  xt::xarray<double> source{1, 2};
  const auto x = tape.constant(source);
  source(0) = 9;
  CHECK_THAT(values(x), AllClose({1, 2}, 0));
}

TEST_CASE("only variables and watched parameters need a gradient among leaves", "[autograd][tape]") {
  Tape<double> tape;
  const xt::xarray<double> source{1, 2};
  Parameter<double> parameter("p", Shape{2});
  CHECK(tape.variable(source).requires_grad());
  CHECK(tape.watch(parameter).requires_grad());
  CHECK_FALSE(tape.constant(source).requires_grad());
  CHECK_FALSE(tape.borrow(source).requires_grad());
}

TEST_CASE("a borrowed array is read where it stands", "[autograd][tape]") {
  Tape<double> tape;
  const xt::xarray<double> matrix{{1, 2}, {3, 4}};
  const auto x = tape.borrow(matrix);
  CHECK(x.data() == matrix.data());
  CHECK(x.shape() == Shape{2, 2});

  const std::vector<double> list{5, 6, 7};
  CHECK(tape.borrow(list).data() == list.data());
  CHECK(tape.borrow(ArrayView<const double>(list)).data() == list.data());
}

TEST_CASE("a temporary container cannot be borrowed", "[autograd][tape]") {
  STATIC_REQUIRE(Borrowable<const xt::xarray<double>&>);
  STATIC_REQUIRE(Borrowable<ArrayView<const double>>);
  STATIC_REQUIRE_FALSE(Borrowable<xt::xarray<double>>);
  STATIC_REQUIRE_FALSE(Borrowable<std::vector<double>>);
}

TEST_CASE("an array with gaps cannot be borrowed, and the tape stays as it was", "[autograd][tape][errors]") {
  Tape<double> tape;
  xt::xarray<double> matrix{{1, 2}, {3, 4}};
  const auto column = xt::strided_view(matrix, {xt::all(), 0});
  CHECK_THROWS_AS(tape.borrow(column), ShapeError);
  CHECK_THROWS_WITH(
      tape.borrow(column),
      "ArrayView: the array must be in row-major order without gaps, got strides that do not fit "
      "its shape (2); copy it into an xt::xarray first");
  CHECK(tape.statistics().nodes == 0);
}

TEST_CASE("a watched parameter is read where it stands", "[autograd][tape]") {
  Tape<double> tape;
  Parameter<double> parameter("p", xt::xarray<double>{1, 2});
  const auto x = tape.watch(parameter);
  CHECK(x.data() == parameter.values().data());
  parameter.value()(1) = 5;
  CHECK_THAT(values(x), AllClose({1, 5}, 0));
}

TEST_CASE("every member of a variable throws once its frame has ended", "[autograd][tape][errors]") {
  Tape<double> tape;
  Variable<double> x;
  {
    const auto frame = tape.frame();
    x = tape.variable(1);
    x.backward();
  }
  CHECK_THROWS_AS(x.shape(), StaleVariable);
  CHECK_THROWS_WITH(x.shape(), stale);
  CHECK_THROWS_WITH(x.size(), stale);
  CHECK_THROWS_WITH(x.value(), stale);
  CHECK_THROWS_WITH(x.values(), stale);
  CHECK_THROWS_WITH(x.data(), stale);
  CHECK_THROWS_WITH(x.grad(), stale);
  CHECK_THROWS_WITH(x.gradients(), stale);
  CHECK_THROWS_WITH(x.item(), stale);
  CHECK_THROWS_WITH(x.requires_grad(), stale);
  CHECK_THROWS_WITH(x.detach(), stale);
  CHECK_THROWS_WITH(x.backward(), stale);
  CHECK_THROWS_WITH(x.backward(std::vector<double>{1}), stale);
  CHECK_THROWS_WITH(x.tape(), stale);
  CHECK_THROWS_WITH(tanh(x), stale);
}

TEST_CASE("a stale variable throws also when a new one stands in its slot", "[autograd][tape][errors]") {
  Tape<double> tape;
  Variable<double> old;
  {
    const auto frame = tape.frame();
    old = tape.variable(1);
  }
  const auto frame = tape.frame();
  const auto current = tape.variable(2);
  CHECK_THROWS_WITH(old.item(), stale);
  CHECK_THROWS_WITH(current + old, stale);
  CHECK(current.item() == 2);
}

TEST_CASE("a variable made by the default constructor says so", "[autograd][tape][errors]") {
  const std::string text = "Variable: it must come from a tape, got one made by the default constructor";
  const Variable<double> x;
  CHECK_THROWS_AS(x.shape(), StaleVariable);
  CHECK_THROWS_WITH(x.shape(), text);
  CHECK_THROWS_WITH(x.gradients(), text);
  CHECK_THROWS_WITH(x.backward(), text);
  CHECK_THROWS_WITH(tanh(x), text);
}

TEST_CASE("a frame ends what was recorded in it and nothing else", "[autograd][tape][frame]") {
  Tape<double> tape;
  const auto outermost = tape.variable(1);
  const auto outer_frame = tape.frame();
  const auto outer = tape.variable(2);
  {
    const auto inner_frame = tape.frame();
    CHECK((outermost + outer + tape.variable(3)).item() == 6);
    CHECK(tape.statistics().nodes == 5);
  }
  CHECK(tape.statistics().nodes == 2);
  CHECK((outermost + outer).item() == 3);
}

TEST_CASE("each frame takes the memory of the one before it", "[autograd][tape][frame]") {
  Tape<double> tape;
  const double* memory[2];
  for (const double*& place : memory) {
    const auto frame = tape.frame();
    place = tape.variable(xt::xarray<double>{1, 2, 3}).data();
  }
  CHECK(memory[0] == memory[1]);
}

TEST_CASE("a settled loop allocates no more heap memory, however large its frames",
          "[autograd][tape][frame]") {
  Tape<double> tape;
  const std::vector<double> large(100'000, 0.5);
  TapeStatistics after_first{};
  for (int step = 0; step < 5; ++step) {
    {
      const auto frame = tape.frame();
      const auto x = tape.variable(large);
      auto y = tanh(x);
      for (int i = 0; i < 100; ++i) y = reshape(y, y.shape());
      sum(y * x).backward();
    }
    if (step == 0) after_first = tape.statistics();
  }
  CHECK(tape.statistics().heap_allocations == after_first.heap_allocations);
  CHECK(tape.statistics().reserved_bytes == after_first.reserved_bytes);
  CHECK(tape.statistics().high_water_bytes == after_first.high_water_bytes);
}

TEST_CASE("statistics count nodes and bytes", "[autograd][tape][statistics]") {
  Tape<double> tape;
  CHECK(tape.statistics().nodes == 0);
  CHECK(tape.statistics().bytes_in_use == 0);
  CHECK(tape.statistics().reserved_bytes == 0);
  CHECK(tape.statistics().heap_allocations == 0);
  {
    const auto frame = tape.frame();
    const auto x = tape.variable(std::vector<double>(1000));
    const std::size_t value_bytes = tape.statistics().bytes_in_use;
    CHECK(value_bytes >= 1000 * sizeof(double));
    CHECK(value_bytes < 1000 * sizeof(double) + 1024);
    x.backward(std::vector<double>(1000));
    CHECK(tape.statistics().bytes_in_use == value_bytes + 1000 * sizeof(double));
    CHECK(tape.statistics().nodes == 1);
  }
  const TapeStatistics after = tape.statistics();
  CHECK(after.nodes == 0);
  CHECK(after.bytes_in_use == 0);
  CHECK(after.high_water_bytes >= 2000 * sizeof(double));
  CHECK(after.reserved_bytes >= after.high_water_bytes);
  CHECK(after.heap_allocations > 0);
}

TEST_CASE("no_grad scopes nest, and operations within record no rule", "[autograd][tape][no_grad]") {
  Tape<double> tape;
  const auto x = tape.variable(3);
  {
    const auto outer = tape.no_grad();
    {
      const auto inner = tape.no_grad();
      CHECK_FALSE(tanh(x).requires_grad());
    }
    const auto y = x * x;
    CHECK_FALSE(y.requires_grad());
    CHECK(y.item() == 9);
  }
  CHECK(tanh(x).requires_grad());
}

TEST_CASE("detach shares the value and cuts the edge", "[autograd][tape][detach]") {
  Tape<double> tape;
  const auto x = tape.variable(3);
  const auto cut = x.detach();
  CHECK(cut.data() == x.data());
  CHECK_FALSE(cut.requires_grad());
  (x * cut).backward();
  CHECK(x.grad()() == 3);  // 6 without the cut
}

TEST_CASE("a rule's resources live until its frame ends", "[autograd][tape][frame]") {
  Tape<double> tape;
  const auto resource = std::make_shared<int>(1);
  const auto x = tape.variable(2);
  const auto outer = hold(x, resource);
  {
    const auto frame = tape.frame();
    const auto inner = hold(hold(outer, resource), resource);
    CHECK(resource.use_count() == 4);
    inner.backward();
    CHECK(resource.use_count() == 4);
  }
  CHECK(resource.use_count() == 2);
  outer.backward();
  CHECK(x.grad()() == 1);
}

TEST_CASE("a rule's resources are released when the tape is destroyed", "[autograd][tape]") {
  const auto resource = std::make_shared<int>(1);
  {
    Tape<double> tape;
    hold(tape.variable(2), resource);
    CHECK(resource.use_count() == 2);
  }
  CHECK(resource.use_count() == 1);
}

TEST_CASE("a rule that is not kept releases its resources at once", "[autograd][tape]") {
  Tape<double> tape;
  const auto resource = std::make_shared<int>(1);
  hold(tape.constant(2), resource);
  CHECK(resource.use_count() == 1);
  const auto no_grad = tape.no_grad();
  hold(tape.variable(2), resource);
  CHECK(resource.use_count() == 1);
}

TEST_CASE("memory taken from the tape lives until the frame ends", "[autograd][tape]") {
  Tape<double> tape;
  {
    const auto frame = tape.frame();
    const auto scratch = tape.allocate<int>({2, 3});
    std::iota(scratch.begin(), scratch.end(), 0);
    const auto x = tape.variable(1);
    CHECK(scratch.shape() == Shape{2, 3});
    CHECK(scratch[5] == 5);
    CHECK(x.item() == 1);
  }
  CHECK(tape.statistics().bytes_in_use == 0);
}

TEST_CASE("frames that end out of order release what they can and leave the tape usable",
          "[autograd][tape]") {
  Tape<double> tape;
  std::optional<Tape<double>::Frame> outer, inner;
  outer.emplace(tape);
  const auto x = tape.variable(1);
  inner.emplace(tape);
  const auto y = tanh(x);
  outer.reset();
  CHECK_THROWS_AS(y.item(), StaleVariable);
  const auto z = tape.variable(2);
  inner.reset();
  CHECK(tape.statistics().nodes == 1);
  CHECK(square(z).item() == 4);
}

TEST_CASE("frames that end in any order leave the tape whole", "[autograd][tape][frame]") {
  using Frame = Tape<double>::Frame;
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    Tape<double> tape;
    std::vector<std::unique_ptr<Frame>> frames;  // in the order in which they were made; null when ended
    std::vector<std::pair<Variable<double>, std::size_t>> made;  // a value, and how many frames there were
    std::vector<std::unique_ptr<Frame>> leftovers;  // guards of frames that have ended with an outer one
    for (int move = 0; move < 30; ++move) {
      switch (random.below(3)) {
        case 0:
          frames.push_back(std::make_unique<Frame>(tape));
          break;
        case 1:
          made.emplace_back(tape.variable(static_cast<double>(move)), frames.size());
          break;
        case 2: {
          if (frames.empty()) break;
          const std::size_t ended = random.below(frames.size());
          if (frames[ended] == nullptr) break;
          frames[ended].reset();
          // Later frames have ended too, and what was made in them; their guards may go whenever they like.
          std::erase_if(made, [ended](const auto& value) { return value.second > ended; });
          for (std::size_t later = ended + 1; later < frames.size(); ++later) {
            if (random.below(2) == 0) frames[later].reset();
          }
          for (std::size_t later = ended + 1; later < frames.size(); ++later) {
            if (frames[later] != nullptr) leftovers.push_back(std::move(frames[later]));
          }
          frames.resize(ended);
          break;
        }
      }
      if (!leftovers.empty() && random.below(2) == 0) leftovers.pop_back();
      REQUIRE(tape.statistics().nodes == made.size());
      for (const auto& [value, depth] : made) REQUIRE(value.size() == 1);
    }
    static_cast<void>(to_dot(tape));
    leftovers.clear();
  }
}

TEST_CASE("a frame that outlives its tape ends with it", "[autograd][tape][frame]") {
  std::optional<Tape<double>> tape(std::in_place);
  std::optional<Tape<double>::Frame> frame;
  frame.emplace(*tape);
  tape.reset();
  frame.reset();
  CHECK_FALSE(frame.has_value());
}

TEST_CASE("a handle of a tape that is gone is stale for another in its place", "[autograd][tape]") {
  std::optional<Tape<double>> tape(std::in_place);
  const auto kept = tape->variable(1);
  tape.reset();
  tape.emplace();
  const auto other = tape->variable(2);
  CHECK_THROWS_AS(kept.item(), StaleVariable);
  CHECK(other.item() == 2);
}

TEST_CASE("borrow takes a span, which owns nothing, by value", "[autograd][tape]") {
  Tape<double> tape;
  const std::vector<double> numbers{1, 2};
  CHECK(tape.borrow(std::span<const double>(numbers)).data() == numbers.data());
}
