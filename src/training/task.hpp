// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "xtape/arrays/array_view.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// How many rows have a class that can be told right from wrong, and of how many it is right.
struct Judged {
  std::size_t rows = 0;
  std::size_t right = 0;
};

struct TaskOptions {
  const char* function;  // in whose name a task complains
  std::optional<std::int64_t> ignore_index = {};
  const char* dataset = "data";  // how it calls the arrays that it is about
};

// What a training does by the kind of its targets.
template <class T>
class Task {
 public:
  explicit Task(const TaskOptions& options) : options_(options) {}
  virtual ~Task() = default;

  // Throws ShapeError unless targets (rows, ...) are of a shape of their kind.
  virtual void require_targets(const Shape& targets) const = 0;
  // Throws LabelError, in which `rows` say where they stand, for values that are none of their kind.
  virtual void require_values(const BatchTargets<T>&) const {}

  // What a model gave, as the loss takes it. Throws ShapeError.
  virtual Variable<T> outputs(Variable<T> of_model, const BatchTargets<T>& targets) const = 0;
  // Weighs the loss so that what occurs in these rows counts alike; of class indices and yes-or-no targets.
  virtual void balance(const Targets<T>&, std::span<const std::size_t>) {}
  // The loss where none is given.
  virtual Variable<T> loss(Variable<T> outputs, const BatchTargets<T>& targets) const = 0;

  virtual Judged judge(ArrayView<const T> outputs, const BatchTargets<T>& targets) const = 0;
  virtual std::vector<std::string> metric_names() const { return {}; }
  // Each of metric_names(); outputs without NaN.
  virtual std::vector<double> metrics(ArrayView<const T>, const BatchTargets<T>&) const { return {}; }

  const char* function() const { return options_.function; }
  const char* dataset() const { return options_.dataset; }

 protected:
  TaskOptions options_;
};

template <class T>
std::unique_ptr<Task<T>> task_of(TargetKind kind, const TaskOptions& options);

}  // namespace xtape::training
