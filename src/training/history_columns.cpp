// SPDX-License-Identifier: BSD-3-Clause
#include "training/history_columns.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "arrays/format.hpp"

namespace xtape::training {

void Column::set(Epoch& epoch, double value) const {
  if (const auto* number = std::get_if<double Epoch::*>(&member)) {
    epoch.** number = value;
    return;
  }
  if (!(value >= 0 && value < 0x1p53)) fail<ArgumentError>("History: {} must be counts, got {}", name, value);
  epoch.*std::get<std::size_t Epoch::*>(member) = static_cast<std::size_t>(value);
}

NamedArrays state_of(const History& history) {
  NamedArrays state;
  state.add_scalar("epochs", static_cast<std::uint64_t>(history.epochs.size()));
  state.add_scalar("best_epoch", static_cast<std::uint64_t>(history.best_epoch));
  for (const Column& column : columns) {
    Array<double> values(Shape{history.epochs.size()});
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = column.value(history.epochs[i]);
    state.add(column.name, AnyArray(std::move(values)));
  }
  return state;
}

History history_of(const NamedArrays& state) {
  constexpr const char* function = "History";
  History history;
  const auto count = static_cast<std::size_t>(state.get_scalar<std::uint64_t>(function, "epochs"));
  history.best_epoch = static_cast<std::size_t>(state.get_scalar<std::uint64_t>(function, "best_epoch"));
  std::vector<std::string> names{"epochs", "best_epoch"};
  for (const Column& column : columns) {
    names.emplace_back(column.name);
    const auto values = state.get<double>(function, column.name, {count});  // before memory for so many
    history.epochs.resize(count);
    for (std::size_t i = 0; i < count; ++i) column.set(history.epochs[i], values[i]);
  }
  state.require_only(function, names);
  for (std::size_t i = 0; i < count; ++i) history.epochs[i].number = i + 1;
  return history;
}

}  // namespace xtape::training
