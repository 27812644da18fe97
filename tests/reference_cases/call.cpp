// SPDX-License-Identifier: BSD-3-Clause
#include "call.hpp"

#include <algorithm>
#include <cmath>

namespace reference {

xtape::Array<std::int64_t> Arguments::integers(const std::string& name) const {
  const Tensor& values = test_.inputs.at(name);
  xtape::Array<std::int64_t> integers(values.shape());
  std::ranges::transform(values, integers.begin(), [&](double value) {
    if (value != std::trunc(value) || std::abs(value) > 0x1p53) {
      throw MalformedCase(fmt::format("{} must hold integers, got {}", name, value));
    }
    return static_cast<std::int64_t>(value);
  });
  return integers;
}

const Tensor* Arguments::find(const std::string& name) const {
  const auto input = test_.inputs.find(name);
  return input == test_.inputs.end() ? nullptr : &input->second;
}

xtape::losses::Weights Arguments::weights(const std::string& name) const {
  const Tensor* const given = find(name);
  return given ? xtape::losses::Weights(*given) : xtape::losses::Weights();
}

}  // namespace reference
