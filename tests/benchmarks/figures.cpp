// SPDX-License-Identifier: BSD-3-Clause
#include "figures.hpp"

#include <cmath>
#include <fstream>

#include "xtape/core/error.hpp"

namespace benchmarks {

nlohmann::ordered_json json_row(const Figure& figure) {
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
  const Aims& aims = figure.aims;
  const auto add_aim = [&](const char* name, double aim) {
    if (std::isfinite(aim)) row[row["aim"].is_null() ? "aim" : name] = aim;
  };
  add_aim("aim_ratio", aims.ratio);
  add_aim("aim_of_floor", aims.of_floor);
  if (figure.threads == 1) add_aim("aim_us", aims.microseconds);
  return row;
}

void write_json(const std::string& path, const nlohmann::ordered_json& rows) {
  std::ofstream file(path);
  file << rows.dump(2) << '\n';
  if (!file.flush()) throw xtape::Error(path + ": the file must be writable");
}

}  // namespace benchmarks
