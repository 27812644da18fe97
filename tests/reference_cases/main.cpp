// SPDX-License-Identifier: BSD-3-Clause
// reference_cases FILE...: computes every case of these files, which are in the format of
// tests/reference/README.md, and compares the result, its shape, its gradients or its error. Prints what is
// wrong with each case that fails.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "case.hpp"
#include "run.hpp"
#include "xtape/core/error.hpp"

namespace {

using namespace reference;

struct Tally {
  std::size_t passed = 0, failed = 0;
  std::size_t in_float = 0, at_clip_end = 0, ill_conditioned = 0;
};

Case with_float_inputs(Case test) {
  for (auto& [name, input] : test.inputs) {
    for (double& element : input) element = static_cast<float>(element);
  }
  return test;
}

// What is wrong with a case, in double or else in float. In float there is nothing to learn where a
// probability sits at an end of its clip interval, which is another number in float, nor where rounding the
// inputs to float already changes the exact result.
std::vector<std::string> check(const nlohmann::json& source, const Case& test, Tally& tally) {
  const Outcome in_double = run<double>(test);
  auto wrong = differences(test, in_double, {test.tolerance, test.atol});
  if (!wrong.empty()) return wrong;

  const Tolerance float_tolerance{std::max(test.tolerance, 1e-5), std::max(test.atol, 1e-6)};
  const Outcome in_float = run<float>(test);
  if (in_double.at_clip_end || in_float.at_clip_end) {
    ++tally.at_clip_end;
  } else if (!differences(test, run<double>(with_float_inputs(parse(source))), float_tolerance).empty()) {
    ++tally.ill_conditioned;
  } else {
    ++tally.in_float;
    wrong = differences(test, in_float, float_tolerance);
    for (std::string& sentence : wrong) sentence = "in float: " + sentence;
  }
  return wrong;
}

void run_case(const nlohmann::json& source, const std::string& place, Tally& tally) {
  std::string name = place;
  std::vector<std::string> wrong;
  try {
    name = source.at("id").get<std::string>();
    wrong = check(source, parse(source), tally);
  } catch (const std::exception& error) {
    wrong = {error.what()};
  }
  for (const std::string& sentence : wrong) fmt::print("{}: {}\n", name, sentence);
  wrong.empty() ? ++tally.passed : ++tally.failed;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) throw xtape::Error("usage: reference_cases FILE...");
  Tally tally;
  for (int i = 1; i < argc; ++i) {
    const auto cases = read_file(argv[i]);
    for (std::size_t number = 0; number < cases.size(); ++number) {
      run_case(cases[number], fmt::format("{}, case {}", argv[i], number), tally);
    }
  }
  fmt::print(
      "in float too: {}; not those with a probability at an end of its clip interval: {}, "
      "nor those that change when the inputs are rounded: {}\n",
      tally.in_float, tally.at_clip_end, tally.ill_conditioned);
  fmt::print("{} passed, {} failed\n", tally.passed, tally.failed);
  return tally.failed == 0 && tally.passed > 0 ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "reference_cases: {}\n", error.what());
  return 1;
}
