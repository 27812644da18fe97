// SPDX-License-Identifier: BSD-3-Clause
#include <iostream>

#include "xtape/xtape.hpp"

// d/dx x^2 = 2 x
int main() {
  xtape::Tape<double> tape;
  const auto x = tape.variable(3.0);
  square(x).backward();
  std::cout << "xtape " << xtape::version().major << '.' << xtape::version().minor << ": " << x.grad()()
            << '\n';
  return x.grad()() == 6 ? 0 : 1;
}
