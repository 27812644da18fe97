// SPDX-License-Identifier: BSD-3-Clause
#include <functional>
#include <utility>

#include "steps.hpp"
#include "xtape/xtape.hpp"

namespace benchmarks::with_xtape {
namespace {

using xtape::ArrayView, xtape::Shape, xtape::Tape, xtape::Variable;

ArrayView<const float> view(const Numbers& numbers) {
  return {numbers.values.data(), Shape(numbers.shape.begin(), numbers.shape.end())};
}

// The leaves stay on the tape; each operation is recorded and reversed in a frame of its own.
class TapeStep final : public Step {
 public:
  using Operation = std::function<Variable<float>()>;

  Variable<float> constant(const Numbers& values) { return tape_.constant(view(values)); }

  Variable<float> input(const Numbers& values) {
    inputs_.push_back(tape_.variable(view(values)));
    return inputs_.back();
  }

  void operation(Operation operation, const Numbers& output_gradient = {{}, {1}}) {
    operations_.emplace_back(std::move(operation), constant(output_gradient));
  }

 private:
  void pass(Results* results) override {
    for (const auto& [operation, output_gradient] : operations_) {
      const auto frame = tape_.frame();
      const Variable<float> output = operation();
      output.backward(output_gradient);
      if (results != nullptr) append(output, *results);
    }
  }

  void append(const Variable<float>& output, Results& results) const {
    results.emplace_back(output.values().begin(), output.values().end());
    for (const Variable<float>& x : inputs_) {
      results.emplace_back(x.gradients().begin(), x.gradients().end());
    }
  }

  Tape<float> tape_;
  std::vector<Variable<float>> inputs_;
  std::vector<std::pair<Operation, Variable<float>>> operations_;
};

}  // namespace

void set_threads(std::size_t threads) { xtape::set_num_threads(threads); }

std::unique_ptr<Step> softmax_cross_entropy(const Numbers& logits, const std::vector<std::int64_t>& classes) {
  auto step = std::make_unique<TapeStep>();
  step->operation(
      [x = step->input(logits), classes] { return xtape::losses::softmax_cross_entropy(x, classes); });
  return step;
}

std::unique_ptr<Step> softmax_cross_entropy(const Numbers& logits, const Numbers& soft_labels,
                                            const Numbers& class_weights, double label_smoothing) {
  auto step = std::make_unique<TapeStep>();
  step->operation([x = step->input(logits), labels = step->constant(soft_labels),
                   weights = class_weights.values, label_smoothing] {
    return xtape::losses::softmax_cross_entropy(
        x, labels, {.class_weights = weights, .label_smoothing = label_smoothing});
  });
  return step;
}

std::unique_ptr<Step> sigmoid_cross_entropy(const Numbers& logits, const Numbers& labels) {
  auto step = std::make_unique<TapeStep>();
  step->operation([x = step->input(logits), z = step->constant(labels)] {
    return xtape::losses::sigmoid_cross_entropy(x, z);
  });
  return step;
}

std::unique_ptr<Step> linear_softmax_cross_entropy(const Numbers& features, const Numbers& weight,
                                                   const Numbers& bias,
                                                   const std::vector<std::int64_t>& classes) {
  auto step = std::make_unique<TapeStep>();
  step->operation([x = step->input(features), w = step->input(weight), b = step->input(bias), classes] {
    return xtape::losses::linear_softmax_cross_entropy(x, w, b, classes);
  });
  return step;
}

std::unique_ptr<Step> softmax_and_log_softmax(const Numbers& x, const Numbers& output_gradient) {
  auto step = std::make_unique<TapeStep>();
  const Variable<float> input = step->input(x);
  step->operation([input] { return xtape::softmax(input); }, output_gradient);
  step->operation([input] { return xtape::log_softmax(input); }, output_gradient);
  return step;
}

std::unique_ptr<Step> add(const Numbers& x, const Numbers& row, const Numbers& output_gradient) {
  auto step = std::make_unique<TapeStep>();
  step->operation([a = step->input(x), b = step->input(row)] { return a + b; }, output_gradient);
  return step;
}

}  // namespace benchmarks::with_xtape
