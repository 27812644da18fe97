// SPDX-License-Identifier: BSD-3-Clause
#include "peak_memory.hpp"

#include <malloc.h>

#include <fstream>

#include "process_status.hpp"
#include "xtape/core/error.hpp"

namespace benchmarks {
namespace {

void reset_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5";
  if (!file.flush()) throw xtape::Error("/proc/self/clear_refs: the file must be writable");
}

double peak_of_first_run(Step& step, std::size_t gradient_bytes) {
  release_freed_memory();
  const double before = status_megabytes("VmRSS");
  reset_peak();
  step.run();
  return status_megabytes("VmHWM") - before - static_cast<double>(gradient_bytes) / 1e6;
}

}  // namespace

void release_freed_memory() { malloc_trim(0); }

PeakMemory peak_memory(Step& xtape, Step& torch, std::size_t gradient_bytes, int threads) {
  // In this order the BLAS's own buffers count for xtape.
  with_torch::set_threads(1, 1);
  const double of_xtape = peak_of_first_run(xtape, gradient_bytes);
  with_torch::set_threads(threads, threads);
  return {of_xtape, peak_of_first_run(torch, gradient_bytes)};
}

}  // namespace benchmarks
