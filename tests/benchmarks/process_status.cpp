// SPDX-License-Identifier: BSD-3-Clause
#include "process_status.hpp"

#include <fstream>

#include "xtape/core/error.hpp"

namespace benchmarks {

double status_megabytes(const std::string& entry) {
  std::ifstream status("/proc/self/status");
  for (std::string name; status >> name;) {
    double kilobytes = 0;
    if (name == entry + ":" && status >> kilobytes) return kilobytes * 1024 / 1e6;
  }
  throw xtape::Error("/proc/self/status: it must have " + entry);
}

}  // namespace benchmarks
