// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/shape.hpp"
#include "xtape/data/csv.hpp"
#include "xtape/data/mean_imputer.hpp"
#include "xtape/data/standardizer.hpp"
#include "xtape/nn/graph.hpp"
#include "xtape/nn/module.hpp"

#pragma GCC visibility push(default)
namespace xtape::inference {

/// What the outputs of a model say of a row.
enum class OutputKind {
  classes,     ///< logits of classes, of which one is true
  multilabel,  ///< a logit for each label, of which any may be true
  binary,      ///< one logit for yes against no
  numbers      ///< the numbers asked for themselves
};

/// "classes"
const char* to_string(OutputKind kind) noexcept;

/// A part of a pipeline: an object that the program has, and which must outlive it, or one that it owns.
/// Copies share the object.
template <class Object>
class Part {
 public:
  /// None.
  Part() = default;
  /// One that the program has.
  Part(Object& object) : object_(&object, [](Object*) {}) {}
  /// Takes it over.
  template <std::derived_from<Object> Derived>
  Part(std::unique_ptr<Derived> object) : object_(std::move(object)) {}
  /// Takes it over.
  Part(std::remove_const_t<Object>&& object) requires std::move_constructible<std::remove_const_t<Object>>
      : object_(std::make_shared<Object>(std::move(object))) {}
  /// A temporary that cannot be taken over would be gone.
  Part(const std::remove_const_t<Object>&&) = delete;

  /// Whether there is one.
  explicit operator bool() const noexcept { return object_ != nullptr; }
  /// The object. Not checked.
  Object& operator*() const noexcept { return *object_; }
  /// The same.
  Object* operator->() const noexcept { return object_.get(); }

 private:
  std::shared_ptr<Object> object_;
};

/// How good a model was found to be by one measure.
struct CardMetric {
  std::string name;                                     ///< such as "accuracy"
  double value = 0;                                     ///< finite
  std::optional<double> standard_error = std::nullopt;  ///< as metrics::Estimate has it
};

/// What people should know of a model: what it learned from, and how good it is. All of it is optional.
struct ModelCard {
  std::string description = {};                      ///< what it is for
  std::string data = {};                             ///< what it was trained on, and where that is from
  std::map<std::string, std::uint64_t> rows = {};    ///< how many: {{"train", 1437}, {"test", 360}}
  std::vector<CardMetric> metrics = {};              ///< measured on rows that it was not trained on
  std::map<std::string, std::string> settings = {};  ///< of the training: {{"learning rate", "0.001"}}
  std::string date = {};                             ///< as the program gives it: "2026-05-17"
  std::string written_by = {};                       ///< "xtape 0.1.0": of a file that was read
};

/// A model with the steps before and after it, from the columns of a table to the name of a class:
/// what io::save_model writes.
///
///     inference::Pipeline<float> pipeline{.model = model,
///                                         .row = {30},
///                                         .columns = columns,
///                                         .standardizer = standardizer,
///                                         .temperature = temperature,
///                                         .class_names = {"benign", "malignant"}};
///     io::save_model("tumours.xtape", pipeline);
///
/// Before the model a row goes through the steps that there are, in the order in which they stand here. Its
/// functions run the model in evaluation mode, after which it is in the mode it was in; they belong to one
/// thread at a time. A copy has the same parts, not copies of them. On several threads, or without the heap,
/// a Predictor does.
template <class T>
struct Pipeline {
  Part<nn::Module<T>> model;  ///< the model itself
  Shape row;                  ///< of the features of one row: (64), or (1, 28, 28)

  std::vector<data::FeatureColumn> columns = {};  ///< which columns of a table the features are
  /// How files of rows are written. (g++ 12 takes apart what it has not made where {} throws.)
  data::CsvOptions csv = data::CsvOptions();
  Part<const data::MeanImputer<T>> imputer = {};        ///< first of all
  Part<const data::Standardizer<T>> standardizer = {};  ///< then
  double factor = 1;                                    ///< then features become features factor + shift, ...
  double shift = 0;                                     ///< ... in double

  OutputKind outputs_are = OutputKind::classes;  ///< what the outputs of the model say
  double temperature = 1;                        ///< outputs are divided by it: metrics::fit_temperature
  /// From which probability on a label is true: one for all, or one for each.
  std::vector<double> thresholds = {0.5};
  std::vector<std::string> class_names = {};  ///< of the outputs; of a binary model those of no and yes
  ModelCard card = ModelCard();               ///< what people should know

  /// The features that a table has: (rows, ...).
  /// @throws ArgumentError, FileError  as CsvTable::take_columns.
  Array<T> features(const data::CsvTable& table) const;
  /// Those of a file that is written like the one that the model was trained from.
  /// @throws ArgumentError, FileError  as data::read_csv and CsvTable::take_columns.
  Array<T> read_features(const std::string& path) const;

  /// What the model gives, neither divided nor turned into probabilities: (rows, ...).
  /// @throws ArgumentError, ShapeError  as require_valid(), or the features are not (rows, ...) of the row.
  Array<T> outputs(const ArrayInput<T>& features) const;
  /// Probabilities of classes, labels or yes: the shape of outputs().
  /// @throws ArgumentError, ShapeError  as outputs(), or the outputs are numbers.
  Array<double> probabilities(const ArrayInput<T>& features) const;
  /// What is most likely or probable enough: class indices (rows); 0 or 1 for each label (rows, labels), or
  /// for each row of a binary model (rows).
  /// @throws ArgumentError, ShapeError  as probabilities().
  Array<std::int64_t> classes(const ArrayInput<T>& features) const;
  /// The name of the class of each row.
  /// @throws ArgumentError, ShapeError  as classes(), there are no names, or a row may have several labels.
  std::vector<std::string> names(const ArrayInput<T>& features) const;

  /// All of it but names and thresholds as a graph, which gives probabilities, or numbers.
  /// @throws ArgumentError, ShapeError  as require_valid(), or Module::add_to of a module.
  nn::Graph<T> graph() const&;
  /// The graph holds addresses of arrays of the model and of the steps, which must outlive it.
  nn::Graph<T> graph() const&& = delete;

  /// @throws ArgumentError, ShapeError  a part is missing, or two do not fit together. The message names
  /// them.
  void require_valid(const char* function) const;

  /// That add_to() of the model computes what its forward() does, up to rounding: both are given a few drawn
  /// rows in evaluation mode, of indices where there is an Embedding. Predictors and exports look at it
  /// themselves; it is a test for modules of your own.
  /// @throws ArgumentError, ShapeError  as require_valid(), or they differ. The message names the module, and
  ///                                    what it gives on either way.
  void require_true_graph(const char* function) const;
};

extern template struct Pipeline<float>;
extern template struct Pipeline<double>;

}  // namespace xtape::inference
#pragma GCC visibility pop
