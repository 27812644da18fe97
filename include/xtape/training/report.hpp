// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/arrays/shape.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/metrics/scores.hpp"
#include "xtape/training/history.hpp"
#include "xtape/training/targets.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

/// A function argument: the targets of tested rows. Integers are class indices, others are named by
/// soft_labels(), multilabel(), binary() or numbers(), also those in a Variable; or they are the Targets of a
/// dataset. What has a name is read in the call.
class ReportTargets {
 public:
  /// What is given.
  using Given = std::variant<Indices, Targets<float>, Targets<double>>;

  /// The class of each row.
  template <detail::IntegerArray Source>
  ReportTargets(Source&& class_indices) : given_(Indices(std::forward<Source>(class_indices))) {}
  /// The class of each row.
  ReportTargets(const Indices& class_indices) : given_(class_indices) {}

  /// The targets of a dataset.
  ReportTargets(Targets<float> targets) : given_(std::move(targets)) {}
  /// The targets of a dataset.
  ReportTargets(Targets<double> targets) : given_(std::move(targets)) {}

  /// What the function says by which they are named.
  template <TargetKind kind, class Source>
  ReportTargets(xtape::detail::TargetsOf<kind, Source> named) : given_(Targets<double>(std::move(named))) {}
  /// The same of the value of a variable, which must live as long as this.
  template <TargetKind kind, class T>
  ReportTargets(xtape::detail::TargetsOf<kind, Variable<T>> named)
      : ReportTargets(of_variable<kind, T>(named.source)) {}
  /// The same.
  template <TargetKind kind, class T>
  ReportTargets(xtape::detail::TargetsOf<kind, Variable<T>&> named)
      : ReportTargets(of_variable<kind, T>(named.source)) {}
  /// The same.
  template <TargetKind kind, class T>
  ReportTargets(xtape::detail::TargetsOf<kind, const Variable<T>&> named)
      : ReportTargets(of_variable<kind, T>(named.source)) {}

  /// What they are.
  TargetKind kind() const noexcept;
  /// The targets themselves.
  const Given& given() const noexcept { return given_; }

 private:
  template <TargetKind kind, class T>
  static xtape::detail::TargetsOf<kind, ArrayView<const T>> of_variable(const Variable<T>& variable) {
    return {variable.values()};
  }

  Given given_;
};

/// Options of write_report.
struct ReportOptions {
  std::string title = "Training report";  ///< at the top of the page
  /// One for each class, label or output, of binary targets for class 0 and class 1; none: their numbers.
  std::vector<std::string> class_names = {};
  /// What a row of the features is a picture of: (height, width), or (1 or 3, height, width) for grey or red,
  /// green and blue. Its lowest value is black, its highest white. None, (): the features are no pictures.
  Shape image = {};
  std::size_t worst_examples = 24;                ///< how many to show
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their row out
  std::string model_summary = {};  ///< shown as it is, in columns of equal width: as from nn::summary
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< name and value, in this order
};

/// Writes a page about a finished training: the curves of loss, accuracy, metrics and learning rate, how good
/// the model is by rows that it was not trained on, the rows that it is worst at, the model and the settings.
///
///     training::write_report("report.html", history, logits, labels, features,
///                            {.title = "Digits",
///                             .image = {8, 8},
///                             .model_summary = nn::summary(model, {1, 64}),
///                             .settings = {{"optimizer", "Adam"}, {"batch size", "32"}}});
///     training::write_report("prices.html", history, outputs, training::numbers(prices));
///
/// What it says of the model depends on the targets:
/// - **class indices**: the confusion matrix (of more than 40 classes, the pairs most often confused),
///   precision, recall and F1 of each class, and a reliability diagram.
/// - **soft labels**: the same, where the true class is the likeliest of a label; losses are by the whole
///   label.
/// - **multi-label**: precision, recall, F1, area under the ROC curve and average precision of each label; of
///   the worst rows the labels that were missed and those that were invented.
/// - **binary**: ROC and precision-recall curve, a table of thresholds, the confusion matrix and a
/// reliability
///   diagram. Class 1 is predicted where the logit is at least 0, as metrics::predicted_labels does.
/// - **numbers**: predicted against true numbers and a histogram of the errors, of more than four outputs for
///   those that are predicted worst; and the errors of each output.
///
/// It is one file of HTML, well-formed as XML too, that holds its figures (SVG) and style (CSS), runs no
/// script and fetches nothing. It follows the reader's choice of light or dark and can be printed. Texts may
/// hold any character; what is no UTF-8 becomes U+FFFD.
///
/// Curves pause at a NaN or an infinity, and a history may be empty. Rows that cannot be judged are left out
/// of all figures, and the page says how many there are: those whose logits have no softmax, by a NaN, +inf
/// twice or only -inf; those of options.ignore_index; of other targets than classes, those whose outputs or
/// targets hold a NaN. The file appears, or replaces the one before it, once all is written. Takes memory for
/// classes^2 counts, and for the targets as doubles.
///
/// @param path      of the file; its directory must exist
/// @param outputs   what the model gives for rows that it was not trained on: of class indices the logits
///                  (rows, classes), or (rows), the log-odds of class 1 against class 0; of other targets the
///                  logits or numbers in their shape, where (rows, 1) serves for (rows).
/// @param targets   of the same rows; class indices in [0, classes), or 0 or 1, or options.ignore_index.
/// @param features  (rows, ...): of the same rows; shown if options.image is given
/// @throws ShapeError     outputs have another shape or no classes, targets or features do not fit, or
///                        options.image is no shape of a picture.
/// @throws LabelError     a class index is no class, or a multi-label or binary target neither 0 nor 1.
/// @throws ArgumentError  options.class_names are not as many as the classes, labels or outputs;
/// options.image
///                        without features; options.ignore_index for other targets than class indices.
/// @throws FileError      the file cannot be written.
void write_report(const std::string& path, const History& history, metrics::Scores outputs,
                  ReportTargets targets, metrics::Scores features, const ReportOptions& options = {});
/// The same without pictures.
void write_report(const std::string& path, const History& history, metrics::Scores outputs,
                  ReportTargets targets, const ReportOptions& options = {});

}  // namespace xtape::training
#pragma GCC visibility pop
