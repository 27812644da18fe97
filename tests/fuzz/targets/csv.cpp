// SPDX-License-Identifier: BSD-3-Clause
// A table under options that the first bytes choose. What is read fits together; a further file is read as
// the first was, and in pieces as at once; and what is written in quotes is read as it was.
#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "finding.hpp"
#include "memory_file.hpp"
#include "xtape/data/csv.hpp"
#include "xtape/data/csv_rows.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::MemoryFile;

namespace {

// With bytes of 0 they are the usual ones.
data::CsvOptions options_of(Bytes& bytes) {
  data::CsvOptions options;
  options.delimiter = ",;\t |:\0\n"[bytes.below(8)];
  options.quote = "\"'\0,"[bytes.below(4)];
  const std::uint8_t flags = bytes.next();
  options.header = (flags & 1) == 0;
  options.merge_delimiters = (flags & 2) != 0;
  options.number_repeated_names = (flags & 4) != 0;
  options.percent = (flags & 8) != 0;
  options.missing = (flags & 16) != 0 ? data::Missing::nan : data::Missing::error;
  options.decimal_point = (flags & 32) != 0 ? ',' : '.';
  if ((flags & 64) != 0) options.missing_spellings = {"0", "x"};
  if ((flags & 128) != 0) options.max_categories = 2;
  options.infinities = static_cast<data::Infinities>(bytes.below(3));
  options.comment = "\0#\"/"[bytes.below(4)];
  options.skip_lines = bytes.below(4);
  options.thousands_separator = std::vector<std::string>{"", ",", ".", " ", "'", "ab"}[bytes.below(6)];
  const std::size_t decided = bytes.below(4);
  if ((decided & 1) != 0) options.text = {"a"};
  if ((decided & 2) != 0) options.numbers = {"b"};
  return options;
}

// Nothing of a column that has no class in some row.
using Labels = std::vector<std::optional<data::LabelColumn>>;

void require_sound(const data::LabelColumn& labels, std::size_t rows) {
  require(labels.class_indices.shape() == Shape{rows}, "each row has a class");
  for (const std::int64_t index : labels.class_indices) {
    require(index >= 0 && static_cast<std::size_t>(index) < labels.class_names.size(), "a class has a name");
  }
  const std::set<std::string> distinct(labels.class_names.begin(), labels.class_names.end());
  require(distinct.size() == labels.class_names.size(), "classes have distinct names");
}

void require_one_hot(const data::CsvTable& table, const std::string& column) {
  const auto one_hot = table.take_columns<double>(table.one_hot_columns(column));
  const std::size_t columns = one_hot.shape()[1];
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double* const begin = one_hot.data() + row * columns;
    const double sum = std::accumulate(begin, begin + columns, 0.0);
    require(sum == 1 || sum == 0, "a row has one category or none");
  }
}

// In one of the ways in which a table may be used.
void look_at(const data::CsvTable& table, const std::string& column, std::size_t way) {
  if (way == 0) {
    const Shape expected{table.rows(), table.columns().size()};
    require(table.values().shape() == expected, "each field has its place");
  } else if (way == 1) {
    require(table.features<float>(column).shape()[0] == table.rows(), "features have all rows");
  } else if (way == 2) {
    require(table.labels(column).size() == table.rows(), "each row has a label");
  } else if (way == 3) {
    table.take_columns<float>(table.feature_columns(column));
  } else if (way == 4) {
    require_one_hot(table, column);
  } else {
    const auto [indices, names] = table.class_labels(column);
    const auto found = table.class_indices(column, names);
    require(std::equal(found.begin(), found.end(), indices.begin()), "classes are found by their names");
  }
}

Labels labels_of(const data::CsvTable& table) {
  const std::vector<std::string>& columns = table.columns();
  require(table.rows() > 0 && !columns.empty(), "a table has rows and columns");
  require(std::set<std::string>(columns.begin(), columns.end()).size() == columns.size(),
          "columns have distinct names");
  Labels labels;
  for (const std::string& column : columns) {
    labels.push_back(read_or_refuse([&] { return table.class_labels(column); }));
    if (labels.back()) require_sound(*labels.back(), table.rows());
  }
  return labels;
}

