// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/training/cross_validate.hpp"
#include "xtape/training/evaluate.hpp"
#include "xtape/training/history.hpp"
#include "xtape/training/report.hpp"
#include "xtape/training/search.hpp"
#include "xtape/training/targets.hpp"
#include "xtape/training/train.hpp"
