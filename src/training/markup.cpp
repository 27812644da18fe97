// SPDX-License-Identifier: BSD-3-Clause
#include "training/markup.hpp"

#include <algorithm>
#include <cmath>

#include "core/utf8.hpp"

namespace xtape::training {
namespace {

constexpr char32_t replacement = 0xFFFD;

// The first character of a text that is not empty, taken from it; of what is no UTF-8, the first byte.
char32_t take_character(std::string_view& text) {
  const std::size_t length = utf8_length(text);
  const std::string_view bytes = text.substr(0, std::max<std::size_t>(1, length));
  text.remove_prefix(bytes.size());
  if (length == 0) return replacement;
  char32_t character = static_cast<unsigned char>(bytes[0]) & (length == 1 ? 0x7Fu : 0xFFu >> (length + 1));
  for (const char byte : bytes.substr(1))
    character = character << 6 | (static_cast<unsigned char>(byte) & 0x3Fu);
  return character;
}

bool is_allowed_in_xml(char32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  const bool is_c1_control = c >= 0x7F && c < 0xA0;
  return !is_c1_control && (c & 0xFFFE) != 0xFFFE;
}

std::size_t columns_of(char32_t c) {
  const bool is_combining = (c >= 0x300 && c < 0x370) || c == 0x200D || (c >= 0xFE00 && c < 0xFE10);
  if (is_combining) return 0;
  const bool is_wide = (c >= 0x1100 && c < 0x1160) || (c >= 0x2E80 && c < 0xA4D0) ||
                       (c >= 0xAC00 && c < 0xD7A4) || (c >= 0xF900 && c < 0xFB00) ||
                       (c >= 0xFF00 && c < 0xFF61) || c >= 0x1F300;
  return is_wide ? 2 : 1;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t c = take_character(text);
    if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '&') {
      result += "&amp;";
    } else if (c == '"') {
      result += "&quot;";
    } else if (c == '\'') {
      result += "&#39;";
    } else if (c == replacement || !is_allowed_in_xml(c)) {
      result += "\xEF\xBF\xBD";
    } else {
      result += before.substr(0, before.size() - text.size());
    }
  }
  return result;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) columns += columns_of(take_character(text));
  return columns;
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::string_view rest = text;
  std::size_t used = 1, kept = 0;  // the ellipsis takes one
  while (!rest.empty()) {
    used += columns_of(take_character(rest));
    if (used > columns) break;
    kept = text.size() - rest.size();
  }
  return std::string(text.substr(0, kept)) + "…";
}

std::string number(double value, int decimals) {
  if (std::isnan(value)) return "–";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  if (std::abs(value) >= 1e9) return significant(value);
  return fmt::format("{:.{}f}", value, decimals);
}

std::string percent(double fraction, int decimals) {
  return std::isnan(fraction) ? "–" : number(100 * fraction, decimals) + "%";
}

std::string significant(double value) {
  if (!std::isfinite(value)) return number(value, 0);
  return with_short_exponent(fmt::format("{:.4g}", value));
}

std::string with_short_exponent(std::string number) {
  const std::size_t exponent = number.find('e');
  if (exponent == std::string::npos) return number;
  std::size_t digits = exponent + 1;
  if (number[digits] == '+') number.erase(digits, 1);
  if (number[digits] == '-') ++digits;
  while (digits + 1 < number.size() && number[digits] == '0') number.erase(digits, 1);
  return number;
}

std::string grouped(std::int64_t count) {
  std::string text = fmt::format("{}", count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string duration(double seconds) {
  if (!(seconds >= 0 && seconds < 1e9)) return "–";
  if (seconds < 0.0995) return fmt::format("{:.3g} ms", 1000 * seconds);
  if (seconds < 9.995) return fmt::format("{:.2f} s", seconds);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const std::int64_t whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", grouped(whole / 3600), whole % 3600 / 60);
}

double tenth(double coordinate) { return std::round(coordinate * 10) / 10 + 0.0; }

std::string svg_head(std::string_view id, double width, double height, std::string_view title,
                     std::string_view description) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" "
      "aria-labelledby=\"{}-title {}-desc\">\n<title id=\"{}-title\">{}</title>\n<desc "
      "id=\"{}-desc\">{}</desc>\n",
      tenth(width), tenth(height), id, id, id, escaped(title), id, escaped(description));
}

}  // namespace xtape::training
