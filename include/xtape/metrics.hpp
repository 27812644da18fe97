// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/metrics/calibration.hpp"
#include "xtape/metrics/classification.hpp"
#include "xtape/metrics/classification_report.hpp"
#include "xtape/metrics/estimate.hpp"
#include "xtape/metrics/multilabel.hpp"
#include "xtape/metrics/numbers.hpp"
#include "xtape/metrics/proper_scores.hpp"
#include "xtape/metrics/ranking.hpp"
#include "xtape/metrics/regression.hpp"
#include "xtape/metrics/scores.hpp"
#include "xtape/metrics/temperature.hpp"
#include "xtape/metrics/thresholds.hpp"
#include "xtape/metrics/yes_or_no.hpp"
