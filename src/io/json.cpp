// SPDX-License-Identifier: BSD-3-Clause
#include "io/json.hpp"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "arrays/format.hpp"

namespace xtape::io {
namespace {

constexpr std::size_t deepest = 1000;

// Puts values together as they are parsed.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(const std::string& what, std::string_view text) : what_(what), text_(text) {}

  bool null() override { return add({}); }
  bool boolean(bool flag) override { return add(flag); }
  bool number_integer(std::int64_t number) override { return add(static_cast<double>(number)); }
  bool number_unsigned(std::uint64_t number) override { return add(static_cast<double>(number)); }
  bool number_float(double number, const std::string&) override { return add(number); }
  bool string(std::string& text) override { return add(std::move(text)); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Json::Object()); }
  bool start_array(std::size_t) override { return open(Json::List()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    open_.back().name = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    const std::size_t end = std::min(position, text_.size()), begin = end - std::min<std::size_t>(end, 20);
    fail<ArgumentError>("{}: it must be JSON in UTF-8, got an error at its byte {}, the last of {}", what_,
                        position, in_quotes(text_.substr(begin, end - begin)));
  }

  Json result;

 private:
  // A list or an object that has not ended, and the name of its next member.
  struct Open {
    Json::Value value;
    std::string name;
  };

  bool open(Json::Value value) {
    if (open_.size() == deepest)
      fail<ArgumentError>("{}: values must be at most {} deep in each other", what_, deepest);
    open_.push_back({std::move(value), {}});
    return true;
  }

  bool close() {
    Json::Value value = std::move(open_.back().value);
    open_.pop_back();
    if (auto* const list = std::get_if<Json::List>(&value)) return add(std::move(*list));
    require_distinct(std::get<Json::Object>(value));
    return add(std::move(std::get<Json::Object>(value)));
  }

  void require_distinct(const Json::Object& members) const {
    std::vector<std::string_view> names;
    for (const JsonMember& member : members) names.push_back(member.name);
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    if (twice == names.end()) return;
    fail<ArgumentError>("{}: names in an object must be distinct, got {} twice", what_, in_quotes(*twice));
  }

  bool add(Json value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (auto* const list = std::get_if<Json::List>(&open_.back().value)) {
      list->push_back(std::move(value));
    } else {
      auto& members = std::get<Json::Object>(open_.back().value);
      members.push_back({std::move(open_.back().name), std::move(value)});
    }
    return true;
  }

  const std::string& what_;
  std::string_view text_;
  std::vector<Open> open_;
};

void write(const char* function, const Json& json, std::string& to) {
  const auto write_all = [&](const auto& elements, char begin, char end, auto write_one) {
    to += begin;
    for (const auto& element : elements) {
      if (&element != &elements.front()) to += ',';
      write_one(element);
    }
    to += end;
  };
  if (const auto* list = std::get_if<Json::List>(&json.value())) {
    write_all(*list, '[', ']', [&](const Json& element) { write(function, element, to); });
  } else if (const auto* object = std::get_if<Json::Object>(&json.value())) {
    write_all(*object, '{', '}', [&](const JsonMember& member) {
      to += json_text(function, member.name) + ':';
      write(function, member.value, to);
    });
  } else if (const auto* text = std::get_if<std::string>(&json.value())) {
    to += json_text(function, *text);
  } else if (const auto* number = std::get_if<double>(&json.value())) {
    to += fmt::format("{}", *number);
  } else if (const auto* flag = std::get_if<bool>(&json.value())) {
    to += *flag ? "true" : "false";
  } else {
    to += "null";
  }
}

}  // namespace

Json::Json() = default;
Json::Json(bool flag) : value_(flag) {}
Json::Json(double number) : value_(number) {}
Json::Json(std::string text) : value_(std::move(text)) {}
Json::Json(const char* text) : value_(std::string(text)) {}
Json::Json(List list) : value_(std::move(list)) {}
Json::Json(Object object) : value_(std::move(object)) {}
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json Json::parse(const std::string& what, std::string_view text) {
  // The parser would take a NUL for the end of the text.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    fail<ArgumentError>("{}: it must be JSON in UTF-8, got a NUL at its byte {}", what, nul + 1);
  Builder builder(what, text);
  nlohmann::json::sax_parse(text, &builder);
  return std::move(builder.result);
}

const Json* Json::find(std::string_view name) const noexcept {
  const auto* const members = std::get_if<Object>(&value_);
  if (members == nullptr) return nullptr;
  const auto member = std::ranges::find(*members, name, &JsonMember::name);
  return member == members->end() ? nullptr : &member->value;
}

Json* Json::find(std::string_view name) noexcept {
  return const_cast<Json*>(std::as_const(*this).find(name));
}

const char* Json::kind() const noexcept {
  constexpr const char* names[] = {"null", "true or false", "a number", "a text", "a list", "an object"};
  return names[value_.index()];
}

std::string Json::text(const char* function) const {
  std::string text;
  write(function, *this, text);
  return text;
}

std::string json_text(const char* function, const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    fail<ArgumentError>("{}: names and metadata must be UTF-8, got {}", function, in_quotes(text));
  }
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 80;
  return fmt::format("{:?}{}", text.substr(0, longest), text.size() > longest ? "..." : "");
}

}  // namespace xtape::io
