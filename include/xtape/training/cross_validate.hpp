// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "xtape/data/split.hpp"
#include "xtape/metrics/estimate.hpp"
#include "xtape/random/random.hpp"
#include "xtape/training/evaluate.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

/// Trains a model on the train rows of a fold and measures it by its test rows. It is called on several
/// threads at once, so what it changes must be its own: it makes the model, the optimizer and whatever is
/// fitted to the rows anew, and draws from `random` alone.
using TrainFold = std::function<Evaluation(const data::Split& fold, Random& random)>;

/// Options of cross_validate and search.
struct CrossValidateOptions {
  std::uint64_t seed = 1;         ///< of the random numbers that each fold gets
  std::FILE* progress = nullptr;  ///< a line for each model that is done; null: quiet
};

/// What cross_validate gives.
struct CrossValidation {
  std::vector<Evaluation> folds = {};  ///< one for each fold, in their order
  metrics::Estimate loss = {};         ///< mean and standard error over the folds
  metrics::Estimate accuracy = {};     ///< likewise
  /// Likewise, of the metrics that all folds have; see Evaluation::metrics.
  std::vector<std::pair<std::string, metrics::Estimate>> metrics = {};
};

/// Trains a model for each fold, as many at once as there are threads, each of them on one. What comes out
/// depends on the seed alone, not on the number of threads: fold k has random numbers of its own.
///
///     Random random(1);
///     const auto folds = data::stratified_k_fold(labels, 10, random);
///     const auto result = training::cross_validate(folds, [&](const data::Split& fold, Random& random) {
///       nn::Linear<float> model(features.shape()[1], 3, random);
///       optim::Adam<float> optimizer(model.parameters());
///       const training::Dataset<float> data{.features = features, .targets = labels, .train = fold.train};
///       training::train(model, data, {.optimizer = optimizer, .random = random});
///       return training::evaluate(model, data, {.rows = fold.test});
///     });
///     std::cout << to_string(result);
///
/// The standard error is that of a mean of as many independent numbers as there are folds. Folds share most
/// of their training rows, so it is somewhat too small (Bengio and Grandvalet, JMLR 5, 2004).
///
/// @param folds  as from data::k_fold
/// @throws ArgumentError  there are no folds, train_fold is empty, or folds have other metrics.
/// What train_fold throws goes on to the caller; folds that nobody has begun are then left out.
CrossValidation cross_validate(const std::vector<data::Split>& folds, const TrainFold& train_fold,
                               const CrossValidateOptions& options = {});

/// A table with a line for the loss, the accuracy and each metric, with their standard errors.
std::string to_string(const CrossValidation& result);

}  // namespace xtape::training
#pragma GCC visibility pop
