// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/split.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "arrays/format.hpp"
#include "data/row_numbers.hpp"

namespace xtape::data {
namespace {

void require_fraction(const char* function, double test_fraction) {
  if (!(test_fraction >= 0 && test_fraction <= 1)) {
    fail<ArgumentError>("{}: test_fraction must be in [0, 1], got {}", function, test_fraction);
  }
}

void require_folds(const char* function, std::size_t rows, std::size_t folds) {
  if (folds < 2 || folds > rows) {
    fail<ArgumentError>("{}: folds must be from 2 to the {} rows, got {}", function, rows, folds);
  }
}

std::vector<std::size_t> shuffled(std::vector<std::size_t> rows, Random& random) {
  random.shuffle(rows);
  return rows;
}

std::size_t rounded(double fraction, std::size_t rows) {
  return static_cast<std::size_t>(std::llround(fraction * static_cast<double>(rows)));
}

// How many rows of each class are for the test: rounded down, and then one more for those that lost most, as
// far as the whole allows.
std::vector<std::size_t> test_counts(const std::vector<std::vector<std::size_t>>& classes, std::size_t rows,
                                     double fraction) {
  std::vector<std::size_t> counts, by_loss;
  std::vector<double> losses;
  std::size_t left = rounded(fraction, rows);
  for (const auto& members : classes) {
    const double share = fraction * static_cast<double>(members.size());
    by_loss.push_back(counts.size());
    counts.push_back(static_cast<std::size_t>(share));
    losses.push_back(share - std::floor(share));
    left -= counts.back();
  }
  std::stable_sort(by_loss.begin(), by_loss.end(),
                   [&](std::size_t a, std::size_t b) { return losses[a] > losses[b]; });
  for (std::size_t i = 0; i < left; ++i) ++counts[by_loss[i]];
  return counts;
}

std::vector<Split> splits_of(const std::vector<std::size_t>& order, const std::vector<std::size_t>& fold_of,
                             std::size_t folds) {
  std::vector<Split> splits(folds);
  for (std::size_t fold = 0; fold < folds; ++fold) {
    for (const std::size_t row : order) {
      auto& part = fold_of[row] == fold ? splits[fold].test : splits[fold].train;
      part.push_back(row);
    }
  }
  return splits;
}

}  // namespace

Split train_test_split(std::size_t rows, double test_fraction, Random& random) {
  require_fraction("train_test_split", test_fraction);
  const std::vector<std::size_t> order = shuffled(row_numbers(rows), random);
  const auto tests = static_cast<std::ptrdiff_t>(rounded(test_fraction, rows));
  return {{order.begin() + tests, order.end()}, {order.begin(), order.begin() + tests}};
}

Split stratified_train_test_split(const Indices& class_indices, double test_fraction, Random& random,
                                  const LabelOptions& options) {
  const char* const function = "stratified_train_test_split";
  require_fraction(function, test_fraction);
  const Array<std::int64_t> classes = classes_of_rows(function, class_indices);
  const std::vector<std::size_t> order =
      shuffled(labelled_rows(function, classes, row_numbers(classes.size()), options), random);
  const auto members = rows_by_class(classes, order);
  const std::vector<std::size_t> counts = test_counts(members, order.size(), test_fraction);

  std::vector<bool> is_test(classes.size());
  for (std::size_t c = 0; c < members.size(); ++c) {
    for (std::size_t i = 0; i < counts[c]; ++i) is_test[members[c][i]] = true;
  }
  Split split;
  for (const std::size_t row : order) (is_test[row] ? split.test : split.train).push_back(row);
  return split;
}

std::vector<Split> k_fold(std::size_t rows, std::size_t folds, Random& random) {
  require_folds("k_fold", rows, folds);
  const std::vector<std::size_t> order = shuffled(row_numbers(rows), random);
  std::vector<std::size_t> fold_of(rows);
  for (std::size_t i = 0; i < rows; ++i) fold_of[order[i]] = i % folds;
  return splits_of(order, fold_of, folds);
}

std::vector<Split> stratified_k_fold(const Indices& class_indices, std::size_t folds, Random& random,
                                     const LabelOptions& options) {
  const char* const function = "stratified_k_fold";
  const Array<std::int64_t> classes = classes_of_rows(function, class_indices);
  std::vector<std::size_t> rows = labelled_rows(function, classes, row_numbers(classes.size()), options);
  require_folds(function, rows.size(), folds);
  const std::vector<std::size_t> order = shuffled(std::move(rows), random);
  std::vector<std::size_t> fold_of(classes.size());
  std::size_t dealt = 0;  // One class after the other, so that neither classes nor the whole come out uneven.
  for (const auto& members : rows_by_class(classes, order)) {
    for (const std::size_t row : members) fold_of[row] = dealt++ % folds;
  }
  return splits_of(order, fold_of, folds);
}

}  // namespace xtape::data
