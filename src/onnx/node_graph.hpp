// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays/format.hpp"
#include "onnx/model_file.hpp"
#include "onnx/schema.hpp"
#include "xtape/arrays/array.hpp"

namespace xtape::onnx {

// The graph of a file, by the names of its values. Nothing in it is believed: what throws is a FileError that
// names the node.
class NodeGraph {
 public:
  using Node = onnx_schema::NodeProto;
  using Tensor = onnx_schema::TensorProto;

  // Refers to the file.
  explicit NodeGraph(const ModelFile& file);

  std::int64_t operator_set() const noexcept { return file_.operator_set; }

  // The one value that comes in, its element type and its shape without the first axis.
  const std::string& input() const noexcept { return input_; }
  int input_element() const noexcept { return input_element_; }
  const Shape& row() const noexcept { return row_; }
  // How many rows the file says that there are; 0: any number.
  std::int64_t batch() const noexcept { return batch_; }
  // The one value that goes out.
  const std::string& output() const noexcept { return output_; }

  std::size_t size() const noexcept { return static_cast<std::size_t>(graph_.node_size()); }
  const Node& operator[](std::size_t node) const { return graph_.node(static_cast<int>(node)); }

  // The nodes that take a value, each as often as it does.
  const std::vector<std::size_t>& users(const std::string& value) const;
  // An array that is part of the file, or none.
  const Tensor* constant(const std::string& value) const;

  // "import_onnx: m.onnx: node 'x' (Conv): reason"
  template <class... Arguments>
  [[noreturn]] void refuse(std::size_t node, fmt::format_string<Arguments...> reason,
                           Arguments&&... arguments) const {
    fail<FileError>("{}: {}: {}", file_.subject, name_of((*this)[node]),
                    fmt::format(reason, std::forward<Arguments>(arguments)...));
  }
  // "import_onnx: m.onnx: reason"
  template <class... Arguments>
  [[noreturn]] void refuse_file(fmt::format_string<Arguments...> reason, Arguments&&... arguments) const {
    fail<FileError>("{}: {}", file_.subject, fmt::format(reason, std::forward<Arguments>(arguments)...));
  }

  // An attribute of a node, or what it is without; refuses one of another kind.
  std::int64_t integer(std::size_t node, const char* name, std::int64_t otherwise) const;
  // As the double with the fewest digits of those that round to the number, which is a float there.
  double number(std::size_t node, const char* name, double otherwise) const;
  std::optional<std::vector<std::int64_t>> integers(std::size_t node, const char* name) const;
  std::string text(std::size_t node, const char* name, const char* otherwise) const;
  // Refuses attributes of other names.
  void require_attributes(std::size_t node, std::initializer_list<std::string_view> known) const;

  // Arrays that are part of the file. `what` says which, for messages.
  template <class U>
  Array<U> array(std::size_t node, const char* what, const Tensor& tensor) const;
  // A single number of any type there is, or none.
  std::optional<double> scalar(const std::string& value) const;
  std::optional<std::vector<std::int64_t>> integers(const std::string& value) const;
  static std::string name_of(const Node& node);

 private:
  using Value = onnx_schema::ValueInfoProto;

  const onnx_schema::AttributeProto* attribute(std::size_t node, const char* name, int kind) const;
  void add_constant(const std::string& name, const Tensor& tensor);
  void add_node(std::size_t node);
  void set_input(const Value& value);

  const ModelFile& file_;
  const onnx_schema::GraphProto& graph_;
  std::map<std::string, std::vector<std::size_t>> users_;
  std::map<std::string, const Tensor*> constants_;
  std::string input_, output_;
  int input_element_ = 0;
  std::int64_t batch_ = 0;
  Shape row_;
};

// The shape of an array in a file. Throws Error where no array here has it.
Shape shape_of(const onnx_schema::TensorProto& tensor);

}  // namespace xtape::onnx
