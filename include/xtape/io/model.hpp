// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "xtape/inference/pipeline.hpp"

#pragma GCC visibility push(default)
namespace xtape::io {

/// Writes a whole model as one file: its modules and their state, the steps before and after it, the version
/// of xtape, and its card.
///
///     io::save_model("tumours.xtape", pipeline);
///     const auto same = io::load_model<float>("tumours.xtape");
///     fmt::print("{}\n", same.names(same.read_features("patients.csv")));
///
/// The file is in the safetensors format: other tools read the arrays, "model.0.weight", "standardizer.mean"
/// and so on, and in the metadata, under "xtape.model", all the rest as JSON. It is replaced as a whole, as
/// by write_safetensors.
///
/// @throws ArgumentError, ShapeError  the pipeline is not valid, a module has no config() or the name of
///                                    another class, a number in one is not finite, or a text is not UTF-8.
/// @throws FileError                  as write_safetensors.
template <class T>
void save_model(const std::string& path, const inference::Pipeline<T>& pipeline);

/// Reads what save_model wrote. The pipeline owns all of it, and its model is in evaluation mode. Modules of
/// the program's own must be registered: see nn::register_module. load_model<double> takes a model of floats
/// too, and gives what it gives up to rounding.
///
/// Nothing in a file is believed: modules are made only as large as the file has arrays for.
///
/// @throws FileError  as read_safetensors, the file holds no model or one of a later format, or it does not
///                    fit together: a module that is not known, an array that is missing, a number out of
///                    range.
template <class T>
inference::Pipeline<T> load_model(const std::string& path);

/// What people should know of a model, from its file alone: no module is made.
/// @throws FileError  as load_model, as far as it reads.
inference::ModelCard read_model_card(const std::string& path);

extern template void save_model(const std::string&, const inference::Pipeline<float>&);
extern template void save_model(const std::string&, const inference::Pipeline<double>&);
extern template inference::Pipeline<float> load_model(const std::string&);
extern template inference::Pipeline<double> load_model(const std::string&);

}  // namespace xtape::io
#pragma GCC visibility pop
