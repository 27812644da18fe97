// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "xtape/arrays/named_arrays.hpp"
#include "xtape/core/error.hpp"
#include "xtape/io/safetensors.hpp"

#pragma GCC visibility push(default)
namespace xtape::io {

/// Options of load_weights.
struct LoadWeightsOptions {
  /// Whether to load what fits, as for a model with a new last layer, and leave the rest of the model as it
  /// is. Otherwise everything must fit.
  bool partial = false;
};

/// What load_weights did, by the names of arrays.
struct WeightsReport {
  /// An array that model and file both have, but not of one shape and type.
  struct Misfit {
    std::string name;    ///< of the array
    std::string reason;  ///< such as "must have shape (10, 64), got (3, 64)"
  };

  std::vector<std::string> loaded;      ///< of the model: they are now those of the file
  std::vector<std::string> missing;     ///< of the model: the file has none of that name
  std::vector<std::string> unexpected;  ///< of the file: the model has none of that name
  std::vector<Misfit> misfits;          ///< of both
};

namespace detail {

// Names of a model that stand for the same memory as an earlier one does, with that.
using SharedNames = std::map<std::string, std::string>;

template <class Model>
SharedNames shared_names(Model& model, const NamedArrays& state) {
  SharedNames shared;
  if constexpr (requires { model.named_parameters(), model.named_modules(); }) {
    std::map<const void*, std::string> parameters, modules;
    for (const auto& [name, parameter] : model.named_parameters()) {
      const auto [first, is_new] = parameters.emplace(parameter, name);
      if (!is_new) shared.emplace(name, first->second);
    }
    for (const auto& [name, module] : model.named_modules()) {  // which share their buffers too
      const auto [first, is_new] = modules.emplace(module, name);
      if (is_new) continue;
      for (const auto& [of_state, array] : state) {
        if (!of_state.starts_with(name + ".")) continue;
        shared.emplace(of_state, first->second + of_state.substr(name.size()));
      }
    }
  }
  return shared;
}

// What a model is to load, which has been found to fit.
struct MatchedWeights {
  std::string subject;  // how messages begin
  NamedArrays arrays;
  WeightsReport report;
};
MatchedWeights match_weights(const std::string& path, NamedArrays model_state, const SharedNames& shared,
                             const LoadWeightsOptions& options);
MatchedWeights match_weights(Safetensors file, NamedArrays model_state, const SharedNames& shared,
                             const LoadWeightsOptions& options);
[[noreturn]] void throw_misfit(const std::string& subject, const Error& error);

template <class File, class Model>
WeightsReport load_weights(File&& file, Model& model, const LoadWeightsOptions& options) {
  NamedArrays state = model.state();
  const SharedNames shared = shared_names(model, state);
  MatchedWeights matched = match_weights(std::forward<File>(file), std::move(state), shared, options);
  try {
    model.load_state(matched.arrays);
  } catch (const Error& error) {
    throw_misfit(matched.subject, error);
  }
  return std::move(matched.report);
}

}  // namespace detail

/// Writes the state of a model, or of anything that has `NamedArrays state() const`, as a safetensors file.
/// An array that the model has under two names is written under both.
/// @throws ValueError, ArgumentError, FileError  as write_safetensors.
template <class Model>
void save_weights(const std::string& path, const Model& model, const Metadata& metadata = {},
                  StoredFloats floats = StoredFloats::as_they_are) {
  write_safetensors(path, model.state(), metadata, floats);
}

/// Reads the state of a model, or of anything that has `load_state(const NamedArrays&)` too, from a
/// safetensors file. F16 and BF16 become float32, and float32 is widened where the model holds float64;
/// nothing else is converted.
///
///     const auto report = io::load_weights("pretrained.safetensors", model, {.partial = true});
///     for (const auto& [name, reason] : report.misfits) fmt::print("{} {}\n", name, reason);
///
/// An array that is stored once and has several names is loaded under each of them: where the metadata give a
/// name and say which tensor it stands for, as Python's safetensors.torch.save_model writes tied weights, and
/// where the model itself has a parameter or a module under several names.
///
/// Everything is checked before anything changes. With options.partial only what the model has is read of the
/// file; tensors of types that cannot be read are misfits there, or unexpected, and otherwise an error.
///
/// @throws FileError  as read_safetensors, or names, types or shapes are not those of the model; with
///                    options.partial, if nothing at all fits. The model stays as it was.
template <class Model>
WeightsReport load_weights(const std::string& path, Model& model, const LoadWeightsOptions& options = {}) {
  return detail::load_weights(path, model, options);
}

/// The same of what has been read of a file, so that names can be changed in between:
///
///     auto file = io::read_safetensors("pretrained.safetensors");
///     file.arrays.rename_prefix("module.", "");
///     io::load_weights(std::move(file), model);
template <class Model>
WeightsReport load_weights(Safetensors file, Model& model, const LoadWeightsOptions& options = {}) {
  return detail::load_weights(std::move(file), model, options);
}

}  // namespace xtape::io
#pragma GCC visibility pop
