// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "figures.hpp"
#include "peak_memory.hpp"
#include "steps.hpp"

namespace benchmarks {

/// The same step on all sides, and what it takes at the least: the time of the step written by hand or, if
/// there is none, of copying so many floats.
struct Contest {
  std::unique_ptr<Step> xtape, torch, by_hand;
  std::size_t floats = 0;
  std::size_t gradient_bytes = 0;  ///< of all gradients, if the memory beside them is to be measured too
};

/// Measures contests at 1 and at 2 threads, prints a row of each, and keeps it.
class Table {
 public:
  /// @param only  text that the names of the contests to run contain.
  explicit Table(std::string only);

  void add(const std::string& name, Aims aims, const std::function<Contest()>& make);

  /// As JSON. @throws xtape::Error  the file is not writable.
  void write(const std::string& path) const;

 private:
  struct Row {
    Figure figure;
    std::optional<PeakMemory> memory;
  };

  static Row measure(const std::string& name, Aims aims, const Contest& contest, std::size_t threads);
  static void print(const Row& row);

  std::string only_;
  std::vector<Row> rows_;
};

void compare_losses(Table& table);
void compare_training_steps(Table& table);

}  // namespace benchmarks
