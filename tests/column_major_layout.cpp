// SPDX-License-Identifier: BSD-3-Clause
// Compiled with containers that lie in memory by columns: their elements must come out by rows.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "xtape/xtape.hpp"

using namespace xtape;

namespace {

bool all_right = true;

template <class Array>
void expect(const char* what, const Array& array, const std::vector<double>& by_rows) {
  if (std::equal(array.begin(), array.end(), by_rows.begin(), by_rows.end())) return;
  std::printf("%s: the elements are in another order\n", what);
  all_right = false;
}

}  // namespace

int main() {
  const xt::xarray<double> named{{1, 2, 3}, {4, 5, 6}};
  const xt::xtensor<double, 2> tensor = named;
  if (named.data()[1] != 4) std::printf("the container must lie by columns\n"), all_right = false;

  Tape<double> tape;
  const auto x = tape.constant(named);
  expect("an array", x.values(), {1, 2, 3, 4, 5, 6});
  expect("a tensor", tape.constant(tensor).values(), {1, 2, 3, 4, 5, 6});
  expect("an expression", tape.constant(named + 1).values(), {2, 3, 4, 5, 6, 7});
  expect("a transposed array", tape.constant(xt::transpose(named)).values(), {1, 4, 2, 5, 3, 6});
  const xt::xarray<double> back = x.value();
  if (back(0, 1) != 2 || x.value()(0, 1) != 2) std::printf("value() is transposed\n"), all_right = false;

  const losses::Weights weights = named;
  Array<double> read(weights.shape());
  weights.copy_to(read);
  expect("an option", read, {1, 2, 3, 4, 5, 6});
  std::puts(all_right ? "right" : "wrong");
  return all_right ? 0 : 1;
}
