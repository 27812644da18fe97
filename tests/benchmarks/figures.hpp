// SPDX-License-Identifier: BSD-3-Clause
// The rows of all tables as JSON has them.
#pragma once

#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace benchmarks {

/// The rival's time over ours at least, ours over the floor at most, and ours at one thread at most; where
/// nothing is aimed for, infinity.
struct Aims {
  double ratio = std::numeric_limits<double>::infinity();
  double of_floor = std::numeric_limits<double>::infinity();
  double microseconds = std::numeric_limits<double>::infinity();
};

/// What was measured of one thing. Times are in seconds.
struct Figure {
  std::string name;
  std::size_t threads;
  double xtape;
  std::string rival;  ///< none: empty
  std::optional<double> rival_time, floor;
  Aims aims;

  double ratio() const { return *rival_time / xtape; }
  double of_floor() const { return xtape / *floor; }
};

/// "name", "threads", "xtape_us", "rival", "rival_us", "ratio", "floor_us", "of_floor" and "aim", null where
/// there is none. The aim is the ratio's or, without one, of_floor's or, without that, the time's; where
/// there are more, those of of_floor and of the time are "aim_of_floor" and "aim_us".
nlohmann::ordered_json json_row(const Figure& figure);

/// @throws xtape::Error  the file is not writable.
void write_json(const std::string& path, const nlohmann::ordered_json& rows);

}  // namespace benchmarks
