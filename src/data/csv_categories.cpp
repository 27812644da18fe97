// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_categories.hpp"

#include <algorithm>

#include "arrays/format.hpp"

namespace xtape::data {

std::string category_by_value(double value) {
  return fmt::format("{}", value + 0.0);  // which makes of -0 a 0
}

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

void CsvFewCategories::add(std::string_view name, double value) {
  const bool is_number = !std::isnan(value);
  const bool are_many = numbers_ > most_ || (!is_number && values_.size() - numbers_ > most_);
  if (are_many || values_.find(name) != values_.end()) return;
  values_.emplace(name, value);
  if (is_number) ++numbers_;
}

std::optional<std::vector<std::string>> CsvFewCategories::sorted(bool is_text) const {
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [name, value] : values_) {
    if (is_text || !std::isnan(value)) order.emplace_back(is_text ? 0 : value, name);
  }
  if (order.size() > most_) return std::nullopt;
  std::sort(order.begin(), order.end());
  std::vector<std::string> names;
  for (auto& [value, name] : order) names.push_back(std::move(name));
  return names;
}

}  // namespace xtape::data
