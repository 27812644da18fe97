// SPDX-License-Identifier: BSD-3-Clause
#include "onnx/graph_writer.hpp"

#include "arrays/format.hpp"

namespace xtape::onnx {
namespace {

void set(onnx_schema::AttributeProto& attribute, std::int64_t value) {
  attribute.set_type(kind_int);
  attribute.set_i(value);
}

void set(onnx_schema::AttributeProto& attribute, float value) {
  attribute.set_type(kind_float);
  attribute.set_f(value);
}

void set(onnx_schema::AttributeProto& attribute, const std::vector<std::int64_t>& values) {
  attribute.set_type(kind_ints);
  for (const std::int64_t value : values) attribute.add_ints(value);
}

}  // namespace

std::string GraphWriter::add(const char* op, std::initializer_list<std::string> inputs,
                             std::initializer_list<Attribute> attributes) {
  const std::string name = fmt::format("{}_{}", op, graph_.node_size());
  onnx_schema::NodeProto& node = *graph_.add_node();
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(name);
  node.set_name(name);
  node.set_op_type(op);
  for (const auto& [attribute_name, value] : attributes) {
    onnx_schema::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(attribute_name);
    std::visit([&](const auto& v) { set(attribute, v); }, value);
  }
  return name;
}

template <class U>
std::string GraphWriter::constant(const char* name, const Shape& shape, const U* elements) {
  onnx_schema::TensorProto& tensor = *graph_.add_initializer();
  for (const std::size_t extent : shape) tensor.add_dims(static_cast<std::int64_t>(extent));
  tensor.set_data_type(element_of<U>);
  tensor.set_name(fmt::format("{}.{}", graph_.node_size(), name));
  tensor.set_raw_data(elements, shape.elements() * sizeof(U));
  return tensor.name();
}

void GraphWriter::finish(const std::string& last, const std::string& name) {
  onnx_schema::NodeProto& node = *graph_.mutable_node(graph_.node_size() - 1);
  if (node.output(0) != last)
    fail<ArgumentError>("GraphWriter::finish: it must be the last node, got {}", last);
  node.set_output(0, name);
}

void describe(onnx_schema::ValueInfoProto& value, const std::string& name, Element element,
              const Shape& row) {
  value.set_name(name);
  onnx_schema::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(element);
  type.mutable_shape()->add_dim()->set_dim_param("batch");
  for (const std::size_t extent : row)
    type.mutable_shape()->add_dim()->set_dim_value(static_cast<std::int64_t>(extent));
}

template std::string GraphWriter::constant(const char*, const Shape&, const float*);
template std::string GraphWriter::constant(const char*, const Shape&, const double*);
template std::string GraphWriter::constant(const char*, const Shape&, const std::int64_t*);

}  // namespace xtape::onnx
