// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "xtape/io/safetensors.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// What a training and its resumption must have in common, in words, by its name in Dataset or Options: what
// stands in the metadata of a checkpoint. Rows and labels are told by a CRC-32 of their bytes in their order.
// @param stream  null: data.train is what is learned from
template <class T>
io::Metadata settings_of(const Dataset<T>& data, const Options<T>& options, const StreamDataset<T>* stream);

// A line for each that differs, with both values and where they are; empty if none does.
std::string differences(const io::Metadata& first, const io::Metadata& second, const std::string& of_first,
                        const std::string& of_second);

// A CRC-32 of all names and elements.
std::string fingerprint_of_state(const NamedArrays& arrays);

constexpr const char* learning_rates_setting = "options.optimizer, learning rates";
// As they stand in settings.
std::string learning_rates_in_words(const std::vector<double>& rates);

}  // namespace xtape::training
