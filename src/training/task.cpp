// SPDX-License-Identifier: BSD-3-Clause
#include "training/task.hpp"

#include <algorithm>
#include <mutex>

#include "arrays/format.hpp"
#include "training/loaded_rows.hpp"
#include "xtape/losses/class_weights.hpp"
#include "xtape/losses/sigmoid_cross_entropy.hpp"
#include "xtape/losses/softmax_cross_entropy.hpp"
#include "xtape/losses/squared_error.hpp"
#include "xtape/metrics/multilabel.hpp"
#include "xtape/metrics/ranking.hpp"
#include "xtape/metrics/regression.hpp"
#include "xtape/ops/rearrange.hpp"

namespace xtape::training {
namespace {

// False where a NaN makes a comparison fail.
template <class T>
bool is_first_largest(const T* scores, std::size_t count, std::size_t index) {
  bool result = true;
  for (std::size_t j = 0; j < index; ++j) result &= scores[index] > scores[j];
  for (std::size_t j = index; j < count; ++j) result &= scores[index] >= scores[j];
  return result;
}

template <class T>
void require_0_or_1(const char* function, const BatchTargets<T>& targets) {
  const ArrayView<const T> values = targets.values();
  const auto at = std::ranges::find_if_not(values, [](T x) { return x == 0 || x == 1; });
  if (at == values.end()) return;
  const auto index = static_cast<std::size_t>(at - values.begin());
  const std::size_t width = values.size() / values.shape()[0];
  fail<LabelError>("{}: {} targets must be 0 or 1, got {} in row {}{}", function, to_string(targets.kind()),
                   *at, targets.rows()[index / width],
                   width == 1 ? "" : fmt::format(", label {}", index % width));
}

void require_table(const TaskOptions& options, const Shape& targets, const char* kind, const char* columns) {
  if (targets.rank() == 2 && targets[1] > 0) return;
  fail<ShapeError>("{}: {}.targets must be (rows, {}) of {}, got {}", options.function, options.dataset,
                   columns, kind, targets);
}

void require_column(const TaskOptions& options, const Shape& targets, const char* kind, const char* instead) {
  if (targets.rank() == 1) return;
  fail<ShapeError>("{}: {}.targets must be (rows) of {}, got {}; {}", options.function, options.dataset, kind,
                   targets, instead);
}

template <class T>
Variable<T> logits_for_classes(const char* function, Variable<T> of_model, std::size_t rows) {
  const Shape& shape = of_model.shape();
  if (shape.rank() != 2 || shape[0] != rows) {
    fail<ShapeError>("{}: the model must make logits ({}, classes) of {} rows, got {}", function, rows, rows,
                     shape);
  }
  return of_model;
}

// Outputs of the shape of the targets; (rows, 1) for (rows).
template <class T>
Variable<T> as_targets(const char* function, const char* what, Variable<T> of_model,
                       const BatchTargets<T>& targets) {
  const Shape& wanted = targets.values().shape();
  if (of_model.shape() == wanted) return of_model;
  if (wanted.rank() == 1 && of_model.shape() == Shape{wanted[0], 1}) return reshape(of_model, wanted);
  fail<ShapeError>("{}: the model must make {} {} of {} rows, as the targets are, got {}", function, what,
                   wanted, targets.rows().size(), of_model.shape());
}

template <class T>
class ClassIndices : public Task<T> {
 public:
  using Task<T>::Task;

  void require_targets(const Shape& targets) const override {
    require_column(this->options_, targets, "class indices",
                   "distributions over classes are training::soft_labels(), several labels a row "
                   "training::multilabel()");
  }

  Variable<T> outputs(Variable<T> of_model, const BatchTargets<T>& targets) const override {
    return logits_for_classes(this->function(), of_model, targets.rows().size());
  }

  void balance(const Targets<T>& targets, std::span<const std::size_t> rows) override {
    labels_to_balance_ = Array<std::int64_t>(Shape{rows.size()});
    targets.class_indices().read_rows(rows, {labels_to_balance_.data(), rows.size()});
  }

