// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace xtape::io {

struct JsonMember;

// A document of JSON. (That of nlohmann allocates in its destructor, which ends a program that is out of
// memory.) Members of an object keep their order.
class Json {
 public:
  using List = std::vector<Json>;
  using Object = std::vector<JsonMember>;
  // Not trivial: a std::variant whose alternatives all are known never to be lost, as those of the others, is
  // taken apart by libstdc++ 12 before it is whole where a copy throws.
  struct Null {
    Null() noexcept {}
    Null(const Null&) noexcept {}
    Null& operator=(const Null&) noexcept { return *this; }
  };
  using Value = std::variant<Null, bool, double, std::string, List, Object>;

  // null
  Json();
  Json(bool flag);
  Json(double number);
  Json(std::string text);
  Json(const char* text);
  Json(List list);
  Json(Object object);
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(Json&&) noexcept;
  ~Json();

  // Throws ArgumentError, which begins with `what`, for a text that is no JSON in UTF-8, has a name twice in
  // an object, or values more than 1000 deep in each other.
  static Json parse(const std::string& what, std::string_view text);

  const Value& value() const noexcept { return value_; }
  // The member of that name; null where there is none, or where this is no object.
  const Json* find(std::string_view name) const noexcept;
  Json* find(std::string_view name) noexcept;
  // "a number"
  const char* kind() const noexcept;

  // Without spaces. Numbers are finite. Throws ArgumentError for a text that is not UTF-8.
  std::string text(const char* function) const;

 private:
  Value value_;
};

struct JsonMember {
  std::string name;
  Json value;
};

// A text in quotes, with escapes. Throws ArgumentError unless it is UTF-8.
std::string json_text(const char* function, const std::string& text);

// How messages show a text: in quotes with escapes, shortened.
std::string in_quotes(std::string_view text);

}  // namespace xtape::io
