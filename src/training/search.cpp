// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/training/search.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "arrays/format.hpp"
#include "data/row_numbers.hpp"
#include "threads/thread_pool.hpp"
#include "training/fold_progress.hpp"
#include "training/over_folds.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {
namespace {

template <class Pairs>
void require_distinct_names(const char* function, const Pairs& pairs) {
  std::set<std::string> names;
  for (const auto& [name, any] : pairs) {
    if (!names.insert(name).second) {
      fail<ArgumentError>("{}: each name must be given once, got '{}' twice", function, name);
    }
  }
}

// The places of the trials, the lowest mean loss first and NaN last; of equal ones the first.
std::vector<std::size_t> by_loss(const std::vector<Trial>& trials) {
  std::vector<std::size_t> order = data::row_numbers(trials.size());
  std::ranges::stable_sort(order, [&trials](std::size_t a, std::size_t b) {
    const double x = trials[a].result.loss, y = trials[b].result.loss;
    return x < y || (std::isnan(y) && !std::isnan(x));
  });
  return order;
}

}  // namespace

double Setting::operator[](const std::string& name) const {
  const auto found = numbers_.find(name);
  if (found == numbers_.end()) {
    fail<ArgumentError>("Setting: name must be one of those that are set ({}), got '{}'",
                        numbers_.empty() ? "none" : to_string(*this), name);
  }
  return found->second;
}

std::size_t Setting::count(const std::string& name) const {
  const double value = (*this)[name];
  if (!(value >= 0 && value <= 0x1p53 && value == std::floor(value))) {
    fail<ArgumentError>("Setting: '{}' must be a whole number from 0 to count something, got {}", name,
                        value);
  }
  return static_cast<std::size_t>(value);
}

std::string to_string(const Setting& setting) {
  std::string text;
  for (const auto& [name, value] : setting.numbers()) {
    fmt::format_to(std::back_inserter(text), "{}{} {:.4g}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

std::vector<Setting> grid(const std::vector<std::pair<std::string, std::vector<double>>>& values) {
  require_distinct_names("grid", values);
  std::vector<Setting> settings(1);
  for (const auto& [name, of_name] : values) {
    if (of_name.empty()) fail<ArgumentError>("grid: each name must have values, got none for '{}'", name);
    std::vector<Setting> longer;
    for (const Setting& setting : settings) {
      for (const double value : of_name) longer.emplace_back(setting).set(name, value);
    }
    settings = std::move(longer);
  }
  return settings;
}

Draw uniform(double low, double high) {
  if (!(low < high && std::isfinite(low) && std::isfinite(high))) {
    fail<ArgumentError>("uniform: low must be below high, both finite, got {} and {}", low, high);
  }
  return [low, high](Random& random) { return random.uniform(low, high); };
}

Draw log_uniform(double low, double high) {
  if (!(low > 0 && low < high && std::isfinite(high))) {
    fail<ArgumentError>("log_uniform: low must be above 0 and below high, which is finite, got {} and {}",
                        low, high);
  }
  return [low, high, ratio = high / low](Random& random) {
    const double share = random.uniform();
    const double x = std::isfinite(ratio) ? low * std::exp(share * std::log(ratio))
                                          : std::exp(std::lerp(std::log(low), std::log(high), share));
    return std::clamp(x, low, std::nextafter(high, low));
  };
}

Draw whole(std::int64_t low, std::int64_t high) {
  if (low > high) fail<ArgumentError>("whole: low must be at most high, got {} and {}", low, high);
  constexpr std::int64_t most = std::int64_t{1} << 53;
  if (low < -most || high > most)
    fail<ArgumentError>("whole: low and high must be in [{}, {}], got {} and {}", -most, most, low, high);
  return [low, count = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1](
             Random& random) { return static_cast<double>(low) + static_cast<double>(random.below(count)); };
}

Draw one_of(std::vector<double> values) {
  if (values.empty()) fail<ArgumentError>("one_of: values must be at least one, got none");
  return [values = std::move(values)](Random& random) {
    return values[static_cast<std::size_t>(random.below(values.size()))];
  };
}

std::vector<Setting> random_settings(const std::vector<std::pair<std::string, Draw>>& draws,
                                     std::size_t count, Random& random) {
  require_distinct_names("random_settings", draws);
  for (const auto& [name, draw] : draws) {
    if (!draw)
      fail<ArgumentError>("random_settings: each name must have a draw, got an empty one for '{}'", name);
  }
  std::vector<Setting> settings(count);
  for (Setting& setting : settings) {
    for (const auto& [name, draw] : draws) setting.set(name, draw(random));
  }
  return settings;
}

Search search(const std::vector<Setting>& settings, const std::vector<data::Split>& folds,
              const TrainSetting& train_setting, const CrossValidateOptions& options) {
  if (settings.empty()) fail<ArgumentError>("search: settings must be at least one, got none");
  if (folds.empty()) fail<ArgumentError>("search: folds must be at least one, got none");
  if (!train_setting) fail<ArgumentError>("search: train_setting must be a function, got an empty one");

  FoldProgress progress(options.progress, settings.size() * folds.size());
  std::vector<std::vector<Evaluation>> evaluations(settings.size(), std::vector<Evaluation>(folds.size()));
  parallel_for(settings.size() * folds.size(), [&](std::size_t model) {
    const Setting& setting = settings[model / folds.size()];
    const std::size_t fold = model % folds.size();
    Evaluation& evaluation = evaluations[model / folds.size()][fold];
    Random random = random_of_fold(options.seed, fold);
    evaluation = train_setting(setting, folds[fold], random);
    progress.on_done(fmt::format("{}, fold {}", to_string(setting), fold + 1), evaluation);
  });

  Search result;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    result.trials.push_back({settings[i], over_folds("search", std::move(evaluations[i]))});
  }
  result.best = by_loss(result.trials)[0];
  if (std::isnan(result.trials[result.best].result.loss.value)) {
    fail<ArgumentError>("search: the loss of some setting must be a number, got nan for all {}",
                        settings.size());
  }
  return result;
}

std::string to_string(const Search& result) {
  std::size_t width = 0;
  for (const Trial& trial : result.trials) width = std::max(width, to_string(trial.setting).size());
  std::string text;
  for (const std::size_t place : by_loss(result.trials)) {
    const Trial& trial = result.trials[place];
    const metrics::Estimate &loss = trial.result.loss, &accuracy = trial.result.accuracy;
    // NaN, as of one fold, goes without its sign.
    fmt::format_to(std::back_inserter(text), "{:{}}  loss {:.4f} +- {:.4f}", to_string(trial.setting), width,
                   loss.value, std::abs(loss.standard_error));
    if (!std::isnan(accuracy.value)) {
      fmt::format_to(std::back_inserter(text), "  accuracy {:.4f} +- {:.4f}", accuracy.value,
                     std::abs(accuracy.standard_error));
    }
    text += '\n';
  }
  return text;
}

}  // namespace xtape::training
#pragma GCC visibility pop
