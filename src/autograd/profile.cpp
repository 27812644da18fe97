// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/profile.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "arrays/format.hpp"

namespace xtape {
namespace {

using Line = std::array<std::string, 6>;

Line line_of(const ProfileRow& row) {
  return {row.operation,
          fmt::format("{}", row.calls),
          fmt::format("{:.3f}", row.forward_ms),
          fmt::format("{:.3f}", row.backward_ms),
          fmt::format("{}", row.output_bytes),
          fmt::format("{:.1f}%", 100 * row.share)};
}

ProfileRow total_of(const std::vector<ProfileRow>& rows) {
  ProfileRow total;
  total.operation = "total";
  for (const ProfileRow& row : rows) {
    total.calls += row.calls;
    total.forward_ms += row.forward_ms;
    total.backward_ms += row.backward_ms;
    total.output_bytes += row.output_bytes;
    total.share += row.share;
  }
  return total;
}

}  // namespace

std::string to_string(const ProfileReport& report) {
  std::vector<Line> lines{{"operation", "calls", "forward ms", "backward ms", "output bytes", "share"}};
  for (const ProfileRow& row : report.rows) lines.push_back(line_of(row));
  lines.push_back(line_of(total_of(report.rows)));

  std::array<std::size_t, 6> widths{};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string table;
  for (const Line& line : lines) {
    fmt::format_to(std::back_inserter(table), "{:<{}}", line[0], widths[0]);
    for (std::size_t i = 1; i < line.size(); ++i) {
      fmt::format_to(std::back_inserter(table), "  {:>{}}", line[i], widths[i]);
    }
    table += '\n';
  }
  return table;
}

}  // namespace xtape
