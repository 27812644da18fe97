// SPDX-License-Identifier: BSD-3-Clause
#include "onnx/metadata.hpp"

#include <array>
#include <set>
#include <utility>

#include "arrays/format.hpp"
#include "io/model_json.hpp"

namespace xtape::onnx {
namespace {

using io::Json;

constexpr std::size_t most_json_bytes = std::size_t{1} << 24;
constexpr std::string_view prefix = "xtape.";

// An entry of the metadata, and where the same stands in the document of a model file: in an object there, or
// (null) at the top.
struct Place {
  const char* key;
  const char* object;
  const char* name;

  Json& of(Json& document) const {
    return *(object == nullptr ? document : *document.find(object)).find(name);
  }
};
constexpr std::array places{Place{"version", nullptr, "xtape"},
                            Place{"outputs", "after", "outputs"},
                            Place{"class_names", "after", "class_names"},
                            Place{"thresholds", "after", "thresholds"},
                            Place{"columns", "before", "columns"},
                            Place{"csv", "before", "csv"},
                            Place{"card", nullptr, "card"}};

Json parsed(const std::string& key, const std::string& text) {
  try {
    return Json::parse("the metadata " + key, text);
  } catch (const ArgumentError& error) {
    fail<FileError>("{}", error.what());
  }
}

// Puts what the file holds into the document; gives which entries those are.
std::set<std::string_view> put_entries(const onnx_schema::ModelProto& model, Json& document) {
  std::set<std::string_view> found;
  for (const auto& entry : model.metadata_props()) {
    for (const Place& place : places) {
      if (entry.key() != std::string(prefix) + place.key) continue;
      if (entry.value().size() > most_json_bytes) {
        fail<FileError>("the metadata {} must have at most {} bytes, got {}", entry.key(), most_json_bytes,
                        entry.value().size());
      }
      if (!found.insert(place.key).second)
        fail<FileError>("the metadata {} must stand once, got it twice", entry.key());
      place.of(document) = parsed(entry.key(), entry.value());
    }
  }
  return found;
}

// Of a file that another program wrote.
std::string written_by(const onnx_schema::ModelProto& model) {
  const std::string &name = model.producer_name(), &version = model.producer_version();
  return version.empty() ? name : name + " " + version;
}

}  // namespace

template <class T>
void write_metadata(const char* function, onnx_schema::ModelProto& model,
                    const inference::Pipeline<T>& pipeline) {
  Json document(io::steps_json(function, pipeline));
  for (const Place& place : places) {
    onnx_schema::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(std::string(prefix) + place.key);
    entry.set_value(place.of(document).text(function));
    if (entry.value().size() > most_json_bytes) {
      fail<ArgumentError>("{}: {} must take at most {} bytes, got {}", function, place.key, most_json_bytes,
                          entry.value().size());
    }
  }
}

template <class T>
bool read_metadata(const onnx_schema::ModelProto& model, inference::Pipeline<T>& pipeline) {
  inference::Pipeline<T> nothing{.model = {}, .row = pipeline.row};
  Json::Object whole = io::steps_json("import_onnx", nothing);
  whole.push_back({"model", Json::Object{{"type", "Sequential"}, {"config", Json::Object()}}});
  Json document(std::move(whole));
  const auto found = put_entries(model, document);
  io::ModelDescription<T> description(document);
  pipeline.columns = std::move(description.pipeline.columns);
  pipeline.csv = std::move(description.pipeline.csv);
  pipeline.outputs_are = description.pipeline.outputs_are;
  pipeline.thresholds = std::move(description.pipeline.thresholds);
  pipeline.class_names = std::move(description.pipeline.class_names);
  pipeline.card = std::move(description.pipeline.card);
  if (!found.contains("version")) pipeline.card.written_by = written_by(model);
  return found.contains("outputs");
}

template void write_metadata(const char*, onnx_schema::ModelProto&, const inference::Pipeline<float>&);
template void write_metadata(const char*, onnx_schema::ModelProto&, const inference::Pipeline<double>&);
template bool read_metadata(const onnx_schema::ModelProto&, inference::Pipeline<float>&);
template bool read_metadata(const onnx_schema::ModelProto&, inference::Pipeline<double>&);

}  // namespace xtape::onnx
