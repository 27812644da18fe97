// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "xtape/xtape.hpp"

template <>
struct Catch::StringMaker<xtape::GradcheckReport> {
  static std::string convert(const xtape::GradcheckReport& report) { return report.message; }
};

namespace xtape::testing {

#if __has_include(<catch2/catch_all.hpp>)
template <class T>
using MatcherOf = Catch::Matchers::MatcherBase<T>;
#else
template <class T>
using MatcherOf = Catch::MatcherBase<T>;
#endif

inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

/// A relative tolerance of so many units in the last place of T.
template <class T>
constexpr double ulps(double count) {
  return count * static_cast<double>(std::numeric_limits<T>::epsilon());
}

/// array({2, 1}, {5, 6}): the array of that shape with those elements, in row-major order.
inline xt::xarray<double> array(const Shape& shape, const std::vector<double>& elements) {
  auto result = xt::xarray<double>::from_shape(std::vector<std::size_t>(shape.begin(), shape.end()));
  std::copy_n(elements.begin(), result.size(), result.begin());
  return result;
}

/// Distinct numbers in (low, high), none a round one and no two near each other: fractions of multiples of
/// the golden ratio.
inline xt::xarray<double> irregular(const Shape& shape, double low = -2, double high = 2) {
  std::vector<double> elements(shape.elements());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const double multiple = static_cast<double>(i + 1) * 0.6180339887498949;
    elements[i] = low + (high - low) * (multiple - std::floor(multiple));
  }
  return array(shape, elements);
}

/// A scalar, arrays without elements, and ranks up to the largest.
inline const std::vector<Shape> shapes_of_every_kind{{},     {0},       {3},
                                                     {1, 4}, {2, 0, 3}, {2, 1, 2, 1, 1, 3, 1, 2}};

/// Pairs of shapes that broadcast, of every kind.
inline const std::vector<std::pair<Shape, Shape>> shapes_that_broadcast{
    {{3, 4}, {3, 4}}, {{3, 4}, {4}}, {{3, 1}, {1, 4}},    {{1}, {3}},
    {{2, 3}, {}},     {{}, {2, 3}},  {{2, 1, 3}, {4, 1}}, {{2, 1, 1, 2, 1, 1, 1, 2}, {1, 2, 2, 1, 2}}};

/// CHECK(refusal<ShapeError>(tape, [&] { add(a, b); }) == "add: ..."): the text of what `call` throws. It
/// says so if that is no Error, or if the tape is not as it was before.
template <class Error, class T, class Call>
std::string refusal(Tape<T>& tape, Call call) {
  const TapeStatistics before = tape.statistics();
  try {
    call();
  } catch (const Error& error) {
    const TapeStatistics after = tape.statistics();
    const bool unchanged = after.nodes == before.nodes && after.bytes_in_use == before.bytes_in_use;
    return error.what() + std::string(unchanged ? "" : " (and the tape has changed)");
  } catch (const std::exception& error) {
    return std::string("of another type: ") + error.what();
  }
  return "nothing was thrown";
}

/// CHECK_THAT(gradcheck(f, x), HasCorrectGradient()): a failure prints the checker's report.
struct HasCorrectGradient : MatcherOf<GradcheckReport> {
  bool match(const GradcheckReport& report) const override { return report.passed && report.elements > 0; }
  std::string describe() const override { return "has the gradient that central differences give"; }
};

/// An array of doubles, as `values(x)` makes it of anything that xtape or xtensor holds.
template <class Array>
std::vector<double> values(const Array& array) {
  if constexpr (requires { array.values(); }) {
    return std::vector<double>(array.values().begin(), array.values().end());
  } else {
    return std::vector<double>(array.begin(), array.end());
  }
}

/// CHECK_THAT(values(y), AllClose({1, 2}, 1e-6)): the same number of entries, each within the relative
/// tolerance of the expected one, or within `absolute` of it. NaN equals NaN.
class AllClose : public MatcherOf<std::vector<double>> {
 public:
  AllClose(std::vector<double> expected, double relative, double absolute = 0)
      : expected_(std::move(expected)), relative_(relative), absolute_(absolute) {}

  bool match(const std::vector<double>& got) const override {
    if (got.size() != expected_.size()) return false;
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double want = expected_[i];
      const bool same = got[i] == want || (std::isnan(got[i]) && std::isnan(want));
      if (same || std::abs(got[i] - want) <= absolute_ + relative_ * std::abs(want)) continue;
      std::ostringstream text;
      text.precision(17);
      text << "; first miss: [" << i << "] is " << got[i];
      first_miss_ = text.str();
      return false;
    }
    return true;
  }

  std::string describe() const override {
    std::ostringstream text;
    text.precision(17);
    text << "is within " << relative_ << " (relative) or " << absolute_ << " of {";
    for (const double value : expected_) text << ' ' << value;
    text << " }" << first_miss_;
    return text.str();
  }

 private:
  std::vector<double> expected_;
  double relative_;
  double absolute_;
  mutable std::string first_miss_;  // Catch2 calls describe() after match()
};

}  // namespace xtape::testing
