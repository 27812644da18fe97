// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xtape/metrics/estimate.hpp"

namespace xtape::training {

struct Section {
  std::string markup;  // its content
  std::string id;
  bool is_wide = false;
  bool is_long = false;  // may go over several sheets of paper
};

// The beginning of a section; `text` and `note` are escaped already.
std::string heading(const std::string& id, const std::string& text, const std::string& note = "");

// The numbers that one looks at first, side by side.
class KeyFigures {
 public:
  // `detail` stands below the value.
  void add(const char* name, const std::string& value, const std::string& detail = "");
  // With the standard error below.
  void add_fraction(const char* name, const metrics::Estimate& fraction);  // in per cent
  void add_number(const char* name, const metrics::Estimate& number);      // of a size about 1
  void add_amount(const char* name, const metrics::Estimate& amount);      // of any size

  std::string markup() const { return "<dl class=\"figures\">\n" + figures_ + "</dl>\n"; }

 private:
  std::string figures_;
};

struct Page {
  std::string title;     // not escaped yet
  std::string subtitle;  // this and the others are
  std::string notes;     // paragraphs, about what is left out
  std::string figures;
  std::vector<Section> sections;    // in two columns
  std::vector<Section> at_the_end;  // of the whole width
};

// The file.
std::string html_of(const Page& page);

}  // namespace xtape::training
