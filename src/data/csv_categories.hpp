// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtape::data {

constexpr double beyond_whole_numbers = 0x1p53;  // From here on doubles skip whole numbers.

// Whether the value does not tell a number from its neighbours.
inline bool is_beyond_whole_numbers(double value) {
  return std::isfinite(value) && std::abs(value) >= beyond_whole_numbers;
}

// The name of a number of a column whose numbers are told apart by their values.
std::string category_by_value(double value);

// Finds the distinct entries of a column.
class CsvCategoryBuilder {
 public:
  // The next row holds this; `value` is where it sorts.
  void add(std::string_view name, double value = 0);
  void add_missing() { codes_.push_back(-1); }

  // The names, sorted by value and then by their bytes, and for each row its place among them or -1.
  std::pair<std::vector<std::string>, std::vector<std::int64_t>> sorted() &&;

 private:
  struct Entry {
    double value;
    std::int64_t code;  // in the order they came in
  };
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<std::int64_t> codes_;
};

// The distinct entries of a column of which nobody knows yet whether it is one of text or of numbers, unless
// they are many: its memory is that of few.
class CsvFewCategories {
 public:
  // `most` of either.
  explicit CsvFewCategories(std::size_t most) : most_(most) {}

  // There is this entry; `value` is NaN for what is missing among numbers.
  void add(std::string_view name, double value);

  // The names of text or of numbers, sorted as CsvCategoryBuilder does; nothing where they are more.
  std::optional<std::vector<std::string>> sorted(bool is_text) const;

 private:
  std::size_t most_;
  std::size_t numbers_ = 0;
  std::map<std::string, double, std::less<>> values_;
};

}  // namespace xtape::data
