// SPDX-License-Identifier: BSD-3-Clause
#include "training/epoch_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <system_error>
#include <utility>

#include "arrays/format.hpp"
#include "files/atomic_file.hpp"
#include "files/system_calls.hpp"

namespace xtape::training {
namespace {

std::string header(const std::vector<Column>& columns) {
  std::string line = "epoch";
  for (const Column& column : columns) line += fmt::format(",{}", column.name);
  return line + '\n';
}

std::string line_of(const Epoch& epoch, const std::vector<Column>& columns) {
  std::string line = fmt::format("{}", epoch.number);
  for (const Column& column : columns) {
    const double value = column.value(epoch);
    // The shortest that reads back as the same number. A NaN would show its sign.
    line += std::isnan(value) ? ",nan" : fmt::format(",{}", value);
  }
  return line + '\n';
}

}  // namespace

EpochLog::EpochLog(std::string path, const History& history)
    : path_(std::move(path)), columns_(columns_of(history)) {
  std::string text = header(columns_);
  for (const Epoch& epoch : history.epochs) text += line_of(epoch, columns_);
  AtomicFile file("train", path_);
  file.write(text.data(), text.size());
  file.commit();
}

void EpochLog::append(const Epoch& epoch) const {
  const std::string line = line_of(epoch, columns_);
  const Descriptor log(
      uninterrupted([&] { return ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666); }));
  struct stat before {};
  if (log < 0 || ::fstat(log, &before) != 0) refuse(errno);
  if (write_all(log, line.data(), line.size()) && closes_without_loss(log)) return;
  const int error = errno;
  // No part of a line stays, as far as the system takes it back.
  static_cast<void>(uninterrupted([&] { return ::ftruncate(log, before.st_size); }));
  refuse(error);
}

void EpochLog::refuse(int error) const {
  fail<FileError>("train: {}: the log must be writable, got: {}", path_,
                  std::generic_category().message(error));
}

}  // namespace xtape::training
