// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/shape.hpp"
#include "xtape/metrics/scores.hpp"
#include "xtape/training/history.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

/// Options of write_report.
struct ReportOptions {
  std::string title = "Training report";      ///< at the top of the page
  std::vector<std::string> class_names = {};  ///< one for each class; none: their numbers
  /// What a row of the features is a picture of: (height, width), or (1 or 3, height, width) for grey or red,
  /// green and blue. Its lowest value is black, its highest white. None, (): the features are no pictures.
  Shape image = {};
  std::size_t worst_examples = 24;                ///< how many to show
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their row out
  std::string model_summary = {};  ///< shown as it is, in columns of equal width: as from nn::summary
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< name and value, in this order
};

/// Writes a page about a finished training: the curves of loss, accuracy and learning rate, the confusion
/// matrix (of more than 40 classes, the pairs most often confused), precision, recall and F1 of each class,
/// a reliability diagram, the rows of the highest loss, the model and the settings.
///
///     training::write_report("report.html", history, logits, labels, features,
///                            {.title = "Digits",
///                             .image = {8, 8},
///                             .model_summary = nn::summary(model, {1, 64}),
///                             .settings = {{"optimizer", "Adam"}, {"batch size", "32"}}});
///
/// It is one file of HTML, well-formed as XML too, that holds its figures (SVG) and style (CSS), runs no
/// script and fetches nothing. It follows the reader's choice of light or dark and can be printed. Texts may
/// hold any character; what is no UTF-8 becomes U+FFFD.
///
/// Curves pause at a NaN or an infinity, and a history may be empty. A row whose logits have no softmax, by a
/// NaN, +inf twice or only -inf, is left out of all figures, and so is one of options.ignore_index; the page
/// says how many there are. The file appears, or replaces the one before it, once all is written. Takes
/// memory for classes^2 counts.
///
/// @param path           of the file; its directory must exist
/// @param logits         (rows, classes); or (rows): the log-odds of class 1 against class 0. Of rows that
///                       the model was not trained on.
/// @param class_indices  (rows): in [0, classes); or 0 or 1; or options.ignore_index.
/// @param features       (rows, ...): of the same rows; shown if options.image is given
/// @throws ShapeError     logits have another shape or no classes, class_indices or features do not fit, or
///                        options.image is no shape of a picture.
/// @throws LabelError     an entry of class_indices is no class.
/// @throws ArgumentError  options.class_names are not as many as the classes; options.image without features.
/// @throws FileError      the file cannot be written.
void write_report(const std::string& path, const History& history, metrics::Scores logits,
                  Indices class_indices, metrics::Scores features, const ReportOptions& options = {});
/// The same without pictures.
void write_report(const std::string& path, const History& history, metrics::Scores logits,
                  Indices class_indices, const ReportOptions& options = {});

}  // namespace xtape::training
#pragma GCC visibility pop
