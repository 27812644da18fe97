// SPDX-License-Identifier: BSD-3-Clause
#include "training/same_ranks.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include "arrays/format.hpp"
#include "training/settings.hpp"

namespace xtape::training {
namespace {

constexpr char end_of_text = '\0';

std::string text_of(const io::Metadata& settings) {
  std::string text;
  for (const auto& [name, value] : settings) text += name + end_of_text + value + end_of_text;
  return text;
}

io::Metadata settings_in(const std::string& text) {
  io::Metadata settings;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end_of_name = text.find(end_of_text, at), end = text.find(end_of_text, end_of_name + 1);
    settings[text.substr(at, end_of_name - at)] = text.substr(end_of_name + 1, end - end_of_name - 1);
    at = end + 1;
  }
  return settings;
}

}  // namespace

void require_same_ranks(distributed::Communicator& communicator, const io::Metadata& settings) {
  const std::vector<std::string> texts = communicator.gather(text_of(settings));
  for (std::size_t rank = 1; rank < texts.size(); ++rank) {
    if (texts[rank] == texts[0]) continue;
    fail<ArgumentError>(
        "train: all ranks must have the same model, data, options and version, got others on rank {}:{}",
        rank,
        differences(settings_in(texts[0]), settings_in(texts[rank]), "on rank 0",
                    fmt::format("on rank {}", rank)));
  }
}

}  // namespace xtape::training
