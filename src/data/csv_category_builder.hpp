// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtape::data {

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

}  // namespace xtape::data
