// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

#include "arrays/format.hpp"
#include "core/at_end.hpp"
#include "nn/evaluation_mode.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/nn/module.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {
namespace {

// "1234567" with a comma for each thousand.
std::string grouped(std::size_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

using Row = std::array<std::string, 4>;

// In columns as wide as their widest entry; the last is aligned to the right.
std::string table(const std::vector<Row>& rows) {
  std::array<std::size_t, 4> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    fmt::format_to(std::back_inserter(text), "{:{}}  {:{}}  {:{}}  {:>{}}\n", row[0], widths[0], row[1],
                   widths[1], row[2], widths[2], row[3], widths[3]);
  }
  return text;
}

}  // namespace

template <class T>
std::string summary(Module<T>& model, const Shape& input) {
  const auto modules = model.named_modules();
  std::unordered_map<const Module<T>*, std::string> shapes;  // whose elements stay where they are
  {
    const EvaluationMode mode(model);
    const AtEnd restored([&] {
      for (const auto& [name, module] : modules) module->output_shape_ = nullptr;
    });
    for (const auto& [name, module] : modules)
      module->output_shape_ = &shapes.try_emplace(module, "-").first->second;
    Tape<T> tape;
    const auto no_grad = tape.no_grad();
    const Array<T> zeros(input);
    model(tape.borrow(zeros));
  }

  std::vector<Row> rows{{"module", "type", "output", "parameters"}};
  std::unordered_set<const Parameter<T>*> counted;
  for (const auto& [name, module] : modules) {
    std::size_t count = 0;
    for (const Parameter<T>* parameter : module->parameters_) {
      if (counted.insert(parameter).second) count += parameter->size();
    }
    rows.push_back(
        {name, module->type_name(), shapes[module], module->parameters_.empty() ? "" : grouped(count)});
  }
  rows.push_back({"total", "", "", grouped(model.parameter_count())});
  std::size_t in_buffers = 0;
  for (const auto& [name, buffer] : model.named_buffers())
    buffer.visit([&in_buffers](const auto& array) { in_buffers += array.size(); });
  if (in_buffers > 0) rows.push_back({"in buffers", "", "", grouped(in_buffers)});
  return table(rows);
}

template std::string summary(Module<float>&, const Shape&);
template std::string summary(Module<double>&, const Shape&);

}  // namespace xtape::nn
#pragma GCC visibility pop
