// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "steps.hpp"

namespace benchmarks::with_torch {

at::Tensor tensor(const Numbers& numbers);
at::Tensor tensor(const std::vector<std::int64_t>& indices);

void append(const at::Tensor& values, Step::Results& results);

}  // namespace benchmarks::with_torch
