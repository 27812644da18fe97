// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// Of a step of SGD: s = g + weight_decay x, velocity = momentum velocity + s, x -= rate velocity, or by
// Nesterov x -= rate (s + momentum velocity); without a velocity x -= rate s.
template <class T>
struct SGDStep {
  T rate, momentum, weight_decay;
  bool nesterov;
};

struct SGD {
  template <class T>
  using Functions = void (*)(T* x, const T* g, T* velocity, std::size_t n, const SGDStep<T>&);
};

// Of a step of Adam: s = g + weight_decay x, m = beta1 m + rest1 s, v = beta2 v + rest2 s^2,
// x -= lost x + rate m / (sqrt(v) scale + epsilon). One of weight_decay and lost is 0.
template <class T>
struct AdamStep {
  T rate, scale, epsilon;
  T beta1, rest1, beta2, rest2;
  T weight_decay, lost;
};

struct Adam {
  template <class T>
  using Functions = void (*)(T* x, const T* g, T* first_moment, T* second_moment, std::size_t n,
                             const AdamStep<T>&);
};

// Of a step of RMSprop: s = g + weight_decay x, square = decay square + rest s^2,
// a = s / (sqrt(square) + epsilon), x -= rate a. With a mean, mean = decay mean + rest s, and the root is
// that of square - mean^2; with a velocity, velocity = momentum velocity + a, x -= rate velocity. Adagrad has
// decay and rest 1.
template <class T>
struct RMSpropStep {
  T rate, decay, rest, epsilon, momentum, weight_decay;
};

struct RMSprop {
  template <class T>
  using Functions = void (*)(T* x, const T* g, T* square, T* mean, T* velocity, std::size_t n,
                             const RMSpropStep<T>&);
};

// Of a step of Lion: x -= lost x + rate sign(beta1 m + rest1 g), m = beta2 m + rest2 g.
template <class T>
struct LionStep {
  T rate, lost;
  T beta1, rest1, beta2, rest2;
};

struct Lion {
  template <class T>
  using Functions = void (*)(T* x, const T* g, T* momentum, std::size_t n, const LionStep<T>&);
};

// x += fraction (target - x)
struct MoveTowards {
  template <class T>
  using Functions = void (*)(const T* target, T* x, std::size_t n, T fraction);
};

}  // namespace xtape::kernels
