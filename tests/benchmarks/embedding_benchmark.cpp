// SPDX-License-Identifier: BSD-3-Clause
// How the time of a training step depends on the size of an embedding, of which it looks up 32 rows.
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "timing.hpp"
#include "xtape/xtape.hpp"

namespace {

using namespace xtape;

constexpr std::size_t width = 64, batch = 32, classes = 10;

// Each step looks up other rows: those of a table that is too large for the caches are in memory.
template <class Optimizer>
class Training {
 public:
  Training(std::size_t count, bool sparse)
      : words_(count, width, random_, {.sparse = sparse}),
        last_(width, classes, random_),
        optimizer_({&words_.weight, &last_.weight, &last_.bias}) {
    for (auto& token : tokens_) token = static_cast<std::int64_t>(random_.below(count));
    for (auto& label : labels_) label = static_cast<std::int64_t>(random_.below(classes));
  }

  void step() {
    const auto frame = tape_.frame();
    next_ = (next_ + batch) % tokens_.size();
    const ArrayView<const std::int64_t> tokens(tokens_.data() + next_, {batch});
    losses::softmax_cross_entropy(last_(words_(tape_, tokens)), labels_).backward();
    optimizer_.step();
    optimizer_.zero_grad();
  }

 private:
  Random random_{1};
  nn::Embedding<float> words_;
  nn::Linear<float> last_;
  Optimizer optimizer_;
  std::array<std::int64_t, 1000 * batch> tokens_;
  std::array<std::int64_t, batch> labels_;
  std::size_t next_ = 0;
  Tape<float> tape_;
};

template <class Optimizer>
void print_row(const char* name) {
  Training<Optimizer> small(500, true), large(50'000, true), dense(50'000, false);
  const auto side = [](auto& training) { return benchmarks::Side{[] {}, [&] { training.step(); }}; };
  const auto times = benchmarks::best_times({side(small), side(large), side(dense)}, 2);
  fmt::print("{:>8} {:>12.2f} {:>12.2f} {:>12.2f} {:>12.2f}\n", name, times[0] * 1e6, times[1] * 1e6,
             times[1] / times[0], times[2] * 1e6);
}

}  // namespace

int main() {
  set_num_threads(1);
  fmt::print("training step Embedding(count, 64)-10, batch 32, float, 1 thread: µs (aim: ratio 2)\n");
  fmt::print("{:>8} {:>12} {:>12} {:>12} {:>12}\n", "", "500", "50000", "ratio", "not sparse");
  print_row<optim::SGD<float>>("SGD");
  print_row<optim::Adam<float>>("Adam");
  print_row<optim::AdamW<float>>("AdamW");
  print_row<optim::Adagrad<float>>("Adagrad");
}
