// SPDX-License-Identifier: BSD-3-Clause
#include "io/model_json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "arrays/format.hpp"
#include "io/json_field.hpp"
#include "xtape/arrays/any_array.hpp"
#include "xtape/core/version.hpp"
#include "xtape/nn/registry.hpp"

namespace xtape::io {
namespace {

using inference::ModelCard;
using inference::OutputKind;

constexpr std::size_t format_version = 1;
constexpr int deepest_modules = 100, most_modules = 10'000;

constexpr std::array output_kinds{OutputKind::classes, OutputKind::multilabel, OutputKind::binary,
                                  OutputKind::numbers};
constexpr std::array missing_names{std::pair(data::Missing::error, "error"),
                                   std::pair(data::Missing::nan, "nan")};
constexpr std::array infinities_names{std::pair(data::Infinities::error, "error"),
                                      std::pair(data::Infinities::number, "number"),
                                      std::pair(data::Infinities::missing, "missing")};

Json of_number(const char* function, const std::string& what, double number) {
  if (!std::isfinite(number)) fail<ArgumentError>("{}: {} must be finite, got {}", function, what, number);
  return number;
}

Json of_numbers(const char* function, const std::string& what, const std::vector<double>& numbers) {
  Json::List list;
  for (const double number : numbers) list.push_back(of_number(function, what, number));
  return list;
}

constexpr std::uint64_t most_exact = std::uint64_t{1} << 53;

// A number that may mean "without limit".
Json of_limit(std::uint64_t limit) { return static_cast<double>(std::min(limit, most_exact)); }

Json of_count(std::uint64_t count) { return static_cast<double>(count); }

Json of_texts(const std::vector<std::string>& texts) { return Json::List(texts.begin(), texts.end()); }

Json of_shape(const Shape& shape) {
  Json::List list;
  for (const std::size_t extent : shape) list.push_back(of_count(extent));
  return list;
}

Json of_character(char c) { return c == '\0' ? std::string() : std::string(1, c); }

template <class Enum, std::size_t count>
Json of_enum(Enum chosen, const std::array<std::pair<Enum, const char*>, count>& names) {
  return std::ranges::find(names, chosen, [](const auto& pair) { return pair.first; })->second;
}

// How deep a module is in others, and how many there may still be.
struct ModuleLimits {
  int depth = 0;
  int left = most_modules;

