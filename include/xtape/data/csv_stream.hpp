// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "xtape/data/csv.hpp"
#include "xtape/data/csv_rows.hpp"
#include "xtape/data/row_stream.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// What the columns of a CsvStream are.
struct CsvStreamOptions {
  std::vector<std::string> left_out = {};  ///< columns that are no features
  std::string weights = {};                ///< the column of the rows' weights; none if empty
};

/// The rows of a file of fields as features and targets, for a training on more than fits into memory.
///
///     data::CsvStream<float> clicks(data::CsvRows("clicks.csv"), "clicked", {.left_out = {"user"}});
///     training::train(model, {.stream = clicks, .kind = training::TargetKind::binary}, options);
///
/// Features are all other columns, as CsvTable::take_columns() gives those of feature_columns(): where a
/// column holds text, one of 0 and 1 for each of its categories in the whole file. A target of numbers is its
/// numbers; one of text is the place of its entry among class_names(). So numbers that name classes other
/// than 0, 1, 2, ... must be text by CsvOptions::text.
template <class T>
class CsvStream final : public RowStream<T> {
 public:
  /// @param rows    from their begin, wherever they stand
  /// @param target  the column that is to be learned
  /// @throws ArgumentError  a column is not in the file.
  /// @throws FileError      as CsvRows::next(), CsvTable::feature_columns() and CsvTable::class_labels().
  CsvStream(CsvRows rows, std::string target, CsvStreamOptions options = {});

  /// What each feature is: with it CsvTable::take_columns() makes the same of another file.
  const std::vector<FeatureColumn>& feature_columns() const& noexcept { return columns_; }
  /// The same of a temporary.
  std::vector<FeatureColumn> feature_columns() && noexcept { return std::move(columns_); }
  /// What the class indices stand for; none for a target of numbers.
  const std::vector<std::string>& class_names() const& noexcept { return class_names_; }
  /// The same of a temporary.
  std::vector<std::string> class_names() && noexcept { return std::move(class_names_); }

  Shape feature_shape() const override { return {columns_.size()}; }
  bool has_weights() const override { return !options_.weights.empty(); }
  void rewind() override { rows_.rewind(); }

  /// @throws FileError  as CsvRows::next() and CsvTable::take_columns(), or a class is missing.
  std::size_t read(std::size_t rows, std::span<T> features, std::span<T> targets,
                   std::span<double> weights) override;

 private:
  CsvRows rows_;
  std::string target_;
  CsvStreamOptions options_;
  std::vector<FeatureColumn> columns_;
  std::vector<std::string> class_names_;
};

extern template class CsvStream<float>;
extern template class CsvStream<double>;

}  // namespace xtape::data
#pragma GCC visibility pop
