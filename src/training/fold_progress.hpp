// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>

#include "arrays/format.hpp"
#include "xtape/training/evaluate.hpp"

namespace xtape::training {

// A line for each of so many models, as threads are done with them.
class FoldProgress {
 public:
  // Quiet if there is no stream.
  FoldProgress(std::FILE* stream, std::size_t models) : stream_(stream), models_(models) {}

  void on_done(const std::string& which, const Evaluation& evaluation) {
    if (stream_ == nullptr) return;
    const std::lock_guard lock(mutex_);
    std::string line = fmt::format("{}/{}  {}  loss {:.4f}", ++done_, models_, which, evaluation.loss);
    if (!std::isnan(evaluation.accuracy)) line += fmt::format("  accuracy {:.4f}", evaluation.accuracy);
    line += '\n';
    static_cast<void>(std::fwrite(line.data(), 1, line.size(), stream_));  // what it does not take is lost
    std::fflush(stream_);
  }

 private:
  std::FILE* stream_;
  std::size_t models_;
  std::mutex mutex_;
  std::size_t done_ = 0;
};

}  // namespace xtape::training
