// SPDX-License-Identifier: BSD-3-Clause
#include "comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "agreement.hpp"
#include "timing.hpp"

namespace benchmarks {
namespace {

void require_agreement_of_all(const std::string& name, const Contest& contest) {
  const Step::Results ours = contest.xtape->results();
  require_agreement(name, ours, contest.torch->results());
  if (contest.by_hand != nullptr) require_agreement(name, ours, contest.by_hand->results());
}

std::string with_aim(double value, double aim) {
  return std::isinf(aim) ? fmt::format("{:.2f}       ", value) : fmt::format("{:.2f} ({:4})", value, aim);
}

}  // namespace

Table::Table(std::string only) : only_(std::move(only)) {
  fmt::print("{:71} {:>7} {:>18} {:>11} {:>14} {:>11} {:>13}\n",
             "forward and backward, float (in brackets: the aim)", "threads", "xtape µs       ",
             "libtorch µs", "ratio       ", "floor µs", "of floor       ");
}

void Table::add(const std::string& name, Aims aims, const std::function<Contest()>& make) {
  if (name.find(only_) == std::string::npos) return;
  for (std::size_t threads = 1; threads <= 2; ++threads) {
    rows_.push_back(measure(name, aims, make(), threads));
    print(rows_.back());
  }
}

// libtorch and the BLAS have the best of their settings.
Table::Row Table::measure(const std::string& name, Aims aims, const Contest& contest, std::size_t threads) {
  const int most = static_cast<int>(threads);
  with_xtape::set_threads(threads);
  std::optional<PeakMemory> memory;
  if (contest.gradient_bytes > 0)
    memory = peak_memory(*contest.xtape, *contest.torch, contest.gradient_bytes, most);
  require_agreement_of_all(name, contest);

  std::vector<Side> torch, by_hand;
  for (int of_openblas = 1; of_openblas <= most; ++of_openblas) {
    for (int own = 1; own <= most; ++own)
      torch.push_back({[=] { with_torch::set_threads(own, of_openblas); }, [&] { contest.torch->run(); }});
    if (contest.by_hand != nullptr)
      by_hand.push_back({[=] { with_torch::set_threads(1, of_openblas); }, [&] { contest.by_hand->run(); }});
  }
  std::vector<Side> sides{{[] { with_torch::set_threads(1, 1); }, [&] { contest.xtape->run(); }}};
  sides.insert(sides.end(), torch.begin(), torch.end());
  sides.insert(sides.end(), by_hand.begin(), by_hand.end());

  const std::vector<double> times = best_times(sides, 1.5);
  const auto first_by_hand = times.begin() + 1 + static_cast<std::ptrdiff_t>(torch.size());
  std::optional<double> floor;
  if (!by_hand.empty()) floor = *std::min_element(first_by_hand, times.end());
  if (contest.floats > 0) floor = copy_time(contest.floats * sizeof(float), threads);
  const double of_torch = *std::min_element(times.begin() + 1, first_by_hand);
  return {{name, threads, times[0], "libtorch", of_torch, floor, aims}, memory};
}

void Table::print(const Row& row) {
  const Figure& figure = row.figure;
  const double most =
      figure.threads == 1 ? figure.aims.microseconds : std::numeric_limits<double>::infinity();
  fmt::print("{:71} {:7} {:>18} {:11.2f} {:>14}", figure.name, figure.threads,
             with_aim(figure.xtape * 1e6, most), *figure.rival_time * 1e6,
             with_aim(figure.ratio(), figure.aims.ratio));
  if (figure.floor)
    fmt::print(" {:11.2f} {:>13}", *figure.floor * 1e6, with_aim(figure.of_floor(), figure.aims.of_floor));
  fmt::print("\n");
  if (row.memory) {
    fmt::print("{:71} {:7} {:8.1f} MB        {:8.1f} MB\n", "  its peak memory above inputs and gradients",
               "", row.memory->xtape_megabytes, row.memory->torch_megabytes);
  }
  std::fflush(stdout);
}

void Table::write(const std::string& path) const {
  auto rows = nlohmann::ordered_json::array();
  for (const auto& [figure, memory] : rows_) {
    rows.push_back(json_row(figure));
    if (!memory) continue;
    rows.back()["xtape_peak_mb"] = memory->xtape_megabytes;
    rows.back()["rival_peak_mb"] = memory->torch_megabytes;
  }
  write_json(path, rows);
}

}  // namespace benchmarks
