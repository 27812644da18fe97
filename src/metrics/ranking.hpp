// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "metrics/labelled_scores.hpp"

namespace xtape::metrics {

struct Ranked {
  double score;
  std::size_t row;
  bool is_positive;
};

// Samples of equal score: [begin, end) of the ranked ones.
struct Step {
  double score;
  std::size_t begin, end;
  double positives = 0, negatives = 0;
};

// The samples of a class and all others, from the highest score down.
struct Ranking {
  std::vector<Ranked> samples;
  std::vector<Step> steps;
  double positives = 0, negatives = 0;

  // In any order; none may have a score of NaN.
  explicit Ranking(std::vector<Ranked> unordered);
  // The rows of class `positive` by the scores in a column.
  Ranking(const ScoreRows& scores, std::size_t column, std::size_t positive);

  bool has_both() const { return positives > 0 && negatives > 0; }
  // The fraction of the pairs in which the positive scores higher; NaN unless there are both.
  double area() const;
  // NaN unless there are positives.
  double average_precision() const;
};

}  // namespace xtape::metrics
