// SPDX-License-Identifier: BSD-3-Clause
#include "training/epoch_log.hpp"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/atomic_file.hpp"
#include "core/format.hpp"
#include "training/history_columns.hpp"

namespace xtape::training {
namespace {

std::string header() {
  std::string line = "epoch";
  for (const Column& column : columns) line += fmt::format(",{}", column.name);
  return line + '\n';
}

std::string line_of(const Epoch& epoch) {
  std::string line = fmt::format("{}", epoch.number);
  for (const Column& column : columns) {
    const double value = column.value(epoch);
    // The shortest that reads back as the same number. A NaN would show its sign.
    line += std::isnan(value) ? ",nan" : fmt::format(",{}", value);
  }
  return line + '\n';
}

}  // namespace

EpochLog::EpochLog(std::string path, const History& history) : path_(std::move(path)) {
  std::string text = header();
  for (const Epoch& epoch : history.epochs) text += line_of(epoch);
  AtomicFile file("train", path_);
  file.write(text.data(), text.size());
  file.commit();
}

void EpochLog::append(const Epoch& epoch) const {
  const std::string line = line_of(epoch);
  errno = 0;
  std::FILE* const file = std::fopen(path_.c_str(), "ab");
  bool written = file != nullptr && std::fwrite(line.data(), 1, line.size(), file) == line.size();
  if (file != nullptr) written = std::fclose(file) == 0 && written;
  if (!written) {
    fail<FileError>("train: {}: the log must be writable, got: {}", path_, std::strerror(errno));
  }
}

}  // namespace xtape::training
