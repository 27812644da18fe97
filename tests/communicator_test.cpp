// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <cstring>

#include "matchers.hpp"
#include "ranks_on_threads.hpp"

using namespace xtape;
using namespace xtape::testing;
using namespace xtape::distributed;

TEST_CASE("a process alone is rank 0 of 1", "[distributed][single_process]") {
  SingleProcess alone;
  Communicator& communicator = alone;
  CHECK(communicator.rank() == 0);
  CHECK(communicator.size() == 1);
}

TEST_CASE("sums of one process are what it gives", "[distributed][single_process]") {
  SingleProcess alone;
  std::vector<float> floats{1, -0.0f, 3};
  std::vector<double> doubles{0.1};
  std::vector<std::uint64_t> integers{~std::uint64_t{0}};
  alone.sum(floats);
  alone.sum(doubles);
  alone.sum(integers);
  alone.sum(std::span<float>());
  alone.barrier();
  CHECK(floats == std::vector<float>{1, 0, 3});
  CHECK(std::signbit(floats[1]));
  CHECK(doubles == std::vector<double>{0.1});
  CHECK(integers == std::vector<std::uint64_t>{18446744073709551615u});
}

TEST_CASE("a process that exchanges with itself gets what it sends", "[distributed][single_process]") {
  SingleProcess alone;
  const std::vector<double> sent{1, 2, 3};
  std::vector<double> received(3);
  alone.exchange(0, sent, received);
  CHECK(received == sent);
  std::vector<float> single(1);
  alone.exchange(0, std::vector<float>{4}, single);
  CHECK(single[0] == 4);
  alone.exchange(0, std::span<const float>(), std::span<float>());
}

TEST_CASE("a process alone has its own bytes and texts", "[distributed][single_process]") {
  SingleProcess alone;
  std::array<std::byte, 2> bytes{std::byte{7}, std::byte{255}};
  alone.broadcast(bytes);
  // Catch2 2 cannot always show a std::byte.
  const bool are_kept = bytes == std::array<std::byte, 2>{std::byte{7}, std::byte{255}};
  CHECK(are_kept);
  CHECK(alone.broadcast(std::string("a\0b", 3)) == std::string("a\0b", 3));
  CHECK(alone.broadcast("").empty());
  CHECK(alone.gather("batch_size = 32") == std::vector<std::string>{"batch_size = 32"});
}

TEST_CASE("texts of different lengths reach every rank in the order of the ranks", "[distributed][threads]") {
  const std::vector<std::string> texts{"one", "", std::string(100000, 'x'), std::string("a\0b", 3)};
  for (const std::size_t ranks : {1u, 2u, 3u, 4u}) {
    std::vector<std::vector<std::string>> gathered(ranks);
    std::vector<std::string> of_last(ranks);
    on_ranks(ranks, [&](Communicator& communicator) {
      gathered[communicator.rank()] = communicator.gather(texts[communicator.rank()]);
      of_last[communicator.rank()] = communicator.broadcast(texts[communicator.rank()], ranks - 1);
    });
    const std::vector<std::string> expected(texts.begin(),
                                            texts.begin() + static_cast<std::ptrdiff_t>(ranks));
    CHECK(gathered == std::vector(ranks, expected));
    CHECK(of_last == std::vector(ranks, expected.back()));
  }
}

TEST_CASE("a rank that is not there is refused", "[distributed][errors]") {
  SingleProcess alone;
  std::vector<float> one(1);
  std::vector<double> two(2);
  CHECK_THROWS_AS(alone.exchange(1, one, one), ArgumentError);
  CHECK_THROWS_WITH(alone.exchange(1, one, one),
                    "Communicator::exchange: peer must be a rank, in [0, 1), got 1");
  CHECK_THROWS_WITH(alone.exchange(2, two, two),
                    "Communicator::exchange: peer must be a rank, in [0, 1), got 2");
  CHECK_THROWS_WITH(alone.broadcast(std::as_writable_bytes(std::span(one)), 1),
                    "Communicator::broadcast: root must be a rank, in [0, 1), got 1");
  CHECK_THROWS_WITH(alone.broadcast("text", 3),
                    "Communicator::broadcast: root must be a rank, in [0, 1), got 3");
}

TEST_CASE("a process that receives another number of elements than it sends is told so",
          "[distributed][errors]") {
  SingleProcess alone;
  std::vector<float> one(1), three(3);
  CHECK_THROWS_AS(alone.exchange(0, three, one), CommunicationError);
  CHECK_THROWS_WITH(alone.exchange(0, three, one),
                    "Communicator::exchange: received must have as many bytes as rank 0 sends, 12, got 4");
}
