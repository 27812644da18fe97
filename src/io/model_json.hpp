// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "io/json.hpp"
#include "xtape/inference/pipeline.hpp"
#include "xtape/nn/config.hpp"

namespace xtape::io {

// All of a pipeline but its arrays, as JSON. Throws ArgumentError for what JSON cannot hold.
template <class T>
std::string model_json(const char* function, const inference::Pipeline<T>& pipeline);

// The same without the modules, before it becomes text.
template <class T>
Json::Object steps_json(const char* function, const inference::Pipeline<T>& pipeline);

// The same read back. The pipeline lacks what has arrays: its model, and steps that are fitted. Throws
// ArgumentError that begins where the fault is.
template <class T>
struct ModelDescription {
  explicit ModelDescription(const Json& document);

  std::string element;
  nn::ModuleConfig model;
  bool has_imputer, has_standardizer;
  inference::Pipeline<T> pipeline;
};

// The card alone; throws as above.
inference::ModelCard card_of(const Json& document);

}  // namespace xtape::io
