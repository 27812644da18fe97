// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <sstream>
#include <string>
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
      if (!same && !(std::abs(got[i] - want) <= absolute_ + relative_ * std::abs(want))) return false;
    }
    return true;
  }

  std::string describe() const override {
    std::ostringstream text;
    text.precision(17);
    text << "is within " << relative_ << " (relative) or " << absolute_ << " of {";
    for (const double value : expected_) text << ' ' << value;
    text << " }";
    return text.str();
  }

 private:
  std::vector<double> expected_;
  double relative_;
  double absolute_;
};

}  // namespace xtape::testing
