// SPDX-License-Identifier: BSD-3-Clause
#include "io/model_json.hpp"

#include <array>
#include <cmath>
#include <utility>

#include "arrays/format.hpp"
#include "xtape/arrays/any_array.hpp"
#include "xtape/core/version.hpp"

namespace xtape::io {
namespace {

using inference::ModelCard;
using inference::OutputKind;
using nlohmann::json;

constexpr int format_version = 1;
constexpr int deepest_modules = 100;

constexpr std::array output_kinds{OutputKind::classes, OutputKind::multilabel, OutputKind::binary,
                                  OutputKind::numbers};
constexpr std::array missing_names{std::pair(data::Missing::error, "error"),
                                   std::pair(data::Missing::nan, "nan")};
constexpr std::array infinities_names{std::pair(data::Infinities::error, "error"),
                                      std::pair(data::Infinities::number, "number"),
                                      std::pair(data::Infinities::missing, "missing")};

// An object of a document, whose fields must be there and of their kind.
class Fields {
 public:
  Fields(const json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object())
      fail<ArgumentError>("{}: it must be an object, got {}", where_, object.type_name());
  }

  Fields object(const char* name) const { return {field(name), where_ + "." + name}; }
  bool flag(const char* name) const { return get<bool>(name, &json::is_boolean, "true or false"); }
  double number(const char* name) const { return get<double>(name, &json::is_number, "a number"); }
  std::string text(const char* name) const { return get<std::string>(name, &json::is_string, "a text"); }
  std::size_t count(const char* name) const {
    return get<std::size_t>(name, &json::is_number_unsigned, "a whole number from 0");
  }
  const json& list(const char* name) const {
    get<json>(name, &json::is_array, "a list");
    return field(name);
  }
  const json& map(const char* name) const {
    get<json>(name, &json::is_object, "an object");
    return field(name);
  }

  std::vector<std::string> texts(const char* name) const {
    return elements<std::string>(name, &json::is_string, "texts");
  }
  std::vector<double> numbers(const char* name) const {
    return elements<double>(name, &json::is_number, "numbers");
  }
  Shape shape(const char* name) const {
    const auto extents = elements<std::size_t>(name, &json::is_number_unsigned, "whole numbers from 0");
    return {extents.begin(), extents.end()};
  }
  // One character, or none for '\0'.
  char character(const char* name) const {
    const std::string one = text(name);
    if (one.size() > 1) wrong(name, "one character");
    return one.empty() ? '\0' : one[0];
  }
  template <class Enum, std::size_t count>
  Enum one_of(const char* name, const std::array<std::pair<Enum, const char*>, count>& names) const {
    const std::string chosen = text(name);
    for (const auto& [value, spelling] : names) {
      if (chosen == spelling) return value;
    }
    wrong(name, "one that this version knows");
  }

  const std::string& where() const noexcept { return where_; }

 private:
  [[noreturn]] void wrong(const char* name, const char* rule) const {
    std::string got = field(name).dump(-1, ' ', false, json::error_handler_t::replace);
    if (got.size() > 60) got = got.substr(0, 57) + "...";
    fail<ArgumentError>("{}.{} must be {}, got {}", where_, name, rule, got);
  }

  const json& field(const char* name) const {
    const auto place = object_.find(name);
    if (place == object_.end()) fail<ArgumentError>("{}: it must have '{}', got none", where_, name);
    return *place;
  }

  template <class Value>
  Value get(const char* name, bool (json::*is_kind)() const noexcept, const char* rule) const {
    const json& value = field(name);
    if (!(value.*is_kind)()) wrong(name, rule);
    if constexpr (!std::is_same_v<Value, json>)
      return value.get<Value>();
    else
      return {};
  }

  template <class Element>
  std::vector<Element> elements(const char* name, bool (json::*is_kind)() const noexcept,
                                const char* rule) const {
    std::vector<Element> elements;
    for (const json& element : list(name)) {
      if (!(element.*is_kind)()) wrong(name, rule);
      elements.push_back(element.get<Element>());
    }
    return elements;
  }

