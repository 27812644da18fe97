// SPDX-License-Identifier: BSD-3-Clause
#include "figures.hpp"

#include <cmath>
#include <fstream>

#include "xtape/core/error.hpp"

namespace benchmarks {

nlohmann::ordered_json json_row(const Figure& figure) {
  const Aims& aims = figure.aims;
  nlohmann::ordered_json row{
      {"name", figure.name}, {"threads", figure.threads}, {"xtape_us", figure.xtape * 1e6},
      {"rival", nullptr},    {"rival_us", nullptr},       {"ratio", nullptr},
      {"floor_us", nullptr}, {"of_floor", nullptr},       {"aim", nullptr}};
  if (figure.rival_time) {
    row["rival"] = figure.rival;
    row["rival_us"] = *figure.rival_time * 1e6;
    row["ratio"] = figure.ratio();
  }
  if (figure.floor) {
    row["floor_us"] = *figure.floor * 1e6;
    row["of_floor"] = figure.of_floor();
  }
  const bool of_ratio = std::isfinite(aims.ratio);
  if (of_ratio) row["aim"] = aims.ratio;
  if (std::isfinite(aims.of_floor)) row[of_ratio ? "aim_of_floor" : "aim"] = aims.of_floor;
  if (std::isfinite(aims.microseconds) && figure.threads == 1) row["aim_us"] = aims.microseconds;
  return row;
}

void write_json(const std::string& path, const nlohmann::ordered_json& rows) {
  std::ofstream file(path);
  file << rows.dump(2) << '\n';
  if (!file.flush()) throw xtape::Error(path + ": the file must be writable");
}

}  // namespace benchmarks
