// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/training/cross_validate.hpp"

#include <cmath>

#include "arrays/format.hpp"
#include "threads/thread_pool.hpp"
#include "training/fold_progress.hpp"
#include "training/over_folds.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

CrossValidation cross_validate(const std::vector<data::Split>& folds, const TrainFold& train_fold,
                               const CrossValidateOptions& options) {
  if (folds.empty()) fail<ArgumentError>("cross_validate: folds must be at least one, got none");
  if (!train_fold) fail<ArgumentError>("cross_validate: train_fold must be a function, got an empty one");
  FoldProgress progress(options.progress, folds.size());
  std::vector<Evaluation> evaluations(folds.size());
  parallel_for(folds.size(), [&](std::size_t fold) {
    Random random = random_of_fold(options.seed, fold);
    evaluations[fold] = train_fold(folds[fold], random);
    progress.on_done(fmt::format("fold {}", fold + 1), evaluations[fold]);
  });
  return over_folds("cross_validate", std::move(evaluations));
}

std::string to_string(const CrossValidation& result) {
  std::string text = fmt::format("{} folds\n", result.folds.size());
  // NaN, as of one fold, goes without its sign.
  const auto add = [&text](const std::string& name, const metrics::Estimate& estimate) {
    text += fmt::format("{:26} {:.4f} +- {:.4f}\n", name, estimate.value, std::abs(estimate.standard_error));
  };
  add("loss", result.loss);
  if (!std::isnan(result.accuracy.value)) add("accuracy", result.accuracy);
  for (const auto& [name, estimate] : result.metrics) add(name, estimate);
  return text;
}

}  // namespace xtape::training
#pragma GCC visibility pop
