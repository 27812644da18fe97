// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "xtape/data/split.hpp"
#include "xtape/random/random.hpp"
#include "xtape/training/cross_validate.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

/// Numbers by their names, such as {"learning_rate", 0.01}: what a search tries.
class Setting {
 public:
  Setting() = default;
  /// The numbers.
  Setting(std::initializer_list<std::pair<const std::string, double>> numbers) : numbers_(numbers) {}

  /// A number by its name.
  /// @throws ArgumentError  there is none of that name; the message lists those that there are.
  double operator[](const std::string& name) const;
  /// The same, of a number that counts something.
  /// @throws ArgumentError  it is no whole number from 0 to 2^53 either.
  std::size_t count(const std::string& name) const;
  /// Adds or changes a number.
  void set(const std::string& name, double value) { numbers_[name] = value; }
  /// All, by name.
  const std::map<std::string, double>& numbers() const noexcept { return numbers_; }

  friend bool operator==(const Setting&, const Setting&) = default;

 private:
  std::map<std::string, double> numbers_;
};

/// "hidden 64, learning_rate 0.01"
std::string to_string(const Setting& setting);

/// Every combination of the values that are given for each name; the last name changes fastest.
///
///     training::grid({{"learning_rate", {0.001, 0.01}}, {"hidden", {16, 64, 256}}});  // six
///
/// @throws ArgumentError  a name is given twice or has no values.
std::vector<Setting> grid(const std::vector<std::pair<std::string, std::vector<double>>>& values);

/// How a number is drawn.
using Draw = std::function<double(Random& random)>;
/// Uniform on [low, high). @throws ArgumentError  unless low < high, both finite.
Draw uniform(double low, double high);
/// Such that its logarithm is uniform: on [low, high). @throws ArgumentError  unless 0 < low < high, finite.
Draw log_uniform(double low, double high);
/// A whole number, low to high, each equally likely. @throws ArgumentError  unless low <= high, of at most
/// 2^53 in magnitude.
Draw whole(std::int64_t low, std::int64_t high);
/// One of the values, each equally likely. @throws ArgumentError  there are none.
Draw one_of(std::vector<double> values);

/// So many settings, whose numbers are drawn in the order of the names.
///
///     training::random_settings({{"learning_rate", training::log_uniform(1e-4, 1e-1)},
///                                {"hidden", training::whole(8, 64)}}, 20, random);
///
/// @throws ArgumentError  a name is given twice, or a draw is empty.
/// Source: Bergstra and Bengio, Random search for hyper-parameter optimization, JMLR 13 (2012).
std::vector<Setting> random_settings(const std::vector<std::pair<std::string, Draw>>& draws,
                                     std::size_t count, Random& random);

/// TrainFold with a setting.
using TrainSetting =
    std::function<Evaluation(const Setting& setting, const data::Split& fold, Random& random)>;

/// A setting and what came of it.
struct Trial {
  Setting setting = {};         ///< what was tried
  CrossValidation result = {};  ///< over the folds
};

/// What search gives.
struct Search {
  std::vector<Trial> trials = {};  ///< in the order of the settings
  std::size_t best = 0;            ///< the trial with the lowest mean loss; of equal ones the first
};

/// Cross-validates each setting: trains a model for each setting and fold, as many at once as there are
/// threads, each of them on one. Fold k has the same random numbers in every setting, so that settings differ
/// in nothing else, and what comes out depends on the seed alone.
///
///     const auto found = training::search(
///         training::grid({{"learning_rate", {0.001, 0.01, 0.1}}}), folds,
///         [&](const training::Setting& setting, const data::Split& fold, Random& random) { ... });
///     std::cout << to_string(found);
///     const training::Setting& best = found.trials[found.best].setting;
///
/// The loss of the best one is too low, since it is the lowest of many: measure what is used by other rows.
///
/// @throws ArgumentError  there are no settings or folds, train_setting is empty, or every loss is NaN.
/// What train_setting throws goes on to the caller; models that nobody has begun are then left out.
Search search(const std::vector<Setting>& settings, const std::vector<data::Split>& folds,
              const TrainSetting& train_setting, const CrossValidateOptions& options = {});

/// A table with a line for each setting, from the lowest mean loss up, with standard errors.
std::string to_string(const Search& result);

}  // namespace xtape::training
#pragma GCC visibility pop
