// SPDX-License-Identifier: BSD-3-Clause
// The same training steps with xtape and with libtorch, behind plain types: the headers of the two, C++20 and
// C++17, never meet in one file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace benchmarks {

/// An array in row-major order.
struct Numbers {
  std::vector<std::size_t> shape;
  std::vector<float> values;
};

/// One forward and backward pass over arrays that were copied when it was made.
class Step {
 public:
  using Results = std::vector<std::vector<float>>;

  virtual ~Step() = default;

  void run() { pass(nullptr); }

  /// Runs, and copies every output, each followed by the gradients of all inputs.
  Results results() {
    Results results;
    pass(&results);
    return results;
  }

 private:
  virtual void pass(Results* results) = 0;
};

namespace with_xtape {

void set_threads(std::size_t threads);

/// The losses are means over the rows, or the elements.
std::unique_ptr<Step> softmax_cross_entropy(const Numbers& logits, const std::vector<std::int64_t>& classes);
std::unique_ptr<Step> softmax_cross_entropy(const Numbers& logits, const Numbers& soft_labels,
                                            const Numbers& class_weights, double label_smoothing);
std::unique_ptr<Step> sigmoid_cross_entropy(const Numbers& logits, const Numbers& labels);
std::unique_ptr<Step> linear_softmax_cross_entropy(const Numbers& features, const Numbers& weight,
                                                   const Numbers& bias,
                                                   const std::vector<std::int64_t>& classes);

std::unique_ptr<Step> softmax_and_log_softmax(const Numbers& x, const Numbers& output_gradient);
std::unique_ptr<Step> add(const Numbers& x, const Numbers& row, const Numbers& output_gradient);

}  // namespace with_xtape

namespace with_torch {

void set_threads(int own, int of_openblas);

std::unique_ptr<Step> softmax_cross_entropy(const Numbers& logits, const std::vector<std::int64_t>& classes);
std::unique_ptr<Step> softmax_cross_entropy(const Numbers& logits, const Numbers& soft_labels,
                                            const Numbers& class_weights, double label_smoothing);
std::unique_ptr<Step> sigmoid_cross_entropy(const Numbers& logits, const Numbers& labels);
std::unique_ptr<Step> linear_softmax_cross_entropy(const Numbers& features, const Numbers& weight,
                                                   const Numbers& bias,
                                                   const std::vector<std::int64_t>& classes);

std::unique_ptr<Step> softmax_and_log_softmax(const Numbers& x, const Numbers& output_gradient);
std::unique_ptr<Step> add(const Numbers& x, const Numbers& row, const Numbers& output_gradient);

}  // namespace with_torch

}  // namespace benchmarks
