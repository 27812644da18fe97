// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "arrays/format.hpp"
#include "metrics/estimate.hpp"
#include "xtape/random/random.hpp"
#include "xtape/training/cross_validate.hpp"

namespace xtape::training {

// Those of fold k of any setting.
inline Random random_of_fold(std::uint64_t seed, std::size_t fold) {
  Random seeds(seed);
  for (std::size_t k = 0; k < fold; ++k) seeds();
  return Random(seeds());
}

// Means and standard errors. Throws ArgumentError, in the name of a function, where folds have other metrics.
inline CrossValidation over_folds(const char* function, std::vector<Evaluation> folds) {
  const auto mean = [&folds](auto value_of) {
    Array<double> values(Shape{folds.size()});
    for (std::size_t k = 0; k < folds.size(); ++k) values[k] = value_of(folds[k]);
    return metrics::estimate_mean(values);
  };
  CrossValidation result;
  result.loss = mean([](const Evaluation& fold) { return fold.loss; });
  result.accuracy = mean([](const Evaluation& fold) { return fold.accuracy; });
  for (std::size_t m = 0; m < folds[0].metrics.size(); ++m) {
    const std::string& name = folds[0].metrics[m].first;
    for (std::size_t k = 0; k < folds.size(); ++k) {
      if (folds[k].metrics.size() == folds[0].metrics.size() && folds[k].metrics[m].first == name) continue;
      fail<ArgumentError>("{}: all folds must have the same metrics, got another than '{}' of fold {}",
                          function, name, k);
    }
    result.metrics.emplace_back(name, mean([m](const Evaluation& fold) { return fold.metrics[m].second; }));
  }
  result.folds = std::move(folds);
  return result;
}

}  // namespace xtape::training
