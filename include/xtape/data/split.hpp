// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/label_options.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// Row numbers of a dataset, in random order.
struct Split {
  std::vector<std::size_t> train;  ///< rows to learn from
  std::vector<std::size_t> test;   ///< rows to measure by
};

/// Puts each of `rows` rows into one part at random; test gets test_fraction of them, rounded.
/// @throws ArgumentError  test_fraction outside [0, 1].
Split train_test_split(std::size_t rows, double test_fraction, Random& random);

/// The same with that fraction of each class, rounded up or down so that test is as large as without classes.
///
/// Rows of options.ignore_index are in neither part: they can neither be learned from nor be measured by.
/// Without it they are a class like any other, and are spread as evenly over both.
///
/// @param class_indices  (rows): integers of any type; rows with equal ones are of one class.
/// @throws ArgumentError  test_fraction outside [0, 1], or ignore_index leaves no row.
/// @throws ShapeError     class_indices have not one axis.
Split stratified_train_test_split(const Indices& class_indices, double test_fraction, Random& random,
                                  const LabelOptions& options = {});

/// Cuts the rows into `folds` parts at random, whose sizes differ by at most 1. Each is the test of one
/// split, and the rest its train.
/// @throws ArgumentError  folds is less than 2 or more than rows.
std::vector<Split> k_fold(std::size_t rows, std::size_t folds, Random& random);

/// The same, and in each class too the numbers of rows in the parts differ by at most 1. A class with fewer
/// rows than folds is absent from some parts. Rows of options.ignore_index are in no part of any split.
/// @param class_indices  (rows): integers of any type; rows with equal ones are of one class.
/// @throws ArgumentError  folds is less than 2 or more than the rows that are not left out.
/// @throws ShapeError     class_indices have not one axis.
std::vector<Split> stratified_k_fold(const Indices& class_indices, std::size_t folds, Random& random,
                                     const LabelOptions& options = {});

}  // namespace xtape::data
#pragma GCC visibility pop
