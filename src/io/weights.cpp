// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/io/weights.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "arrays/format.hpp"
#include "files/file_array.hpp"
#include "io/safetensors.hpp"

namespace xtape::io::detail {
namespace {

// What there is in a file: arrays that were read, and the types of others.
struct Source {
  std::string subject;
  NamedArrays arrays;
  Metadata metadata;
  std::map<std::string, std::string> unread;

  bool contains(const std::string& name) const { return arrays.contains(name) || unread.contains(name); }
};

AnyArray copy(const AnyArray& array) {
  return array.visit(
      []<class T>(const Array<T>& typed) { return AnyArray(Array<T>(ArrayView<const T>(typed))); });
}

AnyArray widened(AnyArray array, ElementType type) {
  if (type != ElementType::float64 || !array.holds<float>()) return array;
  return transformed<double>(array.get<float>(), [](float x) { return static_cast<double>(x); });
}

// Under which name the file has each array of the model: its own, or else one that the metadata or the model
// say is the same. What the file has not is left out.
using FoundNames = std::map<std::string, std::string>;

const std::string& first_name(const SharedNames& shared, const std::string& name) {
  const auto place = shared.find(name);
  return place != shared.end() ? place->second : name;
}

FoundNames find_names(const Source& source, const NamedArrays& model_state, const SharedNames& shared) {
  FoundNames found, by_first;
  for (const auto& [name, array] : model_state) {
    if (source.contains(name)) by_first.emplace(first_name(shared, name), name);
  }
  for (const auto& [name, array] : model_state) {
    const auto alias = source.metadata.find(name);
    const auto same = by_first.find(first_name(shared, name));
    if (source.contains(name)) {
      found.emplace(name, name);
    } else if (alias != source.metadata.end() && source.contains(alias->second)) {
      found.emplace(name, alias->second);
    } else if (same != by_first.end()) {
      found.emplace(name, same->second);
    }
  }
  return found;
}

// Empty if the array of that name in the file fits.
std::string misfit(const Source& source, const std::string& name, const AnyArray& in_model) {
  const char* const type = to_string(in_model.element_type());
  const auto unread = source.unread.find(name);
  if (unread != source.unread.end()) return fmt::format("must hold {}, got {}", type, unread->second);
  const AnyArray& array = source.arrays[name];
  const bool is_widened = array.holds<float>() && in_model.holds<double>();
  if (array.element_type() != in_model.element_type() && !is_widened) {
    return fmt::format("must hold {}, got {}", type, to_string(array.element_type()));
  }
  if (array.shape() != in_model.shape()) {
    return fmt::format("must have shape {}, got {}", in_model.shape(), array.shape());
  }
  return "";
}

WeightsReport compare(const Source& source, const NamedArrays& model_state, const FoundNames& found) {
  WeightsReport report;
  std::set<std::string> used;
  for (const auto& [name, in_model] : model_state) {
    const auto place = found.find(name);
    if (place == found.end()) {
      report.missing.push_back(name);
      continue;
    }
    used.insert(place->second);
    std::string reason = misfit(source, place->second, in_model);
    if (reason.empty()) {
      report.loaded.push_back(name);
    } else {
      report.misfits.push_back({name, std::move(reason)});
    }
  }
  const auto list_unexpected = [&](const auto& arrays) {
    for (const auto& named : arrays) {
      if (!used.contains(named.first)) report.unexpected.push_back(named.first);
    }
  };
  list_unexpected(source.arrays);
  list_unexpected(source.unread);
  std::ranges::sort(report.unexpected);
  return report;
}

// What the model itself would not refuse: that of nn::Module rounds doubles, but what a file holds is not to
// lose digits unasked; and of an array that the file has under another name only it would not know.
void require_plain_misfits(const Source& source, const NamedArrays& model_state,
                           const WeightsReport& report) {
  for (const auto& [name, reason] : report.misfits) {
    const bool is_elsewhere = !source.arrays.contains(name);
    if (is_elsewhere || (source.arrays[name].holds<double>() && model_state[name].holds<float>())) {
      fail<FileError>("{}: it must fit the model: '{}' {}", source.subject, name, reason);
    }
  }
}

void require_some(const Source& source, const WeightsReport& report) {
  if (!report.loaded.empty() || report.missing.size() + report.misfits.size() == 0) return;
  const auto first = [](const std::vector<std::string>& names) {
    return names.empty() ? "none" : in_quotes(names.front());
  };
  const std::string got =
      report.misfits.empty()
          ? fmt::format("the model has {}, the file {}", first(report.missing), first(report.unexpected))
          : fmt::format("'{}' {}", report.misfits[0].name, report.misfits[0].reason);
  fail<FileError>("{}: at least one array must fit the model, got none: {}", source.subject, got);
}

// The arrays of these names of the model. Those that are in the file under other names are copied first.
NamedArrays take(Source& source, const NamedArrays& model_state, const FoundNames& found,
                 const std::vector<std::string>& names) {
  NamedArrays arrays;
  const auto add = [&](const std::string& name, AnyArray array) {
    arrays.add(name, widened(std::move(array), model_state[name].element_type()));
  };
  for (const std::string& name : names) {
    if (found.at(name) != name) add(name, copy(source.arrays[found.at(name)]));
  }
  for (const std::string& name : names) {
    if (found.at(name) == name) add(name, source.arrays.remove(name));
  }
  return arrays;
}

// Of what is loaded under one of its names only: under the others the model would get back what it had.
void add_other_names(NamedArrays& arrays, const SharedNames& shared) {
  FoundNames by_first;
  for (const auto& [name, array] : arrays) by_first.emplace(first_name(shared, name), name);
  for (const auto& [other, first] : shared) {
    const auto loaded = by_first.find(first);
    if (loaded == by_first.end()) continue;
    for (const std::string& name : {other, first}) {
      if (!arrays.contains(name)) arrays.add(name, copy(arrays[loaded->second]));
    }
  }
}

MatchedWeights match(Source source, NamedArrays model_state, const SharedNames& shared,
                     const LoadWeightsOptions& options) {
  const FoundNames found = find_names(source, model_state, shared);
  WeightsReport report = compare(source, model_state, found);
  if (options.partial) {
    require_some(source, report);
    NamedArrays fitting = take(source, model_state, found, report.loaded);
    add_other_names(fitting, shared);
    model_state.merge(std::move(fitting));
    return {std::move(source.subject), std::move(model_state), std::move(report)};
  }
  require_plain_misfits(source, model_state, report);
  NamedArrays arrays = take(source, model_state, found, report.loaded);
  // The model is to see what does not fit too, and to say so.
  for (const auto& misfit : report.misfits) arrays.add(misfit.name, source.arrays.remove(misfit.name));
  for (const std::string& name : report.unexpected) arrays.add(name, source.arrays.remove(name));
  return {std::move(source.subject), std::move(arrays), std::move(report)};
}

}  // namespace

MatchedWeights match_weights(const std::string& path, NamedArrays model_state, const SharedNames& shared,
                             const LoadWeightsOptions& options) {
  SafetensorsReader reader("load_weights", path);
  const auto& [tensors, metadata] = reader.header();
  Source source{reader.subject(), {}, metadata, {}};
  std::set<std::string> wanted;
  for (const auto& [name, array] : model_state) {
    wanted.insert(name);
    if (const auto alias = metadata.find(name); alias != metadata.end()) wanted.insert(alias->second);
  }
  for (const auto& [name, tensor] : tensors) {
    if (!options.partial || (tensor.type != nullptr && wanted.contains(name))) continue;
    source.unread.emplace(name, tensor.type_name);
  }
  source.arrays = reader.read([&](const std::string& name) { return !source.unread.contains(name); },
                              "; to load the other tensors, set options.partial");
  return match(std::move(source), std::move(model_state), shared, options);
}

MatchedWeights match_weights(Safetensors file, NamedArrays model_state, const SharedNames& shared,
                             const LoadWeightsOptions& options) {
  Source source{"load_weights", std::move(file.arrays), std::move(file.metadata), {}};
  return match(std::move(source), std::move(model_state), shared, options);
}

void throw_misfit(const std::string& subject, const Error& error) {
  fail<FileError>("{}: it must fit the model: {}", subject, error.what());
}

}  // namespace xtape::io::detail
