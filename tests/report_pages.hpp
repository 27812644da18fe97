// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "files.hpp"
#include "xtape/training/report.hpp"

namespace xtape::testing {

/// What an XML parser would complain about first, numbers that are none among the attributes, and ids that
/// stand twice; empty if nothing.
class Parser {
 public:
  static std::string complaint(const std::string& page) {
    Parser parser(page);
    const std::string doctype = "<!DOCTYPE html>\n";
    if (!page.starts_with(doctype)) return "no doctype";
    parser.at_ = doctype.size();
    while (parser.at_ < page.size() && parser.complaint_.empty()) {
      page[parser.at_] == '<' ? parser.tag() : parser.text();
    }
    if (parser.complaint_.empty() && !parser.open_.empty()) return "never closed: " + parser.open_.back();
    return parser.complaint_;
  }

 private:
  explicit Parser(const std::string& page) : page_(page) {}

  void fail(const std::string& what) {
    if (complaint_.empty()) complaint_ = what + " at " + page_.substr(at_, 60);
  }

  void text() {
    const std::size_t end = std::min(page_.find('<', at_), page_.size());
    check_references(page_.substr(at_, end - at_));
    at_ = end;
  }

  void check_references(const std::string& text) {
    for (std::size_t i = text.find('&'); i != std::string::npos; i = text.find('&', i + 1)) {
      const std::string name = text.substr(i, text.find(';', i) - i + 1);
      const std::set<std::string> known{"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
      if (!known.contains(name)) fail("unknown reference " + name);
    }
  }

  void tag() {
    const std::size_t end = page_.find('>', at_);
    if (end == std::string::npos) return fail("tag without end");
    const std::string tag = page_.substr(at_ + 1, end - at_ - 1);
    if (tag.starts_with("/")) {
      if (open_.empty() || open_.back() != tag.substr(1)) return fail("closes what is not open");
      open_.pop_back();
    } else {
      const std::string name = tag.substr(0, tag.find_first_of(" /\n"));
      if (!tag.ends_with("/")) open_.push_back(name);
      attributes(tag.substr(name.size(), tag.size() - name.size() - (tag.ends_with("/") ? 1 : 0)));
    }
    at_ = end + 1;
  }

  void attributes(std::string rest) {
    while (!rest.empty() && complaint_.empty()) {
      if (rest[0] != ' ') return fail("attributes without space between");
      const std::size_t quote = rest.find("=\""), end = rest.find('"', quote + 2);
      if (quote == std::string::npos || end == std::string::npos) return fail("attribute without quotes");
      const std::string name = rest.substr(1, quote - 1), value = rest.substr(quote + 2, end - quote - 2);
      check_references(value);
      if (name == "id" && !ids_.insert(value).second) fail("second id " + value);
      const bool is_text = name == "aria-label" || name == "content";
      for (const char* none : {"nan", "inf"}) {
        if (!is_text && value.find(none) != std::string::npos) fail(name + " is " + value);
      }
      rest.erase(0, end + 1);
    }
  }

  const std::string& page_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  std::set<std::string> ids_;
  std::string complaint_;
};

/// How often a part stands in a text.
inline std::size_t count(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (std::size_t i = text.find(part); i != std::string::npos; i = text.find(part, i + 1)) ++times;
  return times;
}

/// Three epochs, the second of them the best.
inline training::History falling_history() {
  training::History history;
  history.epochs = {
      {1, 0.1, 1.0, 0.5, 0.9, 0.6, 1.5}, {2, 0.1, 0.5, 0.8, 0.6, 0.75, 3}, {3, 0.05, 0, 1, 0.7, 0.7, 4.5}};
  history.best_epoch = 2;
  return history;
}

/// The page that write_report makes of them.
template <class... Arguments>
std::string report(const training::History& history, const Arguments&... arguments) {
  const TemporaryPath path;
  training::write_report(path, history, arguments...);
  return path.content();
}

/// What a call throws, in words.
template <class Call>
std::string message(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace xtape::testing
