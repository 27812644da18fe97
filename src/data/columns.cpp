// SPDX-License-Identifier: BSD-3-Clause
#include "data/columns.hpp"

#include <cmath>
#include <numeric>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"

namespace xtape::data {
namespace {

Shape behind_the_first_axis(const char* function, const Shape& features) {
  if (features.rank() == 0) fail<ShapeError>("{}: features must be (rows, ...), got a scalar", function);
  return Shape(features.begin() + 1, features.end());
}

}  // namespace

Shape columns_of(const char* function, const Shape& features, std::span<const std::size_t> rows) {
  Shape columns = behind_the_first_axis(function, features);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= features[0]) {
      fail<ArgumentError>("{}: rows[{}] must be below the {} rows of features {}, got {}", function, i,
                          features[0], features, rows[i]);
    }
  }
  return columns;
}

std::vector<std::size_t> all_rows(const Shape& features) {
  std::vector<std::size_t> rows(features.rank() == 0 ? 0 : features[0]);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

void require_fitted(const char* function, bool fitted) {
  if (!fitted) fail<ArgumentError>("{}: there must be a fit() or a load_state() before, got none", function);
}

void require_columns(const char* function, const Shape& features, const Shape& columns) {
  const Shape got = behind_the_first_axis(function, features);
  if (got != columns) {
    fail<ShapeError>("{}: features must have the columns {} that were fitted, got features {}", function,
                     columns, features);
  }
}

void fail_not_finite(const char* function, const Shape& features, std::size_t at, double got) {
  fail<ValueError>("{}: {} must be finite, got {}", function, element_name("features", features, at), got);
}

Array<double> finite_of_state(const char* function, const NamedArrays& state, std::string_view name,
                              const Shape& shape, double least) {
  Array<double> numbers(state.get<double>(function, name, shape));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(numbers[i]) || numbers[i] < least) {
      fail<ValueError>("{}: {} must be finite{}, got {}", function,
                       element_name(std::string(name).c_str(), shape, i), least > 0 ? " and positive" : "",
                       numbers[i]);
    }
  }
  return numbers;
}

}  // namespace xtape::data
