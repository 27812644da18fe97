// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/io/model.hpp"

#include <cmath>
#include <utility>

#include "arrays/format.hpp"
#include "autograd/parameter_budget.hpp"
#include "io/model_json.hpp"
#include "io/safetensors.hpp"
#include "xtape/core/version.hpp"
#include "xtape/nn/registry.hpp"

#pragma GCC visibility push(default)
namespace xtape::io {
namespace {

constexpr const char* description_name = "xtape.model";
constexpr std::size_t most_json_bytes = std::size_t{1} << 24;

const std::string model_prefix = "model.", imputer_prefix = "imputer.", standardizer_prefix = "standardizer.";

// The document in the metadata, of a format that is known.
Json document_of(const SafetensorsReader& reader) {
  const Metadata& metadata = reader.header().metadata;
  const auto text = metadata.find(description_name);
  if (text == metadata.end()) {
    fail<FileError>(
        "{}: it must hold a model that save_model wrote, got {} arrays without one; load_weights "
        "reads arrays",
        reader.subject(), reader.header().tensors.size());
  }
  if (text->second.size() > most_json_bytes) {
    fail<FileError>("{}: the description of the model must have at most {} bytes, got {}", reader.subject(),
                    most_json_bytes, text->second.size());
  }
  try {
    return Json::parse("the description of the model", text->second);
  } catch (const ArgumentError& error) {
    fail<FileError>("{}: {}", reader.subject(), error.what());
  }
}

// Calls make(); what it finds wrong is wrong in the file.
template <class Make>
auto of_file(const SafetensorsReader& reader, Make make) {
  try {
    return make();
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    fail<FileError>("{}: {}", reader.subject(), error.what());
  }
}

// Those whose names begin with the prefix, without it.
NamedArrays take(NamedArrays& arrays, const std::string& prefix) {
  std::vector<std::string> names;
  for (const auto& [name, array] : arrays) {
    if (name.starts_with(prefix)) names.push_back(name);
  }
  NamedArrays taken;
  for (const std::string& name : names) taken.add(name.substr(prefix.size()), arrays.remove(name));
  return taken;
}

template <class T>
void require_element_type(const SafetensorsReader& reader, const std::string& element) {
  const bool is_float = element == to_string(ElementType::float32);
  if (!is_float && element != to_string(ElementType::float64)) {
    fail<FileError>("{}: the model must be of float32 or float64, got {}", reader.subject(),
                    in_quotes(element));
  }
  if (!is_float && std::is_same_v<T, float>) {
    fail<FileError>("{}: a model of float64 must be loaded by load_model<double>, got load_model<float>",
                    reader.subject());
  }
}

std::uint64_t numbers_in(const SafetensorsReader& reader) {
  std::uint64_t numbers = 0;
  for (const auto& [name, tensor] : reader.header().tensors) {
    if (name.starts_with(model_prefix)) numbers += tensor.shape.elements();
  }
  return numbers;
}

}  // namespace

template <class T>
void save_model(const std::string& path, const inference::Pipeline<T>& pipeline) {
  const char* const function = "save_model";
  pipeline.require_valid(function);
  NamedArrays arrays;
  arrays.add(model_prefix, pipeline.model->state());
  if (pipeline.imputer) arrays.add(imputer_prefix, pipeline.imputer->state());
  if (pipeline.standardizer) arrays.add(standardizer_prefix, pipeline.standardizer->state());
  const std::string text = model_json(function, pipeline);
  if (text.size() > most_json_bytes) {
    fail<ArgumentError>("{}: modules, columns, names and card must take at most {} bytes, got {}", function,
                        most_json_bytes, text.size());
  }
  write_safetensors(function, path, arrays, {{description_name, text}});
}

template <class T>
inference::Pipeline<T> load_model(const std::string& path) {
  SafetensorsReader reader("load_model", path);
  const Json document = document_of(reader);
  // What is not readable has no size that can be believed.
  for (const auto& [name, tensor] : reader.header().tensors)
    require_readable(reader.subject(), name, tensor, "");
  return of_file(reader, [&] {
    ModelDescription<T> description(document);
    require_element_type<T>(reader, description.element);
    {
      const ParameterBudget budget(numbers_in(reader));
      description.pipeline.model = nn::make_module<T>(description.model);
    }
    NamedArrays arrays = reader.read([](const std::string&) { return true; });
    description.pipeline.model->load_state(take(arrays, model_prefix));
    description.pipeline.model->eval();
    if (description.has_imputer) {
      data::MeanImputer<T> imputer;
      imputer.load_state(take(arrays, imputer_prefix));
      description.pipeline.imputer = std::move(imputer);
    }
    if (description.has_standardizer) {
      data::Standardizer<T> standardizer;
      standardizer.load_state(take(arrays, standardizer_prefix));
      description.pipeline.standardizer = std::move(standardizer);
    }
    arrays.require_only("load_model", std::vector<std::string>());
    description.pipeline.require_valid("load_model");
    return std::move(description.pipeline);
  });
}

inference::ModelCard read_model_card(const std::string& path) {
  const SafetensorsReader reader("read_model_card", path);
  const Json document = document_of(reader);
  return of_file(reader, [&] { return card_of(document); });
}

template void save_model(const std::string&, const inference::Pipeline<float>&);
template void save_model(const std::string&, const inference::Pipeline<double>&);
template inference::Pipeline<float> load_model(const std::string&);
template inference::Pipeline<double> load_model(const std::string&);

}  // namespace xtape::io
#pragma GCC visibility pop
