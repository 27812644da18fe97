// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "training/report_page.hpp"
#include "xtape/metrics/calibration.hpp"

namespace xtape::training {

inline constexpr std::size_t reliability_bins = 10;

// What the probabilities of a table are of.
struct ReliabilityWords {
  const char* note;        // what the diagram shows
  const char* confidence;  // along the axis
  const char* mean;        // of the confidences of a bin
  const char* accuracy;    // a bar
};

inline constexpr ReliabilityWords reliability_of_classes{
    .note = "How often rows of some confidence are right",
    .confidence = "Confidence (probability of the predicted class)",
    .mean = "mean confidence",
    .accuracy = "accuracy"};

inline constexpr ReliabilityWords reliability_of_binary{
    .note = "How often rows of some probability are of class 1",
    .confidence = "Predicted probability of class 1",
    .mean = "mean probability",
    .accuracy = "fraction of class 1"};

// The accuracy of each bin against its confidence, over a histogram of the confidences.
Section reliability_section(const metrics::ReliabilityTable& table, const ReliabilityWords& words);

}  // namespace xtape::training
