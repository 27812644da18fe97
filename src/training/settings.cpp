// SPDX-License-Identifier: BSD-3-Clause
#include "training/settings.hpp"

#include <zlib.h>

#include <cstddef>
#include <span>

#include "arrays/format.hpp"

namespace xtape::training {
namespace {

// "150 rows of (4), CRC-32 8c1f02aa"
template <class U>
std::string fingerprint(ArrayView<const U> array, std::span<const std::size_t> rows) {
  const Shape& shape = array.shape();
  const Shape of_row(shape.begin() + 1, shape.end());
  const std::size_t width = of_row.elements();
  uLong crc = ::crc32_z(0, nullptr, 0);
  for (const std::size_t row : rows) {
    if (width == 0) break;  // of which a null pointer may tell
    crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(array.data() + row * width), width * sizeof(U));
  }
  const std::string each = of_row.rank() == 0 ? "" : fmt::format(" of {}", of_row);
  return fmt::format("{} rows{}, CRC-32 {:08x}", rows.size(), each, crc);
}

template <class T>
void add_rows(io::Metadata& settings, const char* name, const Dataset<T>& data,
              const std::vector<std::size_t>& rows) {
  settings[fmt::format("features of {}", name)] = fingerprint<T>(data.features, rows);
  settings[fmt::format("labels of {}", name)] = fingerprint<std::int64_t>(data.labels, rows);
}

}  // namespace

std::string learning_rates_in_words(const std::vector<double>& rates) {
  return fmt::format("{}", fmt::join(rates, ", "));
}

template <class T>
io::Metadata settings_of(const Dataset<T>& data, const Options<T>& options) {
  io::Metadata settings{
      {"options.batch_size", fmt::format("{}", options.batch_size)},
      {"options.drop_last", fmt::format("{}", options.drop_last)},
      {"options.balance_classes", fmt::format("{}", options.balance_classes)},
      {"options.optimizer", options.optimizer.settings()},
      {learning_rates_setting, learning_rates_in_words(options.optimizer.learning_rates())}};
  add_rows(settings, "data.train", data, data.train);
  add_rows(settings, "data.validation", data, data.validation);
  if (options.ignore_index) settings["options.ignore_index"] = fmt::format("{}", *options.ignore_index);
  if (options.max_gradient_norm) {
    settings["options.max_gradient_norm"] = fmt::format("{}", *options.max_gradient_norm);
  }
  if (options.schedule != nullptr) {
    settings["options.schedule_every"] = options.schedule_every == Every::batch ? "batch" : "epoch";
  }
  if (options.early_stopping) {
    settings["options.early_stopping"] =
        fmt::format("minimum_improvement = {}, mode = {}", options.early_stopping->minimum_improvement,
                    options.early_stopping->mode == optim::Mode::min ? "min" : "max");
  }
  if (options.weight_average) {
    settings["options.weight_average"] = fmt::format(
        "decay = {}, warm_up = {}", options.weight_average->decay, options.weight_average->warm_up);
  }
  return settings;
}

std::string differences(const io::Metadata& in_checkpoint, const io::Metadata& now) {
  io::Metadata names = in_checkpoint;
  names.insert(now.begin(), now.end());
  const auto value = [](const io::Metadata& settings, const std::string& name) {
    const auto setting = settings.find(name);
    return setting == settings.end() ? std::string("none") : setting->second;
  };
  std::string text;
  for (const auto& [name, any] : names) {
    const std::string before = value(in_checkpoint, name), after = value(now, name);
    if (before != after) text += fmt::format("\n  {}: {} in the checkpoint, {} now", name, before, after);
  }
  return text;
}

template io::Metadata settings_of(const Dataset<float>&, const Options<float>&);
template io::Metadata settings_of(const Dataset<double>&, const Options<double>&);

}  // namespace xtape::training
