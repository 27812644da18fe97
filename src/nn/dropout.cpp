// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/dropout.hpp"

#include <atomic>
#include <cstdint>

#include "arrays/format.hpp"
#include "xtape/autograd/shard.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/ops/dropout.hpp"

namespace xtape::nn {
namespace {

// So that no two draw the same.
std::atomic<std::uint64_t> next_seed = 0;

void require_probability(double probability) {
  if (!(probability >= 0 && probability < 1))
    fail<ArgumentError>("Dropout: probability must be in [0, 1), got {}", probability);
}

}  // namespace

template <class T>
Dropout<T>::Dropout(double probability, Random& random) : probability_(probability), random_(random) {
  require_probability(probability);
}

template <class T>
Dropout<T>::Dropout(const Config& config)
    : probability_(config.number("probability")), own_(Random(next_seed++)), random_(*own_) {
  require_probability(probability_);
}

template <class T>
Variable<T> Dropout<T>::forward(Variable<T> x) {
  if (!this->is_training()) return x;
  Shard<T>* const shard = x.tape().shard();
  return dropout(x, probability_, shard != nullptr ? shard->random : random_);
}

template <class T>
GraphValue Dropout<T>::add_to(Graph<T>&, GraphValue x) const {
  return x;
}

template <class T>
Config Dropout<T>::config() const {
  return Config().set("probability", probability_);
}

template class Dropout<float>;
template class Dropout<double>;

}  // namespace xtape::nn
