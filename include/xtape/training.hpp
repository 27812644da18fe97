// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/training/history.hpp"
#include "xtape/training/report.hpp"
#include "xtape/training/train.hpp"
