// SPDX-License-Identifier: BSD-3-Clause
#include "io/export_c_text.hpp"

#include <cmath>
#include <limits>

#include "arrays/format.hpp"

namespace xtape::io::plain_c {
namespace {

Centering centering(double mean, double factor) {
  const auto high = static_cast<float>(mean), as_float = static_cast<float>(factor);
  const Centering result{high, static_cast<float>(mean - static_cast<double>(high)), as_float};
  if (!std::isfinite(high) || !std::isnormal(as_float)) {
    fail<ArgumentError>("export_c: a step before or after the model must fit floats, got (x - {}) {}", mean,
                        factor);
  }
  return result;
}

bool is_plain(char byte) { return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\' && byte != '?'; }

}  // namespace

Centering Centering::standardizing(double mean, double scale) { return centering(mean, 1 / scale); }
Centering Centering::scaling(double factor, double shift) { return centering(-shift / factor, factor); }

std::string c_number(float x) {
  if (std::isnan(x)) return "NAN";
  if (std::isinf(x)) return x > 0 ? "INFINITY" : "-INFINITY";
  std::string text = fmt::format("{}", x);
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text + "f";
}

// Octal, of three digits, since a hexadecimal escape would go on into what follows. A question mark may
// begin a trigraph.
std::string c_text(std::string_view text) {
  std::string result = "\"";
  for (const char byte : text) {
    if (is_plain(byte)) {
      result += byte;
    } else {
      result += fmt::format("\\{:03o}", static_cast<unsigned char>(byte));
    }
  }
  return result + "\"";
}

std::string in_comment(std::string_view text) {
  std::string result;
  for (const char byte : text) {
    const char last = result.empty() ? ' ' : result.back();
    const bool is_mark =
        (last == '*' && byte == '/') || (last == '/' && byte == '*') || (last == '?' && byte == '?');
    if (is_mark) result += ' ';
    result += static_cast<unsigned char>(byte) < ' ' || byte == '\x7f' || byte == '\\' ? ' ' : byte;
  }
  return result;
}

std::string c_list(const std::vector<std::string>& items, std::string_view indent) {
  constexpr std::size_t most_columns = 100;
  std::string lines, line(indent);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string item = i + 1 < items.size() ? items[i] + "," : items[i];
    if (line.size() > indent.size() && line.size() + 1 + item.size() > most_columns) {
      lines += line + "\n";
      line = indent;
    }
    if (line.size() > indent.size()) line += ' ';
    line += item;
  }
  return lines + line;
}

std::string c_array(std::string_view type, std::string_view name, const std::vector<std::string>& items) {
  return fmt::format("static const {} {}[{}] = {{\n{}\n}};\n", type, name, items.size(), c_list(items, "  "));
}

std::string c_floats(const std::string& name, ArrayView<const float> numbers) {
  std::vector<std::string> items;
  for (const float number : numbers) items.push_back(c_number(number));
  return c_array("float", name, items);
}

std::string c_integers(const char* type, const std::string& name, const std::vector<int>& numbers) {
  std::vector<std::string> items;
  for (const int number : numbers) items.push_back(fmt::format("{}", number));
  return c_array(type, name, items);
}

}  // namespace xtape::io::plain_c
