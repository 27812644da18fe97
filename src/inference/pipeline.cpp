// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/inference/pipeline.hpp"

#include <algorithm>
#include <cmath>

#include "arrays/format.hpp"
#include "arrays/with_rows_before.hpp"
#include "inference/graph_check.hpp"
#include "nn/predict.hpp"
#include "xtape/metrics/classification.hpp"
#include "xtape/metrics/temperature.hpp"

namespace xtape::inference {
namespace {

// So many rows go through the model at a time.
constexpr std::size_t rows_at_a_time = 256;

// How many outputs a row has: classes, labels or numbers.
template <class T>
std::size_t output_count(const Pipeline<T>& pipeline, const Shape& output) {
  const bool is_column = output.rank() == 1 && output[0] == 1;
  if (pipeline.outputs_are == OutputKind::binary && (output.rank() == 0 || is_column)) return 1;
  if (pipeline.outputs_are != OutputKind::binary && output.rank() == 1) return output[0];
  if (pipeline.outputs_are == OutputKind::numbers) return output.elements();
  fail<ShapeError>("Pipeline: a model whose outputs are {} must give a row of {} for each row, got {}",
                   to_string(pipeline.outputs_are),
                   pipeline.outputs_are == OutputKind::binary ? "one logit, () or (1)," : "logits", output);
}

template <class T>
void require_outputs_fit(const char* function, const Pipeline<T>& pipeline, const Shape& output) {
  const std::size_t count = output_count(pipeline, output);
  const std::size_t names = pipeline.class_names.size();
  const std::size_t wanted = pipeline.outputs_are == OutputKind::binary ? 2 : count;
  if (names != 0 && names != wanted) {
    fail<ArgumentError>("{}: class_names must be {} for outputs {}, or none, got {}", function, wanted,
                        output, names);
  }
  const std::size_t thresholds = pipeline.thresholds.size();
  if (thresholds != 1 && (thresholds != count || pipeline.outputs_are != OutputKind::multilabel)) {
    fail<ArgumentError>("{}: thresholds must be one, or one for each of {} labels, got {}", function, count,
                        thresholds);
  }
}

}  // namespace

const char* to_string(OutputKind kind) noexcept {
  switch (kind) {
    case OutputKind::classes:
      return "classes";
    case OutputKind::multilabel:
      return "multilabel";
    case OutputKind::binary:
      return "binary";
    case OutputKind::numbers:
      return "numbers";
  }
  return "";
}

template <class T>
void Pipeline<T>::require_valid(const char* function) const {
  if (!model) fail<ArgumentError>("{}: the pipeline must have a model, got none", function);
  if (row.rank() >= Shape::max_rank || row.elements() == 0) {
    fail<ShapeError>("{}: the row must have elements along at most {} axes, got {}", function,
                     Shape::max_rank - 1, row);
  }
  if (!columns.empty() && row != Shape{columns.size()}) {
    fail<ShapeError>("{}: the row must be ({}) for as many columns, got {}", function, columns.size(), row);
  }
  if (!std::isfinite(factor) || !std::isfinite(shift)) {
    fail<ArgumentError>("{}: factor and shift must be finite, got {} and {}", function, factor, shift);
  }
  if (!(temperature > 0 && std::isfinite(temperature) && std::isfinite(1 / temperature))) {
    fail<ArgumentError>("{}: temperature and its inverse must be positive and finite, got {}", function,
                        temperature);
  }
  for (const double threshold : thresholds) {
    if (threshold >= 0 && threshold <= 1) continue;
    fail<ArgumentError>("{}: thresholds must be in [0, 1], got {}", function, threshold);
  }
  const auto require_columns = [&](const char* step, const Shape& fitted) {
    if (fitted == row) return;
    fail<ShapeError>("{}: the {} must be fitted to columns {}, those of a row, got {}", function, step, row,
                     fitted);
  };
  if (imputer) require_columns("imputer", imputer->means().shape());
  if (standardizer) require_columns("standardizer", standardizer->means().shape());
}

template <class T>
Array<T> Pipeline<T>::features(const data::CsvTable& table) const {
  if (columns.empty())
    fail<ArgumentError>("Pipeline::features: the pipeline must have columns to take of a table, got none");
  return table.template take_columns<T>(columns);
}

template <class T>
Array<T> Pipeline<T>::read_features(const std::string& path) const {
  data::CsvOptions options = csv;
  for (const auto& [column, category] : columns) {
    if (category && std::ranges::find(options.numbers, column) == options.numbers.end() &&
        std::ranges::find(options.text, column) == options.text.end()) {
      options.text.push_back(column);
    }
  }
  return features(data::read_csv(path, options));
}

template <class T>
Array<T> Pipeline<T>::outputs(const ArrayInput<T>& features) const {
  const char* const function = "Pipeline::outputs";
  require_valid(function);
  const std::size_t rows = features.shape().rank() == 0 ? 0 : features.shape()[0];
  if (features.shape() != with_rows_before(row, rows)) {
    fail<ShapeError>("{}: features must be (rows, ...) of rows {}, got {}", function, row, features.shape());
  }
  Array<T> x(features);
  if (imputer) imputer->apply(x);
  if (standardizer) standardizer->apply(x);
  if (factor != 1 || shift != 0) {
    for (T& element : x) element = static_cast<T>(element * factor + shift);
  }

  Array<T> all =
      nn::predict(function, *model, rows, rows_at_a_time, [&](std::size_t begin, std::size_t count) {
        return ArrayView<const T>(x.data() + begin * row.elements(), with_rows_before(row, count));
      });
  require_outputs_fit(function, *this, Shape(all.shape().begin() + 1, all.shape().end()));
  return all;
}

template <class T>
Array<double> Pipeline<T>::probabilities(const ArrayInput<T>& features) const {
  if (outputs_are == OutputKind::numbers)
    fail<ArgumentError>("Pipeline::probabilities: the outputs must be logits, got numbers; call outputs()");
  const Array<T> logits = outputs(features);
  if (outputs_are == OutputKind::classes) return metrics::calibrated_probabilities(logits, temperature);
  // Each is one of yes against no.
  const ArrayView<const T> flat(logits.data(), Shape{logits.size()});
  const Array<double> each = metrics::calibrated_probabilities(flat, temperature);
  return Array<double>(ArrayView<const double>(each.data(), logits.shape()));
}

template <class T>
Array<std::int64_t> Pipeline<T>::classes(const ArrayInput<T>& features) const {
  const Array<double> p = probabilities(features);
  if (outputs_are == OutputKind::classes) return metrics::predicted_classes(p);
  const std::size_t rows = p.shape()[0], labels = p.size() / std::max<std::size_t>(1, rows);
  Array<std::int64_t> chosen(outputs_are == OutputKind::binary ? Shape{rows} : p.shape());
  for (std::size_t i = 0; i < p.size(); ++i)
    chosen[i] = p[i] >= thresholds[thresholds.size() == 1 ? 0 : i % labels];
  return chosen;
}

template <class T>
std::vector<std::string> Pipeline<T>::names(const ArrayInput<T>& features) const {
  const char* const function = "Pipeline::names";
  if (outputs_are == OutputKind::multilabel)
    fail<ArgumentError>("{}: a row must be of one class, got several labels; call classes()", function);
  if (class_names.empty())
    fail<ArgumentError>("{}: the pipeline must have class_names, got none; call classes()", function);
  std::vector<std::string> names;
  for (const std::int64_t index : classes(features))
    names.push_back(class_names[static_cast<std::size_t>(index)]);
  return names;
}

template <class T>
nn::Graph<T> Pipeline<T>::graph() const& {
  namespace operations = nn::operations;
  const char* const function = "Pipeline::graph";
  require_valid(function);
  nn::Graph<T> graph(row);
  nn::GraphValue x = graph.input();
  if (imputer) x = graph.apply(operations::Impute{imputer->means()}, {x});
  if (standardizer)
    x = graph.apply(operations::Standardize{standardizer->means(), standardizer->scales()}, {x});
  if (factor != 1 || shift != 0) x = graph.apply(operations::Scale{factor, shift}, {x});
  x = model->add_to(graph, x);
  graph.end_in(x);
  require_outputs_fit(function, *this, graph.shape(x));
  if (outputs_are == OutputKind::classes) {
    graph.apply(operations::Softmax{temperature}, {x});
  } else if (outputs_are != OutputKind::numbers) {
    if (temperature != 1) x = graph.apply(operations::Scale{1 / temperature, 0}, {x});
    graph.apply(operations::Activation<T>{operations::Function::sigmoid}, {x});
  }
  return graph;
}

template <class T>
void Pipeline<T>::require_true_graph(const char* function) const {
  require_valid(function);
  inference::require_true_graph(function, *model, row);
}

template struct Pipeline<float>;
template struct Pipeline<double>;

}  // namespace xtape::inference
