// SPDX-License-Identifier: BSD-3-Clause
#include "data/csv_reader.hpp"
#include "files/byte_reader.hpp"
#include "xtape/data/csv.hpp"

namespace xtape::data {

CsvTable read_csv(const std::string& path, const CsvOptions& options) {
  require_valid("read_csv", options);
  return CsvReader("read_csv", path, options, nullptr).read(read_file("read_csv", path));
}

CsvTable read_csv_like(const CsvTable& first, const std::string& path) {
  return CsvReader("read_csv_like", path, first).read(read_file("read_csv_like", path));
}

}  // namespace xtape::data
