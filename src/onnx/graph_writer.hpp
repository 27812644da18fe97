// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "onnx/schema.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/arrays/shape.hpp"

namespace xtape::onnx {

// An attribute of a node that is written.
struct Attribute {
  const char* name;
  std::variant<std::int64_t, float, std::vector<std::int64_t>> value;
};

// Builds a graph node by node. Nodes, and what they give, are named after their operator and a number.
class GraphWriter {
 public:
  explicit GraphWriter(onnx_schema::GraphProto& graph) : graph_(graph) {}

  // Appends a node of one output, and gives the name of that.
  std::string add(const char* op, std::initializer_list<std::string> inputs,
                  std::initializer_list<Attribute> attributes = {});

  // Appends an array, named after the node to be added next.
  template <class U>
  std::string constant(const char* name, const Shape& shape, const U* elements);
  template <class U>
  std::string constant(const char* name, ArrayView<const U> array) {
    return constant(name, array.shape(), array.data());
  }
  // The same of an array that outlives the writer: it is appended once, however often it is used.
  template <class U>
  std::string shared(const char* name, ArrayView<const U> array) {
    return once("as it is", array, [&] { return constant(name, array); });
  }
  // What write() gives, or gave before for the same memory in the same form.
  template <class U, class Write>
  std::string once(const char* form, ArrayView<const U> array, Write write) {
    const std::tuple key(std::string(form), static_cast<const void*>(array.data()), to_string(array.shape()));
    const auto known = written_.find(key);
    return known != written_.end() ? known->second : written_.emplace(key, write()).first->second;
  }
  // constant() of a single number.
  template <class U>
  std::string scalar(const char* name, U number) {
    return constant(name, Shape{}, &number);
  }
  template <class U>
  std::string filled(const char* name, const Shape& shape, U number) {
    const std::vector<U> elements(shape.elements(), number);
    return constant(name, shape, elements.data());
  }

  // What the last node gives is what the graph gives, under this name.
  void finish(const std::string& last, const std::string& name);

 private:
  onnx_schema::GraphProto& graph_;
  std::map<std::tuple<std::string, const void*, std::string>, std::string> written_;  // names of arrays
};

// Describes a value (batch, ...) that comes into a graph or out of it.
void describe(onnx_schema::ValueInfoProto& value, const std::string& name, Element element, const Shape& row);

}  // namespace xtape::onnx