  // Calls work() for a module, `where` for messages.
  template <class Work>
  auto enter(const std::string& where, Work work) {
    if (depth == deepest_modules || left == 0) {
      fail<ArgumentError>("{}: there must be at most {} modules, at most {} deep in each other", where,
                          most_modules, deepest_modules);
    }
    --left;
    ++depth;
    auto result = work();
    --depth;
    return result;
  }
};

Json of_module(const char* function, const nn::ModuleConfig& module, ModuleLimits& limits);

Json of_config(const char* function, const nn::ModuleConfig& module, ModuleLimits& limits) {
  Json::Object config;
  for (const auto& [name, value] : module.config.values()) {
    const std::string what = fmt::format("'{}' of module {}", name, module.type);
    const auto add = [&, &name = name](Json json) { config.push_back({name, std::move(json)}); };
    if (const auto* number = std::get_if<double>(value.get())) {
      add(of_number(function, what, *number));
    } else if (const auto* numbers = std::get_if<std::vector<double>>(value.get())) {
      add(of_numbers(function, what, *numbers));
    } else if (const auto* modules = std::get_if<std::vector<nn::ModuleConfig>>(value.get())) {
      Json::List list;
      for (const nn::ModuleConfig& inner : *modules) list.push_back(of_module(function, inner, limits));
      add(Json::Object{{"modules", std::move(list)}});
    } else if (const auto* flag = std::get_if<bool>(value.get())) {
      add(*flag);
    } else {
      add(std::get<std::string>(*value));
    }
  }
  return config;
}

Json of_module(const char* function, const nn::ModuleConfig& module, ModuleLimits& limits) {
  return limits.enter(function, [&] {
    return Json(Json::Object{{"type", module.type}, {"config", of_config(function, module, limits)}});
  });
}

nn::ModuleConfig module_of(const JsonField& field, ModuleLimits& limits);

void set_value(nn::Config& config, const std::string& name, const JsonField& field, ModuleLimits& limits) {
  const Json::Value& value = field.value().value();
  if (std::holds_alternative<bool>(value)) {
    config.set(name, field.flag());
  } else if (std::holds_alternative<double>(value)) {
    config.set(name, field.number());
  } else if (std::holds_alternative<std::string>(value)) {
    config.set(name, field.text());
  } else if (std::holds_alternative<Json::List>(value)) {
    config.set(name, field.numbers());
  } else {
    std::vector<nn::ModuleConfig> modules;
    field["modules"].for_each_element(
        [&](const JsonField& module) { modules.push_back(module_of(module, limits)); });
    config.set(name, std::move(modules));
  }
}

nn::ModuleConfig module_of(const JsonField& field, ModuleLimits& limits) {
  return limits.enter("description", [&] {
    nn::ModuleConfig module{field["type"].text(), {}};
    field["config"].for_each_member([&](const std::string& name, const JsonField& value) {
      set_value(module.config, name, value, limits);
    });
    return module;
  });
}

Json of_columns(const std::vector<data::FeatureColumn>& columns) {
  Json::List list;
  for (const auto& [column, category] : columns) {
    Json::Object one{{"column", column}};
    if (category) one.push_back({"category", *category});
    list.push_back(std::move(one));
  }
  return list;
}

std::vector<data::FeatureColumn> columns_of(const JsonField& field) {
  std::vector<data::FeatureColumn> columns;
  field.for_each_element([&](const JsonField& one) {
    columns.push_back({one["column"].text(), {}});
    if (one.contains("category")) columns.back().category = one["category"].text();
  });
  return columns;
}

Json of_csv(const data::CsvOptions& csv) {
  return Json::Object{{"delimiter", of_character(csv.delimiter)},
                      {"header", csv.header},
                      {"quote", of_character(csv.quote)},
                      {"merge_delimiters", csv.merge_delimiters},
                      {"comment", of_character(csv.comment)},
                      {"skip_lines", of_limit(csv.skip_lines)},
                      {"number_repeated_names", csv.number_repeated_names},
                      {"decimal_point", of_character(csv.decimal_point)},
                      {"thousands_separator", csv.thousands_separator},
                      {"percent", csv.percent},
                      {"infinities", of_enum(csv.infinities, infinities_names)},
                      {"missing_spellings", of_texts(csv.missing_spellings)},
                      {"missing", of_enum(csv.missing, missing_names)},
                      {"text", of_texts(csv.text)},
                      {"numbers", of_texts(csv.numbers)},
                      {"max_categories", of_limit(csv.max_categories)}};
}

data::CsvOptions csv_of(const JsonField& csv) {
  return {.delimiter = csv["delimiter"].character(),
          .header = csv["header"].flag(),
          .quote = csv["quote"].character(),
          .merge_delimiters = csv["merge_delimiters"].flag(),
          .comment = csv["comment"].character(),
          .skip_lines = csv["skip_lines"].count(),
          .number_repeated_names = csv["number_repeated_names"].flag(),
          .decimal_point = csv["decimal_point"].character(),
          .thousands_separator = csv["thousands_separator"].text(),
          .percent = csv["percent"].flag(),
          .infinities = csv["infinities"].one_of(infinities_names),
          .missing_spellings = csv["missing_spellings"].texts(),
          .missing = csv["missing"].one_of(missing_names),
          .text = csv["text"].texts(),
          .numbers = csv["numbers"].texts(),
          .max_categories = csv["max_categories"].count()};
}

Json of_card(const char* function, const ModelCard& card) {
  Json::Object rows, settings;
  for (const auto& [name, count] : card.rows) {
    if (count > most_exact)
      fail<ArgumentError>("{}: rows of the card must be at most 2^53, got {} of {}", function, count, name);
    rows.push_back({name, of_count(count)});
  }
  for (const auto& [name, text] : card.settings) settings.push_back({name, text});
  Json::List metrics;
  for (const auto& [name, value, standard_error] : card.metrics) {
    Json::Object one{{"name", name}, {"value", of_number(function, "metric " + name, value)}};
    if (standard_error)
      one.push_back(
          {"standard_error", of_number(function, "the standard error of " + name, *standard_error)});
    metrics.push_back(std::move(one));
  }
  return Json::Object{{"description", card.description}, {"data", card.data},
                      {"rows", std::move(rows)},         {"metrics", std::move(metrics)},
                      {"settings", std::move(settings)}, {"date", card.date}};
}

ModelCard card_in(const JsonField& document) {
  const JsonField card = document["card"];
  ModelCard result{.description = card["description"].text(),
                   .data = card["data"].text(),
                   .date = card["date"].text(),
                   .written_by = "xtape " + document["xtape"].text()};
  card["rows"].for_each_member(
      [&](const std::string& name, const JsonField& count) { result.rows[name] = count.count(); });
  card["settings"].for_each_member(
      [&](const std::string& name, const JsonField& text) { result.settings[name] = text.text(); });
  card["metrics"].for_each_element([&](const JsonField& metric) {
    result.metrics.push_back({metric["name"].text(), metric["value"].number(), {}});
    if (metric.contains("standard_error"))
      result.metrics.back().standard_error = metric["standard_error"].number();
  });
  return result;
}

JsonField checked(const Json& document) {
  JsonField field(document, "description");
  if (field["format"].count() > format_version) {
    fail<ArgumentError>("the model must be of format {} or before, got {}, which xtape {} wrote",
                        format_version, field["format"].count(), field["xtape"].text());
  }
  return field;
}

OutputKind output_kind_of(const JsonField& field) {
  std::array<std::pair<OutputKind, const char*>, output_kinds.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = {output_kinds[i], to_string(output_kinds[i])};
  return field.one_of(names);
}

}  // namespace

template <class T>
Json::Object steps_json(const char* function, const inference::Pipeline<T>& pipeline) {
  const auto [major, minor, patch] = xtape::version();
  Json::Object before{{"columns", of_columns(pipeline.columns)},
                      {"csv", of_csv(pipeline.csv)},
                      {"imputer", static_cast<bool>(pipeline.imputer)},
                      {"standardizer", static_cast<bool>(pipeline.standardizer)},
                      {"factor", of_number(function, "factor", pipeline.factor)},
                      {"shift", of_number(function, "shift", pipeline.shift)}};
  Json::Object after{{"outputs", to_string(pipeline.outputs_are)},
                     {"temperature", of_number(function, "temperature", pipeline.temperature)},
                     {"thresholds", of_numbers(function, "thresholds", pipeline.thresholds)},
                     {"class_names", of_texts(pipeline.class_names)}};
  return {{"format", of_count(format_version)},
          {"xtape", fmt::format("{}.{}.{}", major, minor, patch)},
          {"element", to_string(element_type_of<T>())},
          {"row", of_shape(pipeline.row)},
          {"before", std::move(before)},
          {"after", std::move(after)},
          {"card", of_card(function, pipeline.card)}};
}

template <class T>
std::string model_json(const char* function, const inference::Pipeline<T>& pipeline) {
  nn::detail::require_own_names<T>(function, *pipeline.model);
  Json::Object document = steps_json(function, pipeline);
  ModuleLimits limits;
  document.push_back({"model", of_module(function, pipeline.model->description(), limits)});
  return Json(std::move(document)).text(function);
}

template <class T>
ModelDescription<T>::ModelDescription(const Json& document) {
  const JsonField field = checked(document), before = field["before"], after = field["after"];
  element = field["element"].text();
  ModuleLimits limits;
  model = module_of(field["model"], limits);
  has_imputer = before["imputer"].flag();
  has_standardizer = before["standardizer"].flag();
  pipeline.row = field["row"].shape();
  pipeline.columns = columns_of(before["columns"]);
  pipeline.csv = csv_of(before["csv"]);
  pipeline.factor = before["factor"].number();
  pipeline.shift = before["shift"].number();
  pipeline.outputs_are = output_kind_of(after["outputs"]);
  pipeline.temperature = after["temperature"].number();
  pipeline.thresholds = after["thresholds"].numbers();
  pipeline.class_names = after["class_names"].texts();
  pipeline.card = card_in(field);
}

inference::ModelCard card_of(const Json& document) { return card_in(checked(document)); }

template Json::Object steps_json(const char*, const inference::Pipeline<float>&);
template Json::Object steps_json(const char*, const inference::Pipeline<double>&);
template std::string model_json(const char*, const inference::Pipeline<float>&);
template std::string model_json(const char*, const inference::Pipeline<double>&);
template struct ModelDescription<float>;
template struct ModelDescription<double>;

}  // namespace xtape::io
