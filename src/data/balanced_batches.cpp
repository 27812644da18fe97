// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/balanced_batches.hpp"

#include <algorithm>
#include <set>

#include "arrays/format.hpp"
#include "data/row_numbers.hpp"

namespace xtape::data {

BalancedBatches::BalancedBatches(const std::vector<std::size_t>& rows, const Indices& class_indices,
                                 std::size_t batch_size, const BalancedBatchesOptions& options)
    : rows_per_class_(options.rows_per_class), batch_size_(batch_size), batches_({}, 1) {
  if (batch_size == 0) fail<ArgumentError>("BalancedBatches: batch_size must be at least 1, got 0");
  const Array<std::int64_t> classes = classes_of_rows("BalancedBatches", class_indices);
  require_rows("BalancedBatches", "rows", rows, classes.size(), "class_indices");
  rows_of_class_ = rows_by_class(
      classes, labelled_rows("BalancedBatches", classes, rows, {.ignore_index = options.ignore_index}));
  if (rows_per_class_ == 0) {
    for (const auto& members : rows_of_class_) rows_per_class_ = std::max(rows_per_class_, members.size());
  }
  const std::size_t most =
      std::vector<std::size_t>().max_size() / std::max<std::size_t>(1, rows_of_class_.size());
  if (rows_per_class_ > most) {
    fail<ArgumentError>("BalancedBatches: options.rows_per_class must be at most {} for {} classes, got {}",
                        most, rows_of_class_.size(), rows_per_class_);
  }
  if (rows_of_class_.empty()) rows_per_class_ = 0;
  draw(nullptr);
}

void BalancedBatches::shuffle(Random& random) {
  Random drawn = random;  // what throws must not draw
  draw(&drawn);
  random = drawn;
}

void BalancedBatches::draw(Random* random) {
  const std::size_t classes = rows_of_class_.size();
  std::vector<std::size_t> epoch(classes * rows_per_class_);
  for (std::size_t c = 0; c < classes; ++c) {
    std::vector<std::size_t> members = rows_of_class_[c];
    for (std::size_t i = 0; i < rows_per_class_; ++i) {
      if (random != nullptr && i % members.size() == 0) random->shuffle(members);
      epoch[i * classes + c] = members[i % members.size()];
    }
  }
  for (std::size_t i = 0; random != nullptr && i < rows_per_class_; ++i) {
    std::span<std::size_t> round(epoch.data() + i * classes, classes);
    random->shuffle(round);
  }
  batches_ = Batches(std::move(epoch), batch_size_);
}

void BalancedBatches::load_state(const NamedArrays& state) {
  std::vector<std::size_t> epoch =
      rows_of_state("BalancedBatches::load_state", state, rows_of_class_.size() * rows_per_class_);
  std::set<std::size_t> ours;
  for (const auto& members : rows_of_class_) ours.insert(members.begin(), members.end());
  for (std::size_t i = 0; i < epoch.size(); ++i) {
    if (!ours.contains(epoch[i])) {
      fail<ArgumentError>("BalancedBatches::load_state: rows[{}] must be one of the {} rows here, got {}", i,
                          ours.size(), epoch[i]);
    }
  }
  batches_ = Batches(std::move(epoch), batch_size_);
}

}  // namespace xtape::data
