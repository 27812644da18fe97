// SPDX-License-Identifier: BSD-3-Clause
#include "training/findings.hpp"

#include "arrays/format.hpp"
#include "training/markup.hpp"

namespace xtape::training {

std::string counted(std::size_t count, const char* noun, const char* plural) {
  const std::string number = grouped(static_cast<std::int64_t>(count));
  if (count == 1) return fmt::format("{} {}", number, noun);
  return plural == nullptr ? fmt::format("{} {}s", number, noun) : fmt::format("{} {}", number, plural);
}

std::vector<std::string> names_of(std::size_t count, const char* things,
                                  const std::vector<std::string>& given) {
  if (!given.empty() && given.size() != count) {
    fail<ArgumentError>("{}: options.class_names must be one for each of {} {}, or none, got {}",
                        report_function, count, things, given.size());
  }
  if (!given.empty()) return given;
  std::vector<std::string> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = std::to_string(i);
  return numbers;
}

std::string warning_of_rows(std::size_t left_out, std::size_t all, const char* reason) {
  if (left_out == 0) return "";
  return fmt::format("<p class=\"warning\">Left out of all that follows: {} of {} rows, {}.</p>\n",
                     grouped(static_cast<std::int64_t>(left_out)), grouped(static_cast<std::int64_t>(all)),
                     reason);
}

}  // namespace xtape::training
