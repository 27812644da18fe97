// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/csv_stream.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "xtape/arrays/array.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {
namespace {

template <class T>
void copy_numbers(const CsvTable& table, const std::string& column, std::span<T> to) {
  const auto numbers = table.take_columns<T>({{.column = column}});
  std::copy(numbers.begin(), numbers.end(), to.begin());
}

}  // namespace

template <class T>
CsvStream<T>::CsvStream(CsvRows rows, std::string target, CsvStreamOptions options)
    : rows_(std::move(rows)), target_(std::move(target)), options_(std::move(options)) {
  rows_.rewind();
  const std::optional<CsvTable> first = rows_.next(1);
  rows_.rewind();
  std::vector<std::string> left_out = options_.left_out;
  if (has_weights()) left_out.push_back(options_.weights);
  columns_ = first->feature_columns(target_, left_out);
  if (first->is_text(target_)) class_names_ = first->class_labels(target_).class_names;
}

template <class T>
std::size_t CsvStream<T>::read(std::size_t rows, std::span<T> features, std::span<T> targets,
                               std::span<double> weights) {
  const std::optional<CsvTable> table = rows_.next(rows);
  if (!table) return 0;
  const auto of_columns = table->template take_columns<T>(columns_);
  std::copy(of_columns.begin(), of_columns.end(), features.begin());
  if (class_names_.empty()) {
    copy_numbers(*table, target_, targets);
  } else {
    const auto classes = table->class_indices(target_, class_names_);
    std::ranges::transform(classes, targets.begin(), [](std::int64_t x) { return static_cast<T>(x); });
  }
  if (has_weights()) copy_numbers(*table, options_.weights, weights);
  return table->rows();
}

template class CsvStream<float>;
template class CsvStream<double>;

}  // namespace xtape::data
#pragma GCC visibility pop