std::string in_quotes(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + '"';
}

// Of those columns of which each row has a class.
void require_comes_back(const data::CsvTable& table, const Labels& labels) {
  static const MemoryFile file;
  std::vector<std::size_t> taken;
  data::CsvOptions options{.missing_spellings = {}};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!labels[i]) continue;
    taken.push_back(i);
    options.text.push_back(table.columns()[i]);
  }
  if (taken.empty()) return;
  std::string text;
  for (const std::size_t i : taken) text += in_quotes(table.columns()[i]) + ',';
  text.back() = '\n';
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (const std::size_t i : taken) {
      const auto& [indices, names] = *labels[i];
      text += in_quotes(names[static_cast<std::size_t>(indices[row])]) + ',';
    }
    text.back() = '\n';
  }
  file.write(text);
  const data::CsvTable again = data::read_csv(file.path(), options);
  require(again.columns() == options.text, "names in quotes are read as they are");
  require(again.rows() == table.rows(), "rows in quotes are read as they are");
  for (const std::size_t i : taken) {
    const auto [indices, names] = again.class_labels(table.columns()[i]);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::string& was =
          labels[i]->class_names[static_cast<std::size_t>(labels[i]->class_indices[row])];
      require(names[static_cast<std::size_t>(indices[row])] == was, "fields in quotes are read as they are");
    }
  }
}

void require_alike(const data::CsvTable& first, const data::CsvTable& like) {
  require(first.rows() == like.rows() && first.columns() == like.columns(), "a file is like itself");
  for (const std::string& column : first.columns()) {
    require(first.is_text(column) == like.is_text(column), "a column is decided by the first table");
  }
}

// The classes of the rows of all pieces; nothing where they are refused, as for there being many.
std::optional<data::LabelColumn> labels_of_pieces(data::CsvRows& rows, const std::string& column,
                                                  std::size_t size) {
  std::vector<std::int64_t> indices;
  std::vector<std::string> names;
  rows.rewind();
  while (const auto piece = rows.next(size)) {
    auto labels = read_or_refuse([&] { return piece->class_labels(column); });
    if (!labels) return std::nullopt;
    indices.insert(indices.end(), labels->class_indices.begin(), labels->class_indices.end());
    names = std::move(labels->class_names);
  }
  return data::LabelColumn{Array<std::int64_t>(ArrayView<const std::int64_t>(indices)), std::move(names)};
}

void require_same_in_pieces(const data::CsvTable& table, const std::string& path,
                            const data::CsvOptions& options, std::size_t size) {
  data::CsvRows rows(path, options);
  require(rows.rows() == table.rows(), "pieces have all rows");
  for (const std::string& column : table.columns()) {
    const auto whole = read_or_refuse([&] { return table.class_labels(column); });
    const auto pieces = labels_of_pieces(rows, column, size);
    const bool is_known = whole && whole->class_names.size() <= options.max_categories;
    require(pieces.has_value() == is_known, "classes are known of pieces as of all");
    if (!pieces) continue;
    require(std::ranges::equal(pieces->class_indices, whole->class_indices),
            "each row of a piece has its class");
    require(pieces->class_names == whole->class_names, "classes of pieces have the names of all");
  }
}

// Nothing where the file is refused, or options contradict each other or name columns that are not there.
std::optional<data::CsvTable> read(const std::string& path, const data::CsvOptions& options) {
  try {
    return read_or_refuse([&] { return data::read_csv(path, options); });
  } catch (const ArgumentError&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  Bytes bytes(data, size);
  const data::CsvOptions options = options_of(bytes);
  const std::size_t way = bytes.below(8), place = bytes.next();
  file.write(bytes.rest());
  const auto table = read(file.path(), options);
  if (!table) return 0;
  const std::string& column = table->columns()[place % table->columns().size()];
  if (way == 6) {
    require_comes_back(*table, labels_of(*table));
  } else if (way == 7) {
    require_alike(*table, data::read_csv_like(*table, file.path()));
    require_same_in_pieces(*table, file.path(), options, 1 + place % 5);
  } else {
    read_or_refuse([&] { return look_at(*table, column, way), true; });
  }
  return 0;
}
