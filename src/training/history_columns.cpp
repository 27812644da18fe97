// SPDX-License-Identifier: BSD-3-Clause
#include "training/history_columns.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "arrays/format.hpp"

namespace xtape::training {

namespace {

Column number_column(const char* name, double Epoch::*member) {
  return {name, [member](const Epoch& epoch) { return epoch.*member; },
          [member](Epoch& epoch, double value) { epoch.*member = value; }};
}

Column count_column(const char* name, std::size_t Epoch::*member) {
  return {name, [member](const Epoch& epoch) { return static_cast<double>(epoch.*member); },
          [name, member](Epoch& epoch, double value) {
            if (!(value >= 0 && value < 0x1p53)) {
              fail<ArgumentError>("History: {} must be counts, got {}", name, value);
            }
            epoch.*member = static_cast<std::size_t>(value);
          }};
}

Column metric_column(const std::string& name, std::size_t place) {
  return {"validation_" + name, [place](const Epoch& epoch) { return epoch.validation_metrics[place]; },
          [place](Epoch& epoch, double value) {
            epoch.validation_metrics.resize(std::max(epoch.validation_metrics.size(), place + 1));
            epoch.validation_metrics[place] = value;
          }};
}

}  // namespace

std::vector<Column> columns_of(const History& history) {
  const bool has_accuracy = history.targets != TargetKind::numbers;
  std::vector<Column> columns{number_column("learning_rate", &Epoch::learning_rate),
                              number_column("training_loss", &Epoch::training_loss)};
  if (has_accuracy) columns.push_back(number_column("training_accuracy", &Epoch::training_accuracy));
  columns.push_back(number_column("validation_loss", &Epoch::validation_loss));
  if (has_accuracy) columns.push_back(number_column("validation_accuracy", &Epoch::validation_accuracy));
  for (std::size_t i = 0; i < history.metric_names.size(); ++i) {
    columns.push_back(metric_column(history.metric_names[i], i));
  }
  columns.push_back(count_column("skipped_batches", &Epoch::skipped_batches));
  columns.push_back(number_column("seconds", &Epoch::seconds));
  return columns;
}

NamedArrays state_of(const History& history) {
  NamedArrays state;
  state.add_scalar("epochs", static_cast<std::uint64_t>(history.epochs.size()));
  state.add_scalar("best_epoch", static_cast<std::uint64_t>(history.best_epoch));
  for (const Column& column : columns_of(history)) {
    Array<double> values(Shape{history.epochs.size()});
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = column.value(history.epochs[i]);
    state.add(column.name, AnyArray(std::move(values)));
  }
  return state;
}

History history_of(const NamedArrays& state, const History& kind) {
  constexpr const char* function = "History";
  History history;
  history.targets = kind.targets;
  history.metric_names = kind.metric_names;
  const auto count = static_cast<std::size_t>(state.get_scalar<std::uint64_t>(function, "epochs"));
  history.best_epoch = static_cast<std::size_t>(state.get_scalar<std::uint64_t>(function, "best_epoch"));
  std::vector<std::string> names{"epochs", "best_epoch"};
  for (const Column& column : columns_of(history)) {
    names.emplace_back(column.name);
    const auto values = state.get<double>(function, column.name, {count});  // before memory for so many
    history.epochs.resize(count);
    for (std::size_t i = 0; i < count; ++i) column.set(history.epochs[i], values[i]);
  }
  state.require_only(function, names);
  for (std::size_t i = 0; i < count; ++i) {
    history.epochs[i].number = i + 1;
    if (history.targets == TargetKind::numbers) {
      history.epochs[i].training_accuracy = history.epochs[i].validation_accuracy = nan("");
    }
  }
  return history;
}

}  // namespace xtape::training