  Variable<T> loss(Variable<T> logits, const BatchTargets<T>& targets) const override {
    if (labels_to_balance_.size() > 0) {
      std::call_once(balanced_, [&] {
        class_weights_ = losses::balanced_class_weights(losses::class_counts(
            labels_to_balance_, logits.shape()[1], {.ignore_index = options_.ignore_index}));
      });
    }
    return losses::softmax_cross_entropy(logits, targets,
                                         {.class_weights = class_weights_,
                                          .sample_weights = targets.weights(),
                                          .ignore_index = options_.ignore_index});
  }

  Judged judge(ArrayView<const T> logits, const BatchTargets<T>& targets) const override {
    Judged judged;
    const std::size_t classes = logits.shape()[1];
    for (std::size_t row = 0; row < logits.shape()[0]; ++row) {
      const std::int64_t given = targets.class_indices()[row];
      const auto label = static_cast<std::size_t>(given);  // a negative one becomes a large number
      if (label >= classes || given == options_.ignore_index) continue;
      ++judged.rows;
      judged.right += is_first_largest(logits.data() + row * classes, classes, label);
    }
    return judged;
  }

 private:
  using Task<T>::options_;

  Array<std::int64_t> labels_to_balance_;
  mutable losses::Weights class_weights_;  // known once the number of classes is
  mutable std::once_flag balanced_;        // by the first thread of a step
};

template <class T>
class SoftLabels : public Task<T> {
 public:
  using Task<T>::Task;

  void require_targets(const Shape& targets) const override {
    require_table(this->options_, targets, "soft labels", "classes");
  }

  Variable<T> outputs(Variable<T> of_model, const BatchTargets<T>& targets) const override {
    return as_targets(this->function(), "logits", of_model, targets);
  }

  Variable<T> loss(Variable<T> logits, const BatchTargets<T>& targets) const override {
    return losses::softmax_cross_entropy(logits, targets, {.sample_weights = targets.weights()});
  }

  Judged judge(ArrayView<const T> logits, const BatchTargets<T>& targets) const override {
    Judged judged{.rows = logits.shape()[0]};
    const std::size_t classes = logits.shape()[1];
    for (std::size_t row = 0; row < judged.rows; ++row) {
      const T* const label = targets.values().data() + row * classes;
      const auto most_likely = static_cast<std::size_t>(std::max_element(label, label + classes) - label);
      judged.right += is_first_largest(logits.data() + row * classes, classes, most_likely);
    }
    return judged;
  }
};

// Yes-or-no targets, one or several a row.
template <class T>
class YesOrNo : public Task<T> {
 public:
  using Task<T>::Task;

  void balance(const Targets<T>& targets, std::span<const std::size_t> rows) override {
    Array<T> labels(with_rows(targets.shape(), rows.size()));
    targets.values().read_rows(rows, {labels.data(), labels.size()});
    pos_weight_ = losses::balanced_pos_weight(labels);
  }

  void require_values(const BatchTargets<T>& targets) const override {
    require_0_or_1(this->function(), targets);
  }

  Variable<T> outputs(Variable<T> of_model, const BatchTargets<T>& targets) const override {
    return as_targets(this->function(), "logits", of_model, targets);
  }

  Variable<T> loss(Variable<T> logits, const BatchTargets<T>& targets) const override {
    return losses::sigmoid_cross_entropy(
        logits, targets,
        {.axis = axis_of(targets), .sample_weights = targets.weights(), .pos_weight = pos_weight_});
  }

  // A row is right if all its labels are.
  Judged judge(ArrayView<const T> logits, const BatchTargets<T>& targets) const override {
    Judged judged{.rows = logits.shape()[0]};
    const std::size_t width = judged.rows == 0 ? 0 : logits.size() / judged.rows;
    for (std::size_t row = 0; row < judged.rows; ++row) {
      bool is_right = true;
      for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
        is_right &= targets.values()[i] == 1 ? logits[i] >= 0 : logits[i] < 0;
      }
      judged.right += is_right;
    }
    return judged;
  }

