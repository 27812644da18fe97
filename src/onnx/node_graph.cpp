// SPDX-License-Identifier: BSD-3-Clause
#include "onnx/node_graph.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string_view>

namespace xtape::onnx {
namespace {

static_assert(std::endian::native == std::endian::little, "the files hold little-endian numbers");

using Tensor = NodeGraph::Tensor;

// How many elements the data of an array have in the field for its type; none where there are no such.
std::optional<std::size_t> field_size(const Tensor& tensor) {
  switch (tensor.data_type()) {
    case element_float:
      return static_cast<std::size_t>(tensor.float_data_size());
    case element_int32:
      return static_cast<std::size_t>(tensor.int32_data_size());
    case element_int64:
      return static_cast<std::size_t>(tensor.int64_data_size());
    case element_double:
      return static_cast<std::size_t>(tensor.double_data_size());
    default:
      return std::nullopt;
  }
}

std::size_t element_bytes(int element) {
  return element == element_float || element == element_int32 ? 4 : 8;
}

// How many elements the data of an array have; nothing for other types.
std::optional<std::size_t> data_size(const Tensor& tensor) {
  const auto in_field = field_size(tensor);
  if (!in_field || !tensor.has_raw_data()) return in_field;
  const std::size_t bytes = tensor.raw_data().size(), each = element_bytes(tensor.data_type());
  return bytes % each == 0 ? bytes / each : ~std::size_t{0};
}

template <class From, class To, class Field>
void copy_elements(const Tensor& tensor, const Field& field, Array<To>& to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    From element;
    if (tensor.has_raw_data())
      std::memcpy(&element, tensor.raw_data().data() + i * sizeof(From), sizeof(From));
    else
      element = field.Get(static_cast<int>(i));
    to[i] = static_cast<To>(element);
  }
}

// Of sizes and a type that have been checked.
template <class To>
Array<To> elements_of(const Tensor& tensor) {
  Array<To> to(shape_of(tensor));
  switch (tensor.data_type()) {
    case element_float:
      copy_elements<float>(tensor, tensor.float_data(), to);
      break;
    case element_int32:
      copy_elements<std::int32_t>(tensor, tensor.int32_data(), to);
      break;
    case element_int64:
      copy_elements<std::int64_t>(tensor, tensor.int64_data(), to);
      break;
    default:
      copy_elements<double>(tensor, tensor.double_data(), to);
  }
  return to;
}

bool is_integer(int element) { return element == element_int32 || element == element_int64; }
bool is_number(int element) { return element == element_float || element == element_double; }

}  // namespace

Shape shape_of(const Tensor& tensor) {
  Shape shape;
  for (const std::int64_t extent : tensor.dims()) {
    if (extent < 0) fail<FileError>("an extent must be from 0, got {}", extent);
    shape.append(static_cast<std::size_t>(extent));
  }
  return shape;
}

NodeGraph::NodeGraph(const ModelFile& file) : file_(file), graph_(file.model.graph()) {
  for (const Tensor& tensor : graph_.initializer()) add_constant(tensor.name(), tensor);
  const Value* input = nullptr;
  for (const Value& value : graph_.input()) {
    if (constant(value.name()) != nullptr) continue;  // Before IR version 4 those were named as inputs, too.
    if (input != nullptr) {
      refuse_file("the graph must have one input, got {} and {}", quoted(input->name()),
                  quoted(value.name()));
    }
    input = &value;
  }
  if (input == nullptr) refuse_file("the graph must have one input, got none");
  set_input(*input);
  if (graph_.output_size() != 1) refuse_file("the graph must have one output, got {}", graph_.output_size());
  output_ = graph_.output(0).name();
  std::set<std::string_view> given{input_};
  for (std::size_t node = 0; node < size(); ++node) {
    for (const std::string& value : (*this)[node].output()) {
      if (!value.empty() && (constants_.contains(value) || !given.insert(value).second))
        refuse(node, "what it gives, {}, must have a name of its own", quoted(value));
    }
    add_node(node);
  }
}

void NodeGraph::add_node(std::size_t node) {
  const Node& of = (*this)[node];
  if (!of.domain().empty() && of.domain() != "ai.onnx")
    refuse(node, "its operator must be one of ONNX itself, got one of {}", quoted(of.domain()));
  for (const std::string& value : of.input()) {
    if (!value.empty()) users_[value].push_back(node);
  }
  if (of.op_type() == "Constant" && of.output_size() == 1) {
    const auto* const value = attribute(node, "value", kind_tensor);
    if (value == nullptr || !value->has_t()) refuse(node, "its value must be an array, got another kind");
    add_constant(of.output(0), value->t());
  }
}

void NodeGraph::add_constant(const std::string& name, const Tensor& tensor) {
  if (tensor.data_location() != 0)
    refuse_file("the array {} must be in the file, got one in another; save the model as a single file",
                quoted(name));
  try {
    const Shape shape = shape_of(tensor);
    const auto size = data_size(tensor);
    if (size && *size != shape.elements()) {
      fail<FileError>("there must be data for {} elements of shape {}, got {}", shape.elements(), shape,
                      *size == ~std::size_t{0} ? "a part of one" : std::to_string(*size));
    }
  } catch (const Error& error) {
    refuse_file("the array {}: {}", quoted(name), error.what());
  }
  if (!constants_.emplace(name, &tensor).second)
    refuse_file("each array must have a name of its own, got {} twice", quoted(name));
}

