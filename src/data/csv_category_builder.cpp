// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_category_builder.hpp"

#include <algorithm>

namespace xtape::data {

void CsvCategoryBuilder::add(std::string_view name, double value) {
  auto entry = entries_.find(name);
  if (entry == entries_.end()) {
    const auto code = static_cast<std::int64_t>(entries_.size());
    entry = entries_.emplace(name, Entry{value, code}).first;
  }
  codes_.push_back(entry->second.code);
}

std::pair<std::vector<std::string>, std::vector<std::int64_t>> CsvCategoryBuilder::sorted() && {
  std::vector<std::pair<const std::string, Entry>*> order;
  for (auto& entry : entries_) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->second.value < b->second.value; });
  std::vector<std::string> names;
  std::vector<std::int64_t> places(order.size());
  for (const auto* entry : order) {
    places[static_cast<std::size_t>(entry->second.code)] = static_cast<std::int64_t>(names.size());
    names.push_back(entry->first);
  }
  for (std::int64_t& code : codes_) {
    if (code >= 0) code = places[static_cast<std::size_t>(code)];
  }
  return {std::move(names), std::move(codes_)};
}

}  // namespace xtape::data
