// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "xtape/arrays/array_view.hpp"

namespace xtape::io::plain_c {

// x goes to ((x - high) - low) factor, in floats: the mean in two of them, so that nothing is lost where x
// is near it. Throws ArgumentError where floats do not reach.
struct Centering {
  float high, low, factor;

  static Centering standardizing(double mean, double scale);
  static Centering scaling(double factor, double shift);
};

// A float as C writes it, which reads back to the same: "0.1f", "-1.0f", "NAN".
std::string c_number(float x);

// A text as C writes it, in quotes.
std::string c_text(std::string_view text);

// A text that ends no comment, in one line.
std::string in_comment(std::string_view text);

// "a, b, c" in lines behind an indent.
std::string c_list(const std::vector<std::string>& items, std::string_view indent);

// `static const type name[size] = {...};`
std::string c_array(std::string_view type, std::string_view name, const std::vector<std::string>& items);
// `static const float name[size] = {...};`
std::string c_floats(const std::string& name, ArrayView<const float> numbers);
// The same with another type.
std::string c_integers(const char* type, const std::string& name, const std::vector<int>& numbers);

}  // namespace xtape::io::plain_c