void NodeGraph::set_input(const Value& value) {
  input_ = value.name();
  const auto& type = value.type().tensor_type();
  input_element_ = type.elem_type();
  if (!is_number(input_element_) && !is_integer(input_element_)) {
    refuse_file("the input {} must be of FLOAT, DOUBLE, INT32 or INT64, got {}", quoted(input_),
                element_name(input_element_));
  }
  if (!type.has_shape() || type.shape().dim_size() == 0)
    refuse_file("the input {} must have a shape (batch, ...), got none", quoted(input_));
  batch_ = std::max<std::int64_t>(0, type.shape().dim(0).dim_value());
  try {
    for (int axis = 1; axis < type.shape().dim_size(); ++axis) {
      const auto& dimension = type.shape().dim(axis);
      if (dimension.dim_value() <= 0) {
        fail<FileError>("its extents behind the batch must be known, got {} along axis {}",
                        dimension.has_dim_param() ? quoted(dimension.dim_param()) : "none", axis);
      }
      row_.append(static_cast<std::size_t>(dimension.dim_value()));
    }
  } catch (const Error& error) {
    refuse_file("the input {}: {}", quoted(input_), error.what());
  }
}

const std::vector<std::size_t>& NodeGraph::users(const std::string& value) const {
  static const std::vector<std::size_t> none;
  const auto place = users_.find(value);
  return place == users_.end() ? none : place->second;
}

const Tensor* NodeGraph::constant(const std::string& value) const {
  const auto place = constants_.find(value);
  return place == constants_.end() ? nullptr : place->second;
}

std::string NodeGraph::name_of(const Node& node) {
  const bool has_name = !node.name().empty() || node.output_size() == 0;
  const std::string op = quoted(node.op_type());
  return fmt::format("node {} ({})", quoted(has_name ? node.name() : node.output(0)),
                     op.substr(1, op.size() - 2));
}

const onnx_schema::AttributeProto* NodeGraph::attribute(std::size_t node, const char* name, int kind) const {
  for (const auto& attribute : (*this)[node].attribute()) {
    if (attribute.name() != name) continue;
    // Until IR version 2 there was no type.
    if (attribute.type() != kind && attribute.type() != 0)
      refuse(node, "its attribute {} must be of another type than {}", name, attribute.type());
    return &attribute;
  }
  return nullptr;
}

std::int64_t NodeGraph::integer(std::size_t node, const char* name, std::int64_t otherwise) const {
  const auto* const found = attribute(node, name, kind_int);
  return found == nullptr ? otherwise : found->i();
}

double NodeGraph::number(std::size_t node, const char* name, double otherwise) const {
  const auto* const found = attribute(node, name, kind_float);
  return found == nullptr ? otherwise : std::strtod(fmt::format("{}", found->f()).c_str(), nullptr);
}

std::optional<std::vector<std::int64_t>> NodeGraph::integers(std::size_t node, const char* name) const {
  const auto* const found = attribute(node, name, kind_ints);
  if (found == nullptr) return std::nullopt;
  return std::vector<std::int64_t>(found->ints().begin(), found->ints().end());
}

std::string NodeGraph::text(std::size_t node, const char* name, const char* otherwise) const {
  const auto* const found = attribute(node, name, kind_string);
  return found == nullptr ? otherwise : found->s();
}

void NodeGraph::require_attributes(std::size_t node, std::initializer_list<std::string_view> known) const {
  for (const auto& attribute : (*this)[node].attribute()) {
    if (std::ranges::find(known, attribute.name()) == known.end())
      refuse(node, "its attribute {} is not known here", quoted(attribute.name()));
  }
}

template <class U>
Array<U> NodeGraph::array(std::size_t node, const char* what, const Tensor& tensor) const {
  const int element = tensor.data_type();
  if (!is_number(element))
    refuse(node, "its {} must be of FLOAT or DOUBLE, got {}", what, element_name(element));
  if (element == element_double && std::is_same_v<U, float>)
    refuse(node, "its {} is of DOUBLE: the model must be loaded by import_onnx<double>", what);
  return elements_of<U>(tensor);
}

std::optional<double> NodeGraph::scalar(const std::string& value) const {
  const Tensor* const tensor = constant(value);
  // With more axes it might add some to what it meets.
  if (tensor == nullptr || tensor->dims_size() > 1 || data_size(*tensor) != 1) return std::nullopt;
  return elements_of<double>(*tensor)[0];
}

std::optional<std::vector<std::int64_t>> NodeGraph::integers(const std::string& value) const {
  const Tensor* const tensor = constant(value);
  if (tensor == nullptr || !is_integer(tensor->data_type())) return std::nullopt;
  const Array<std::int64_t> elements = elements_of<std::int64_t>(*tensor);
  return std::vector<std::int64_t>(elements.begin(), elements.end());
}

template Array<float> NodeGraph::array(std::size_t, const char*, const Tensor&) const;
template Array<double> NodeGraph::array(std::size_t, const char*, const Tensor&) const;

}  // namespace xtape::onnx
