// SPDX-License-Identifier: BSD-3-Clause
#include "training/settings.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "arrays/format.hpp"
#include "training/loaded_rows.hpp"
#include "training/stream_window.hpp"

namespace xtape::training {
namespace {

constexpr std::size_t elements_at_a_time = std::size_t{1} << 16;

// "150 rows of (4), CRC-32 8c1f02aa"
template <class U>
std::string fingerprint_of_rows(const data::Rows<U>& source, std::span<const std::size_t> rows) {
  const std::size_t width = source.width();
  const std::size_t rows_at_a_time =
      std::max<std::size_t>(1, elements_at_a_time / std::max<std::size_t>(1, width));
  std::vector<U> elements;
  uLong crc = ::crc32_z(0, nullptr, 0);
  for (std::size_t done = 0; done < rows.size() && width > 0; done += rows_at_a_time) {
    const auto some = rows.subspan(done, std::min(rows_at_a_time, rows.size() - done));
    elements.resize(some.size() * width);
    source.read_rows(some, elements);
    crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(elements.data()), elements.size() * sizeof(U));
  }
  const Shape of_row(source.shape().begin() + 1, source.shape().end());
  const std::string each = of_row.rank() == 0 ? "" : fmt::format(" of {}", of_row);
  return fmt::format("{} rows{}, CRC-32 {:08x}", rows.size(), each, crc);
}

template <class T>
void add_rows(io::Metadata& settings, const char* name, const Dataset<T>& data,
              const std::vector<std::size_t>& rows) {
  settings[fmt::format("features of {}", name)] = fingerprint_of_rows(data.features, rows);
  settings[fmt::format("targets of {}", name)] = data.targets.kind() == TargetKind::class_indices
                                                     ? fingerprint_of_rows(data.targets.class_indices(), rows)
                                                     : fingerprint_of_rows(data.targets.values(), rows);
  if (data.weights.given())
    settings[fmt::format("weights of {}", name)] = fingerprint_of_rows(data.weights, rows);
}

// A stream is known by the first of its rows: to read all of them may take as long as an epoch.
constexpr std::size_t rows_of_stream = 1024;

template <class T>
void add_stream(io::Metadata& settings, const StreamDataset<T>& data) {
  StreamWindow<T> window(data.stream, data.kind, 1);
  window.rewind(0);
  LoadedRows<T> rows;
  uLong features = ::crc32_z(0, nullptr, 0), targets = features, weights = features;
  const auto extend = [](uLong& crc, const auto& elements) {
    const std::size_t bytes = elements.size() * sizeof(*elements.data());
    if (bytes > 0) crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(elements.data()), bytes);
  };
  std::size_t count = 0;
  while (count < rows_of_stream && window.next(16, rows)) {
    count += rows.count();
    extend(features, rows.features());
    if (data.kind == TargetKind::class_indices) {
      extend(targets, rows.targets().class_indices());
    } else {
      extend(targets, rows.targets().values());
    }
    extend(weights, rows.weights());
  }
  settings["features of the first rows of data.stream"] =
      fmt::format("{} rows of {}, CRC-32 {:08x}", count, data.stream.feature_shape(), features);
  settings["targets of the first rows of data.stream"] =
      fmt::format("{} rows of {}, CRC-32 {:08x}", count, data.stream.target_shape(), targets);
  if (data.stream.has_weights()) {
    settings["weights of the first rows of data.stream"] = fmt::format("CRC-32 {:08x}", weights);
  }
  settings["data.window"] = fmt::format("{}", data.window);
}

}  // namespace

std::string learning_rates_in_words(const std::vector<double>& rates) {
  return fmt::format("{}", fmt::join(rates, ", "));
}

template <class T>
io::Metadata settings_of(const Dataset<T>& data, const Options<T>& options, const StreamDataset<T>* stream) {
  io::Metadata settings{
      {"options.batch_size", fmt::format("{}", options.batch_size)},
      {"options.drop_last", fmt::format("{}", options.drop_last)},
      {"options.balance_classes", fmt::format("{}", options.balance_classes)},
      {"options.balance_loss", fmt::format("{}", options.balance_loss)},
      {"options.shards", fmt::format("{}", options.shards)},
      {"options.augment", options.augment ? "given" : "none"},
      {"kind of data.targets", to_string(data.targets.kind())},
      {"options.optimizer", options.optimizer.settings()},
      {learning_rates_setting, learning_rates_in_words(options.optimizer.learning_rates())}};
  if (stream == nullptr) {
    add_rows(settings, "data.train", data, data.train);
    add_rows(settings, "data.validation", data, data.validation);
  } else {
    add_stream(settings, *stream);
    if (!data.validation.empty()) add_rows(settings, "data.measured_by.validation", data, data.validation);
  }
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

std::string differences(const io::Metadata& first, const io::Metadata& second, const std::string& of_first,
                        const std::string& of_second) {
  io::Metadata names = first;
  names.insert(second.begin(), second.end());
  const auto value = [](const io::Metadata& settings, const std::string& name) {
    const auto setting = settings.find(name);
    return setting == settings.end() ? std::string("none") : setting->second;
  };
  std::string text;
  for (const auto& [name, any] : names) {
    const std::string before = value(first, name), after = value(second, name);
    if (before != after)
      text += fmt::format("\n  {}: {} {}, {} {}", name, before, of_first, after, of_second);
  }
  return text;
}

std::string fingerprint_of_state(const NamedArrays& arrays) {
  uLong crc = ::crc32_z(0, nullptr, 0);
  for (const auto& [name, array] : arrays) {
    crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(name.data()), name.size());
    array.visit([&crc](const auto& elements) {
      if (elements.size() == 0) return;
      crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(elements.data()),
                      elements.size() * sizeof(elements.data()[0]));
    });
  }
  return fmt::format("CRC-32 {:08x}", crc);
}

template io::Metadata settings_of(const Dataset<float>&, const Options<float>&, const StreamDataset<float>*);
template io::Metadata settings_of(const Dataset<double>&, const Options<double>&,
                                  const StreamDataset<double>*);

}  // namespace xtape::training
