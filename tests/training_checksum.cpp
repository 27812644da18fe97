// SPDX-License-Identifier: BSD-3-Clause
// Trains two small networks, whose products are too small for the BLAS, and prints a checksum of all weights
// and losses: where the instructions are the same, it is the same in every build, whatever the compiler, the
// standard library and the versions of what xtape is built on.
#include <bit>
#include <cstdint>
#include <cstdio>
#include <type_traits>

#include "xtape/xtape.hpp"

namespace {

using namespace xtape;

// FNV-1a, 64 bits.
class Checksum {
 public:
  template <class T>
  void add(T number) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    Bits bits = std::bit_cast<Bits>(number);
    for (std::size_t i = 0; i < sizeof bits; ++i, bits >>= 8) {
      sum_ ^= bits & 0xFF;
      sum_ *= 0x100000001B3;
    }
  }

  std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t sum_ = 0xCBF29CE484222325;
};

// Drops a fifth of the elements, as this program draws them: which ones nn::Dropout drops has tests of its
// own.
template <class T>
class DrawnDropout : public nn::Module<T> {
 public:
  explicit DrawnDropout(Random& random) : random_(random) {}

  Variable<T> forward(Variable<T> x) override {
    Array<T> factors(x.shape());
    for (T& factor : factors) factor = random_() < std::uint64_t{0x3333333333333400} ? T{0} : T{1.25};
    return x * x.tape().constant(factors);
  }

 private:
  Random& random_;
};

template <class T>
std::uint64_t checksum_of_training() {
  constexpr std::size_t rows = 24, side = 6, classes = 7;
  Random random(5);
  Array<T> pictures(Shape{rows, 1, side, side});
  for (T& x : pictures) x = static_cast<T>(random.normal());
  std::vector<std::int64_t> labels(rows);
  for (std::int64_t& label : labels) label = static_cast<std::int64_t>(random.below(classes));

  nn::Sequential<T> network;
  network.template add<nn::Conv2d>(1, 4, 3, random)
      .template add<nn::BatchNorm2d>(4)
      .template add<nn::Relu>()
      .template add<nn::MaxPool2d>(2)
      .template add<nn::Flatten>()
      .template add<nn::Linear>(16, 33, random)
      .template add<nn::LayerNorm>(Shape{33})
      .template add<nn::LeakyRelu>()
      .template add<DrawnDropout>(random)
      .template add<nn::Linear>(33, classes, random);
  optim::Adam<T> adam(network.parameters(), {.learning_rate = 0.01, .weight_decay = 0.001});

  Checksum checksum;
  Tape<T> tape;
  for (int step = 0; step < 40; ++step) {
    auto frame = tape.frame();
    const auto loss =
        losses::softmax_cross_entropy(network(tape.borrow(pictures)), labels, {.label_smoothing = 0.1});
    loss.backward();
    optim::clip_gradient_norm(network.parameters(), 1.0);
    adam.step();
    adam.zero_grad();
    checksum.add(loss.item());
  }
  for (const Parameter<T>* parameter : network.parameters()) {
    for (const T weight : parameter->values()) checksum.add(weight);
  }
  return checksum.sum();
}

}  // namespace

int main() {
  std::printf("%s: float %016llx, double %016llx\n", simd_name(),
              static_cast<unsigned long long>(checksum_of_training<float>()),
              static_cast<unsigned long long>(checksum_of_training<double>()));
}
