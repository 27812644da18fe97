// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "xtape/core/error.hpp"
#include "xtape/core/named_arrays.hpp"
#include "xtape/io/safetensors.hpp"

#pragma GCC visibility push(default)
namespace xtape::io {

namespace detail {

NamedArrays read_weights(const std::string& path, const NamedArrays& model_state);
[[noreturn]] void throw_misfit(const std::string& path, const Error& error);

}  // namespace detail

/// Writes the state of a model, or of anything that has `NamedArrays state() const`, as a safetensors file.
/// @throws ArgumentError, FileError  as write_safetensors.
template <class Model>
void save_weights(const std::string& path, const Model& model, const Metadata& metadata = {}) {
  write_safetensors(path, model.state(), metadata);
}

/// Reads the state of a model, or of anything that has `load_state(const NamedArrays&)` too, from a
/// safetensors file. float32 is widened where the model holds float64; nothing else is converted.
/// @throws FileError  as read_safetensors, or names, types or shapes are not those of the model. The model
///                    stays as it was.
template <class Model>
void load_weights(const std::string& path, Model& model) {
  const NamedArrays weights = detail::read_weights(path, model.state());
  try {
    model.load_state(weights);
  } catch (const Error& error) {
    detail::throw_misfit(path, error);
  }
}

}  // namespace xtape::io
#pragma GCC visibility pop
