// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/inference/pipeline.hpp"
#include "xtape/inference/predictor.hpp"
