// SPDX-License-Identifier: BSD-3-Clause
#include <thread>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("the number of threads is what was set", "[core][threads]") {
  const std::size_t before = num_threads();
  CHECK(before >= 1);
  set_num_threads(3);
  CHECK(num_threads() == 3);
  set_num_threads(1024);
  CHECK(num_threads() == 1024);
  set_num_threads(before);
}

TEST_CASE("no threads and too many are refused, and the setting stays", "[core][threads][errors]") {
  const std::size_t before = num_threads();
  CHECK_THROWS_AS(set_num_threads(0), ArgumentError);
  CHECK_THROWS_WITH(set_num_threads(0), "set_num_threads: threads must be in [1, 1024], got 0");
  CHECK_THROWS_WITH(set_num_threads(1025), "set_num_threads: threads must be in [1, 1024], got 1025");
  CHECK(num_threads() == before);
}

TEST_CASE("results are the same, bit for bit, with any number of threads", "[core][threads]") {
  const std::size_t before = num_threads();
  Random random(1);
  std::vector<float> numbers(300 * 400);
  for (float& x : numbers) x = static_cast<float>(random.normal());
  const auto gradient_with = [&](std::size_t threads) {
    set_num_threads(threads);
    Tape<float> tape;
    const auto x = reshape(tape.variable(numbers), {300, 400});
    const auto loss = losses::softmax_cross_entropy(matmul(x, transpose(x)), std::vector<int>(300, 7));
    (loss + mean(tanh(x))).backward();
    auto result = values(x.gradients());
    result.push_back(loss.item());
    return result;
  };
  const auto alone = gradient_with(1);
  const bool same_with_two = gradient_with(2) == alone, same_with_five = gradient_with(5) == alone;
  set_num_threads(before);
  CHECK(same_with_two);
  CHECK(same_with_five);
}

TEST_CASE("different tapes may be used on different threads", "[core][threads]") {
  std::vector<double> gradients(4);
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < gradients.size(); ++worker) {
    workers.emplace_back([worker, &gradients] {
      Tape<double> tape;
      for (int step = 0; step < 100; ++step) {
        const auto frame = tape.frame();
        const auto x = tape.variable(std::vector<double>(5000, static_cast<double>(worker)));
        mean(square(x)).backward();
        gradients[worker] += x.grad()(4999);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  // 100 times 2 x / 5000
  CHECK_THAT(gradients, AllClose({0, 0.04, 0.08, 0.12}, 1e-12));
}
