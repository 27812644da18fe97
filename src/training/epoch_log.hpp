// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "training/history_columns.hpp"
#include "xtape/training/history.hpp"

namespace xtape::training {

// A CSV file with a line for each epoch.
class EpochLog {
 public:
  // Replaces what is there by the history so far: lines that a killed run wrote after its last checkpoint go,
  // and one that it did not come to write is there. Throws FileError.
  EpochLog(std::string path, const History& history);

  // Throws FileError, and then leaves no part of the line.
  void append(const Epoch& epoch) const;

 private:
  [[noreturn]] void refuse(int error) const;

  std::string path_;
  std::vector<Column> columns_;
};

}  // namespace xtape::training
