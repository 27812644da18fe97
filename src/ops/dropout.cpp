// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/ops/dropout.hpp"

#include <cstdint>

#include "arrays/format.hpp"
#include "ops/unchanged.hpp"
#include "xtape/autograd/recording.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> dropout(Variable<T> x, double probability, Random& random) {
  if (!(probability >= 0 && probability < 1))
    fail<ArgumentError>("dropout: probability must be in [0, 1), got {}", probability);
  if (probability == 0) return unchanged("dropout", x);

  Recording<T> op("dropout", {x});
  const ArrayView<T> y = op.output(x.shape());
  const ArrayView<bool> kept = op.template save<bool>(x.shape());
  const T scale = static_cast<T>(1 / (1 - probability));
  const auto dropped = static_cast<std::uint64_t>(probability * 0x1p64);  // so many of the 2^64 draws
  Random drawn = random;                                                  // what throws must not draw
  for (std::size_t i = 0; i < y.size(); ++i) {
    kept[i] = drawn() >= dropped;
    y[i] = kept[i] ? x.data()[i] * scale : T{0};
  }

  const Variable<T> result = op.finish([kept, scale](Backward<T>& b) {
    const auto [dx, first] = b.contribution(0);
    const ArrayView<const T> dy = b.output_grad();
    for (std::size_t i = 0; i < dx.size(); ++i) {
      const T slope = kept[i] ? dy[i] * scale : T{0};
      dx[i] = first ? slope : dx[i] + slope;
    }
  });
  random = drawn;
  return result;
}

template Variable<float> dropout(Variable<float>, double, Random&);
template Variable<double> dropout(Variable<double>, double, Random&);

}  // namespace xtape
#pragma GCC visibility pop