  const json& object_;
  std::string where_;
};

// A whole number as such: other tools want 64, not 64.0.
json of_number(const char* function, const std::string& what, double number) {
  if (!std::isfinite(number)) fail<ArgumentError>("{}: {} must be finite, got {}", function, what, number);
  constexpr double most_exact = 0x1p53;
  const bool is_whole = std::abs(number) <= most_exact && number == std::trunc(number);
  if (!is_whole || (number == 0 && std::signbit(number))) return number;
  if (number < 0) return static_cast<std::int64_t>(number);
  return static_cast<std::uint64_t>(number);
}

json of_numbers(const char* function, const std::string& what, const std::vector<double>& numbers) {
  json list = json::array();
  for (const double number : numbers) list.push_back(of_number(function, what, number));
  return list;
}

json of_shape(const Shape& shape) { return std::vector<std::size_t>(shape.begin(), shape.end()); }

json of_character(char c) { return c == '\0' ? std::string() : std::string(1, c); }

template <class Enum, std::size_t count>
json of_enum(Enum chosen, const std::array<std::pair<Enum, const char*>, count>& names) {
  for (const auto& [value, spelling] : names) {
    if (value == chosen) return spelling;
  }
  return nullptr;
}

json of_module(const char* function, const nn::ModuleConfig& module) {
  json config = json::object();
  for (const auto& [name, value] : module.config.values()) {
    const std::string what = fmt::format("'{}' of module {}", name, module.type);
    if (const auto* number = std::get_if<double>(&value)) {
      config[name] = of_number(function, what, *number);
    } else if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
      config[name] = of_numbers(function, what, *numbers);
    } else if (const auto* modules = std::get_if<std::vector<nn::ModuleConfig>>(&value)) {
      json list = json::array();
      for (const nn::ModuleConfig& inner : *modules) list.push_back(of_module(function, inner));
      config[name] = {{"modules", std::move(list)}};
    } else if (const auto* flag = std::get_if<bool>(&value)) {
      config[name] = *flag;
    } else {
      config[name] = std::get<std::string>(value);
    }
  }
  return {{"type", module.type}, {"config", std::move(config)}};
}

nn::ModuleConfig module_of(const Fields& fields, int depth);

void set_value(nn::Config& config, const std::string& name, const json& value, const Fields& of, int depth) {
  if (value.is_boolean()) {
    config.set(name, value.get<bool>());
  } else if (value.is_number()) {
    config.set(name, value.get<double>());
  } else if (value.is_string()) {
    config.set(name, value.get<std::string>());
  } else if (value.is_array()) {
    config.set(name, of.numbers(name.c_str()));
  } else {
    const Fields list = of.object(name.c_str());
    std::vector<nn::ModuleConfig> modules;
    for (const json& module : list.list("modules")) {
      const std::string where = fmt::format("{}[{}]", list.where(), modules.size());
      modules.push_back(module_of(Fields(module, where), depth + 1));
    }
    config.set(name, std::move(modules));
  }
}

nn::ModuleConfig module_of(const Fields& fields, int depth) {
  if (depth > deepest_modules)
    fail<ArgumentError>("{}: modules must be at most {} deep in each other", fields.where(), deepest_modules);
  nn::ModuleConfig module{fields.text("type"), {}};
  const Fields config = fields.object("config");
  for (const auto& [name, value] : fields.map("config").items())
    set_value(module.config, name, value, config, depth);
  return module;
}

json of_columns(const std::vector<data::FeatureColumn>& columns) {
  json list = json::array();
  for (const auto& [column, category] : columns) {
    json one{{"column", column}};
    if (category) one["category"] = *category;
    list.push_back(std::move(one));
  }
  return list;
}

std::vector<data::FeatureColumn> columns_of(const Fields& before) {
  std::vector<data::FeatureColumn> columns;
  for (const json& one : before.list("columns")) {
    const Fields fields(one, fmt::format("{}.columns[{}]", before.where(), columns.size()));
    columns.push_back({fields.text("column"), {}});
    if (one.contains("category")) columns.back().category = fields.text("category");
  }
  return columns;
}

json of_csv(const data::CsvOptions& csv) {
  return {{"delimiter", of_character(csv.delimiter)},
          {"header", csv.header},
          {"quote", of_character(csv.quote)},
          {"merge_delimiters", csv.merge_delimiters},
          {"comment", of_character(csv.comment)},
          {"skip_lines", csv.skip_lines},
          {"number_repeated_names", csv.number_repeated_names},
          {"decimal_point", of_character(csv.decimal_point)},
          {"thousands_separator", csv.thousands_separator},
          {"percent", csv.percent},
          {"infinities", of_enum(csv.infinities, infinities_names)},
          {"missing_spellings", csv.missing_spellings},
          {"missing", of_enum(csv.missing, missing_names)},
          {"text", csv.text},
          {"numbers", csv.numbers},
          {"max_categories", csv.max_categories}};
}

data::CsvOptions csv_of(const Fields& csv) {
  return {.delimiter = csv.character("delimiter"),
          .header = csv.flag("header"),
          .quote = csv.character("quote"),
          .merge_delimiters = csv.flag("merge_delimiters"),
          .comment = csv.character("comment"),
          .skip_lines = csv.count("skip_lines"),
          .number_repeated_names = csv.flag("number_repeated_names"),
          .decimal_point = csv.character("decimal_point"),
          .thousands_separator = csv.text("thousands_separator"),
          .percent = csv.flag("percent"),
          .infinities = csv.one_of("infinities", infinities_names),
          .missing_spellings = csv.texts("missing_spellings"),
          .missing = csv.one_of("missing", missing_names),
          .text = csv.texts("text"),
          .numbers = csv.texts("numbers"),
          .max_categories = csv.count("max_categories")};
}

