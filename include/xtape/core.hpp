// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/core/error.hpp"
#include "xtape/core/simd.hpp"
#include "xtape/core/version.hpp"
