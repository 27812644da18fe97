// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace xtape::training {

template <class... Arguments>
void append(std::string& markup, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(markup), text, std::forward<Arguments>(arguments)...);
}

// As the content of an element or an attribute. What XML may not hold becomes U+FFFD.
std::string escaped(std::string_view text);

// At most so many columns of a font of equal width, and not escaped; an ellipsis stands for the rest.
std::string shortened(std::string_view text, std::size_t columns);
// Chinese, Japanese and Korean characters take two.
std::size_t columns_of(std::string_view text);

// With a dash for NaN and the sign of infinity.
std::string number(double value, int decimals);
std::string percent(double fraction, int decimals = 1);
// Of four digits, or with an exponent: "0.09124", "1.5e-7".
std::string significant(double value);
// "e+05" as "e5"
std::string with_short_exponent(std::string number);
// "1,234,567"
std::string grouped(std::int64_t count);
// "1.17 ms", "0.53 s", "5 min 12 s", "2 h 5 min"
std::string duration(double seconds);

// A coordinate to a tenth of a pixel, never as -0.
double tenth(double coordinate);

// Where plots lie in their pictures, in pixels.
inline constexpr double plot_width = 560, plot_left = 56, plot_right = plot_width - 16, plot_top = 34;

// The beginning of a figure, up to its description. `title` and `description` are not escaped yet.
std::string svg_head(std::string_view id, double width, double height, std::string_view title,
                     std::string_view description);

}  // namespace xtape::training
