// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("the loops are for a processor of a known kind, and no better than the environment allows",
          "[core][simd]") {
  const std::vector<std::string> kinds{"baseline", "neon", "avx2", "avx512"};
  const auto rank = [&](const char* name) {
    return std::find(kinds.begin(), kinds.end(), name) - kinds.begin();
  };
  CHECK(rank(simd_name()) < 4);
#ifdef __aarch64__
  CHECK(simd_name() == std::string("neon"));  // limits beside it are those of other processors
#else
  if (const char* limit = std::getenv("XTAPE_SIMD")) CHECK(rank(simd_name()) <= rank(limit));
#endif
}

TEST_CASE("rows of every length agree with one another", "[core][simd]") {
  // Whatever batches they are cut into, and whether they are worked on one or several at a time: a class that
  // is impossible changes nothing.
  const auto classes = GENERATE(range(1, 140));
  Tape<float> tape;
  Random random(static_cast<std::uint64_t>(classes));
  Array<float> narrow(Shape{5, static_cast<std::size_t>(classes)});
  for (float& x : narrow) x = static_cast<float>(random.normal());
  Array<float> wide(Shape{5, 300});
  std::fill(wide.begin(), wide.end(), -std::numeric_limits<float>::infinity());
  for (std::size_t r = 0; r < 5; ++r) {
    for (std::size_t c = 0; c < narrow.shape()[1]; ++c)
      wide.data()[r * 300 + c] = narrow.data()[r * narrow.shape()[1] + c];
  }
  const auto x = tape.variable(narrow), padded = tape.variable(wide);
  const std::vector<std::int64_t> labels(5, classes - 1);
  const auto loss = losses::softmax_cross_entropy(x, labels),
             same = losses::softmax_cross_entropy(padded, labels);
  CHECK_THAT(loss.item(), WithinRel(same.item(), 2e-7F));
  (loss + same).backward();
  for (std::size_t r = 0; r < 5; ++r) {
    for (std::size_t c = 0; c < 300; ++c) {
      const float gradient = padded.gradients()[r * 300 + c];
      const float expected = c < narrow.shape()[1] ? x.gradients()[r * narrow.shape()[1] + c] : 0;
      CHECK(std::abs(gradient - expected) <= 4e-7F * std::abs(expected));
    }
  }
}
