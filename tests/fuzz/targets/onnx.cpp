// SPDX-License-Identifier: BSD-3-Clause
// A file in the ONNX format. What was read gives the same file whenever it is written, and computes rows or
// refuses them. Half of the changes are made to what the file means, lest most be stopped by the parser.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "directory.hpp"
#include "finding.hpp"
#include "memory_file.hpp"
#include "onnx/schema.hpp"
#include "temporary_directory.hpp"
#include "xtape/onnx.hpp"
#include "xtape/random/random.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::MemoryFile;

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

constexpr std::size_t most_elements = 4096;

template <class T>
bool is_small(const inference::Pipeline<T>& pipeline) {
  const nn::Graph<T> graph = pipeline.graph();
  return pipeline.row.elements() <= most_elements && std::ranges::all_of(graph.nodes(), [](const auto& node) {
           return node.shape.elements() <= most_elements;
         });
}

template <class T>
void require_consistent(const inference::Pipeline<T>& pipeline) {
  static const Directory directory;
  static const std::string first = directory / "x", second = directory / "y";
  require(!pipeline.model->is_training(), "a model that was read is in evaluation mode");
  if (!is_small(pipeline)) return;
  Shape two{2};
  for (const std::size_t extent : pipeline.row) two.append(extent);
  try {
    static_cast<void>(pipeline.outputs(Array<T>(two)));
  } catch (const Error&) {
    return;  // The numbers of a file need not be such that something comes out, and then it is not exported.
  }
  io::export_onnx(first, pipeline);
  io::export_onnx(second, io::import_onnx<T>(first));
  require(testing::read_text(first) == testing::read_text(second), "what was read is written the same");
}

using onnx_schema::ModelProto;

// Any of those there are.
template <class Messages>
auto* one_of(Messages* messages, Random& random) {
  return messages->empty()
             ? nullptr
             : messages->Mutable(static_cast<int>(random.below(static_cast<std::size_t>(messages->size()))));
}

std::int64_t number(Random& random) {
  constexpr std::array numbers{std::int64_t{-2},      std::int64_t{-1},     std::int64_t{0},
                               std::int64_t{1},       std::int64_t{2},      std::int64_t{3},
                               std::int64_t{1} << 40, std::int64_t{1} << 62};
  return numbers[random.below(numbers.size())];
}

void change_node(onnx_schema::GraphProto& graph, Random& random) {
  constexpr std::array operators{"Add",
                                 "AveragePool",
                                 "BatchNormalization",
                                 "Cast",
                                 "Constant",
                                 "Conv",
                                 "Div",
                                 "Dropout",
                                 "Elu",
                                 "Erf",
                                 "Flatten",
                                 "Gather",
                                 "Gelu",
                                 "Gemm",
                                 "GlobalAveragePool",
                                 "HardSwish",
                                 "Identity",
                                 "IsNaN",
                                 "LeakyRelu",
                                 "LayerNormalization",
                                 "MatMul",
                                 "MaxPool",
                                 "Mul",
                                 "Pad",
                                 "ReduceMean",
                                 "Relu",
                                 "Reshape",
                                 "Sigmoid",
                                 "Softmax",
                                 "Softplus",
                                 "Sub",
                                 "Tanh",
                                 "Unsqueeze",
                                 "Where"};
  auto* const node = one_of(graph.mutable_node(), random);
  const auto* const other = one_of(graph.mutable_node(), random);
  const auto* const array = one_of(graph.mutable_initializer(), random);
  if (node == nullptr) return;
  const auto input = [&] {
    return static_cast<int>(random.below(static_cast<std::size_t>(node->input_size())));
  };
  switch (random.below(7)) {
    case 0:
      return node->set_op_type(operators[random.below(operators.size())]);
    case 1:
      if (node->input_size() > 0 && other->output_size() > 0) node->set_input(input(), other->output(0));
      return;
    case 2:
      if (node->input_size() > 0 && array != nullptr) node->set_input(input(), array->name());
      return;
    case 3:
      if (array != nullptr) node->add_input(array->name());
      return;
    case 4:
      if (node->input_size() > 0) node->mutable_input()->RemoveLast();
      return;
    case 5:
      if (auto* const attribute = one_of(node->mutable_attribute(), random)) {
        attribute->set_i(number(random));
        if (attribute->ints_size() > 0)
          attribute->set_ints(
              static_cast<int>(random.below(static_cast<std::size_t>(attribute->ints_size()))),
              number(random));
      }
      return;
    default:
      if (auto* const attribute = one_of(node->mutable_attribute(), random))
        *node->add_attribute() = *attribute;
  }
}

void change_array(onnx_schema::TensorProto* array, Random& random) {
  if (array == nullptr) return;
  switch (random.below(4)) {
    case 0:
      if (array->dims_size() > 0)
        array->set_dims(static_cast<int>(random.below(static_cast<std::size_t>(array->dims_size()))),
                        number(random));
      return;
    case 1:
      if (array->dims_size() > 1) array->mutable_dims()->SwapElements(0, 1);
      return;
    case 2:
      return array->set_data_type(std::array{1, 6, 7, 9, 10, 11}[random.below(6)]);
    default:
      array->mutable_raw_data()->assign(array->raw_data().size(), static_cast<char>(random.below(256)));
  }
}

void change(ModelProto& model, Random& random) {
  auto& graph = *model.mutable_graph();
  switch (random.below(8)) {
    case 0:
      if (graph.input_size() > 0 && graph.input(0).type().tensor_type().shape().dim_size() > 0) {
        auto& shape = *graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
        one_of(shape.mutable_dim(), random)->set_dim_value(number(random));
      }
      return;
    case 1:
      if (graph.node_size() > 1)
        graph.mutable_node()->DeleteSubrange(
            static_cast<int>(random.below(static_cast<std::size_t>(graph.node_size()))), 1);
      return;
    case 2:
      if (auto* const node = one_of(graph.mutable_node(), random)) *graph.add_node() = *node;
      return;
    case 3:
      return change_array(one_of(graph.mutable_initializer(), random), random);
    case 4:
      if (auto* const entry = one_of(model.mutable_metadata_props(), random);
          entry != nullptr && !entry->value().empty())
        entry->mutable_value()->at(random.below(entry->value().size())) = "0[]{}\",:"[random.below(8)];
      return;
    default:
      return change_node(graph, random);
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  Random random(seed);
  ModelProto model;
  if (random.below(2) == 0 || !model.ParseFromArray(data, static_cast<int>(size)))
    return LLVMFuzzerMutate(data, size, most);
  for (std::size_t times = 1 + random.below(3); times > 0; --times) change(model, random);
  const std::string bytes = model.SerializeAsString();
  if (bytes.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::ranges::copy(bytes, data);
  return bytes.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  file.write(std::string(reinterpret_cast<const char*>(data), size));
  if (const auto read = read_or_refuse([] { return io::import_onnx<float>(file.path()); }))
    require_consistent(*read);
  if (const auto read = read_or_refuse([] { return io::import_onnx<double>(file.path()); }))
    require_consistent(*read);
  return 0;
}
