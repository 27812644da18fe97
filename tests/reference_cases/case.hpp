// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "xtape/arrays/array.hpp"

namespace reference {

using Tensor = xtape::Array<double>;

// One case, as tests/reference/README.md defines it.
struct Case {
  std::string id;
  std::string family;
  std::map<std::string, Tensor> inputs;
  std::map<std::string, nlohmann::json> params;
  std::string error;  // the kind that must be raised; empty if there is a value
  Tensor value;
  std::map<std::string, Tensor> gradients;
  double tolerance;
  double atol;
};

// What a family made of a case.
struct Outcome {
  std::string error;  // its kind; empty if there is a value
  std::string message;
  Tensor value;
  std::map<std::string, Tensor> gradients;
  bool at_clip_end = false;  // a probability sits at or beyond an end of the interval it is clipped to
};

struct Tolerance {
  double relative;
  double absolute;
};

class MalformedCase : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The cases of a file, not yet parsed.
// Throws xtape::FileError if it is missing or holds no list.
std::vector<nlohmann::json> read_file(const std::string& path);

// Throws MalformedCase or nlohmann's exceptions.
Case parse(const nlohmann::json& source);

// Every way in which the outcome is not what the case expects, as a sentence; nothing if it passes.
std::vector<std::string> differences(const Case& test, const Outcome& outcome, Tolerance tolerance);

}  // namespace reference