 private:
  static std::optional<int> axis_of(const BatchTargets<T>& targets) {
    return targets.values().shape().rank() == 1 ? std::nullopt : std::optional<int>(-1);
  }

  losses::Weights pos_weight_;
};

template <class T>
class Multilabel : public YesOrNo<T> {
 public:
  using YesOrNo<T>::YesOrNo;

  void require_targets(const Shape& targets) const override {
    require_table(this->options_, targets, "multi-label targets", "labels");
  }

  std::vector<std::string> metric_names() const override {
    return {"hamming_loss", "macro_roc_auc", "micro_roc_auc", "macro_average_precision",
            "micro_average_precision"};
  }
  std::vector<double> metrics(ArrayView<const T> logits, const BatchTargets<T>& targets) const override {
    const auto report = metrics::multilabel_report(logits, targets.values());
    return {report.hamming_loss, report.macro.roc_auc, report.micro.roc_auc, report.macro.average_precision,
            report.micro.average_precision};
  }
};

template <class T>
class Binary : public YesOrNo<T> {
 public:
  using YesOrNo<T>::YesOrNo;

  void require_targets(const Shape& targets) const override {
    require_column(this->options_, targets, "binary targets",
                   "several labels a row are training::multilabel()");
  }

  std::vector<std::string> metric_names() const override { return {"roc_auc", "average_precision"}; }
  std::vector<double> metrics(ArrayView<const T> logits, const BatchTargets<T>& targets) const override {
    std::vector<std::int64_t> labels(targets.values().begin(), targets.values().end());
    return {metrics::roc_auc(logits, labels), metrics::average_precision(logits, labels)};
  }
};

template <class T>
class Numbers : public Task<T> {
 public:
  using Task<T>::Task;

  void require_targets(const Shape& targets) const override {
    if (targets.rank() != 1) require_table(this->options_, targets, "numbers", "outputs");
  }

  Variable<T> outputs(Variable<T> of_model, const BatchTargets<T>& targets) const override {
    return as_targets(this->function(), "outputs", of_model, targets);
  }

  Variable<T> loss(Variable<T> outputs, const BatchTargets<T>& targets) const override {
    const bool has_one = targets.values().shape().rank() == 1;
    return losses::squared_error(
        outputs, targets,
        {.axis = has_one ? std::nullopt : std::optional<int>(-1), .sample_weights = targets.weights()});
  }

  Judged judge(ArrayView<const T>, const BatchTargets<T>&) const override { return {}; }

  std::vector<std::string> metric_names() const override {
    return {"r_squared", "mean_absolute_error", "root_mean_squared_error"};
  }
  std::vector<double> metrics(ArrayView<const T> outputs, const BatchTargets<T>& targets) const override {
    return {metrics::r_squared(outputs, targets.values()),
            metrics::mean_absolute_error(outputs, targets.values()),
            metrics::root_mean_squared_error(outputs, targets.values())};
  }
};

}  // namespace

template <class T>
std::unique_ptr<Task<T>> task_of(TargetKind kind, const TaskOptions& options) {
  switch (kind) {
    case TargetKind::class_indices:
      return std::make_unique<ClassIndices<T>>(options);
    case TargetKind::soft_labels:
      return std::make_unique<SoftLabels<T>>(options);
    case TargetKind::multilabel:
      return std::make_unique<Multilabel<T>>(options);
    case TargetKind::binary:
      return std::make_unique<Binary<T>>(options);
    case TargetKind::numbers:
      break;
  }
  return std::make_unique<Numbers<T>>(options);
}

template std::unique_ptr<Task<float>> task_of(TargetKind, const TaskOptions&);
template std::unique_ptr<Task<double>> task_of(TargetKind, const TaskOptions&);

}  // namespace xtape::training