json of_card(const char* function, const ModelCard& card) {
  json metrics = json::array();
  for (const auto& [name, value, standard_error] : card.metrics) {
    json one{{"name", name}, {"value", of_number(function, "metric " + name, value)}};
    if (standard_error)
      one["standard_error"] = of_number(function, "the standard error of " + name, *standard_error);
    metrics.push_back(std::move(one));
  }
  return {{"description", card.description}, {"data", card.data},         {"rows", card.rows},
          {"metrics", std::move(metrics)},   {"settings", card.settings}, {"date", card.date}};
}

ModelCard card_in(const Fields& document) {
  const Fields card = document.object("card");
  ModelCard result{.description = card.text("description"),
                   .data = card.text("data"),
                   .date = card.text("date"),
                   .written_by = "xtape " + document.text("xtape")};
  const Fields rows = card.object("rows"), settings = card.object("settings");
  for (const auto& [name, count] : card.map("rows").items()) result.rows[name] = rows.count(name.c_str());
  for (const auto& [name, text] : card.map("settings").items())
    result.settings[name] = settings.text(name.c_str());
  for (const json& one : card.list("metrics")) {
    const Fields metric(one, fmt::format("{}.metrics[{}]", card.where(), result.metrics.size()));
    result.metrics.push_back({metric.text("name"), metric.number("value"), {}});
    if (one.contains("standard_error"))
      result.metrics.back().standard_error = metric.number("standard_error");
  }
  return result;
}

Fields checked(const json& document) {
  Fields fields(document, "description");
  if (fields.count("format") > format_version) {
    fail<ArgumentError>("the model must be of format {} or before, got {}, which xtape {} wrote",
                        format_version, fields.count("format"), fields.text("xtape"));
  }
  return fields;
}

OutputKind output_kind_of(const Fields& after) {
  std::array<std::pair<OutputKind, const char*>, output_kinds.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = {output_kinds[i], to_string(output_kinds[i])};
  return after.one_of("outputs", names);
}

}  // namespace

template <class T>
std::string model_json(const char* function, const inference::Pipeline<T>& pipeline) {
  const auto [major, minor, patch] = xtape::version();
  const json document{{"format", format_version},
                      {"xtape", fmt::format("{}.{}.{}", major, minor, patch)},
                      {"element", to_string(element_type_of<T>())},
                      {"row", of_shape(pipeline.row)},
                      {"before",
                       {{"columns", of_columns(pipeline.columns)},
                        {"csv", of_csv(pipeline.csv)},
                        {"imputer", static_cast<bool>(pipeline.imputer)},
                        {"standardizer", static_cast<bool>(pipeline.standardizer)},
                        {"factor", of_number(function, "factor", pipeline.factor)},
                        {"shift", of_number(function, "shift", pipeline.shift)}}},
                      {"model", of_module(function, pipeline.model->description())},
                      {"after",
                       {{"outputs", to_string(pipeline.outputs_are)},
                        {"temperature", of_number(function, "temperature", pipeline.temperature)},
                        {"thresholds", of_numbers(function, "thresholds", pipeline.thresholds)},
                        {"class_names", pipeline.class_names}}},
                      {"card", of_card(function, pipeline.card)}};
  try {
    return document.dump();
  } catch (const json::exception&) {
    fail<ArgumentError>("{}: columns, names, settings and the card must be UTF-8, got a text that is not",
                        function);
  }
}

template <class T>
ModelDescription<T>::ModelDescription(const json& document) {
  const Fields fields = checked(document), before = fields.object("before"), after = fields.object("after");
  element = fields.text("element");
  model = module_of(fields.object("model"), 0);
  has_imputer = before.flag("imputer");
  has_standardizer = before.flag("standardizer");
  pipeline.row = fields.shape("row");
  pipeline.columns = columns_of(before);
  pipeline.csv = csv_of(before.object("csv"));
  pipeline.factor = before.number("factor");
  pipeline.shift = before.number("shift");
  pipeline.outputs_are = output_kind_of(after);
  pipeline.temperature = after.number("temperature");
  pipeline.thresholds = after.numbers("thresholds");
  pipeline.class_names = after.texts("class_names");
  pipeline.card = card_in(fields);
}

inference::ModelCard card_of(const json& document) { return card_in(checked(document)); }

template std::string model_json(const char*, const inference::Pipeline<float>&);
template std::string model_json(const char*, const inference::Pipeline<double>&);
template struct ModelDescription<float>;
template struct ModelDescription<double>;

}  // namespace xtape::io
