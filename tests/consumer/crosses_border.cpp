// SPDX-License-Identifier: BSD-3-Clause
// What crosses the border between a program and the library: a class derived from one of the library's, whose
// name the library reads, and exceptions, caught by their own types and by those they are derived from.
#include <cstdio>

#include "xtape/autograd/tape.hpp"
#include "xtape/core/error.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/ops/arithmetic.hpp"
#include "xtape/ops/matmul.hpp"

namespace {

class Doubled : public xtape::nn::Module<float> {
 public:
  xtape::Variable<float> forward(xtape::Variable<float> x) override { return x + x; }
};

template <class Exception>
bool catches() {
  xtape::Tape<float> tape;
  try {
    xtape::matmul(tape.constant(1), tape.constant(2));
  } catch (const Exception&) {
    return true;
  } catch (...) {
  }
  return false;
}

}  // namespace

int main() {
  Doubled model;
  xtape::Tape<float> tape;
  const auto x = tape.variable(3);
  model(x).backward();
  const bool right = x.grad()() == 2 && catches<xtape::ShapeError>() && catches<xtape::Error>() &&
                     catches<std::runtime_error>() && !catches<xtape::LabelError>();
  std::printf("%s: %s\n", model.type_name().c_str(), right ? "caught" : "missed");
  return right ? 0 : 1;
}
