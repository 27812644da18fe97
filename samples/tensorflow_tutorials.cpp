// SPDX-License-Identifier: BSD-3-Clause
// Every example of three tutorials on cross-entropy in TensorFlow, each in one call here, beside what
// TensorFlow gives. Look at the remarks: where the numbers differ, they say why. At the end, the anomaly
// check finds the NaN that one of the tutorials leaves for its reader to find.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cmath>

#include "xtape/xtape.hpp"

using namespace xtape;
namespace keras = losses::keras;
namespace tensorflow = losses::tensorflow;

using Numbers = std::vector<double>;

int differences = 0;

// `expected` is what TensorFlow gives in float64, to the digits shown.
void show(const char* example, Variable<double> result, const Numbers& expected, const char* remark = "") {
  const Numbers got(result.values().begin(), result.values().end());
  bool same = got.size() == expected.size();
  for (std::size_t i = 0; same && i < got.size(); ++i) {
    same = std::abs(got[i] - expected[i]) < 1e-8 * (1 + std::abs(expected[i])) ||
           (std::isnan(got[i]) && std::isnan(expected[i]));
  }
  if (!same && *remark == '\0') ++differences;
  fmt::print("{}\n  xtape       {:.9g}\n  TensorFlow  {:.9g}\n", example, fmt::join(got, " "),
             fmt::join(expected, " "));
  if (*remark != '\0') fmt::print("  {}\n", remark);
}

void binary_cross_entropy_tutorial(Tape<double>& tape) {
  const xt::xarray<double> labels{{1, 0, 1, 1, 0, 0}, {1, 1, 0, 1, 0, 0}, {1, 0, 1, 1, 0, 0}};
  const auto predictions = tape.variable(xt::xarray<double>{
      {0.2, 0.1, 0.8, 0.7, 0.1, 0.2}, {0.3, 0.4, 0.5, 0.6, 0.7, 0.7}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}});
  show("BinaryCrossentropy()",
       losses::binary_cross_entropy(predictions, labels, keras::binary_crossentropy()), {0.811707119},
       "TensorFlow 2 adds epsilon inside the logarithm once more; Keras 3 gives 0.811707391");

  const xt::xarray<double> yes{{1, 0}, {1, 1}}, weights{0.8, 0.2};
  const auto logits = tape.variable(xt::xarray<double>{{-23, 56}, {1.92, -24.6}});
  auto options = keras::binary_crossentropy_from_logits();
  show("BinaryCrossentropy(from_logits=True)", losses::sigmoid_cross_entropy(logits, yes, options),
       {25.9342017784});
  options.sample_weights = weights;
  show("the same with sample_weight=[0.8, 0.2]", losses::sigmoid_cross_entropy(logits, yes, options),
       {17.0368403557}, "the mean divides by the number of samples, not by the sum of their weights");

  show("tf.nn.sigmoid_cross_entropy_with_logits",
       losses::sigmoid_cross_entropy(tape.variable(Numbers{0, 0, 1, -1, 0, 1, 1, 0}),
                                     Numbers{1, 1, 1, 0, 0, 1, 0, 1},
                                     tensorflow::sigmoid_cross_entropy_with_logits()),
       {0.69314718056, 0.69314718056, 0.31326168752, 0.31326168752, 0.69314718056, 0.31326168752,
        1.31326168752, 0.69314718056});
  show("tf.nn.sigmoid_cross_entropy_with_logits",
       losses::sigmoid_cross_entropy(tape.variable(Numbers{0, -1, 1, 0}), Numbers{0, 1, 1, 0},
                                     tensorflow::sigmoid_cross_entropy_with_logits()),
       {0.69314718056, 1.31326168752, 0.31326168752, 0.69314718056});

  const auto unnormalised = tape.variable(xt::xarray<double>{{1, 0.32, 1}, {0, 1, 0.23}});
  const xt::xarray<int> classes{0, 1};
  show("SparseCategoricalCrossentropy()",
       losses::categorical_cross_entropy(unnormalised, classes, keras::categorical_crossentropy()),
       {0.524290734}, "Keras normalises, then clips: 0.524290678; TensorFlow clips, then normalises:");
  show("SparseCategoricalCrossentropy() of TensorFlow",
       losses::categorical_cross_entropy(unnormalised, classes,
                                         keras::sparse_categorical_crossentropy_of_tensorflow()),
       {0.52429073443});

  show("BinaryCrossentropy() of predictions of exactly 1",
       losses::binary_cross_entropy(tape.variable(xt::xarray<double>{{0.9, 1}, {0.3, 1}}), yes,
                                    keras::binary_crossentropy()),
       {4.18357034}, "TensorFlow 2 adds epsilon once more; Keras 3 gives 4.35685727");
}

// Cross-entropy built from primitives; the tape differentiates it by the logits and by what the labels are
// of.
Variable<double> custom_cross_entropy(Variable<double> logits, Variable<double> labels) {
  return -mean(sum(softmax(labels, 1) * log(clip(softmax(logits, 1), 1e-10, 1.0)), 1));
}

void custom_cross_entropy_tutorial(Tape<double>& tape) {
  const auto logits = tape.variable(xt::xarray<double>{{1, 2, 3}, {4, 5, 6}});
  const auto labels = tape.variable(xt::xarray<double>{{-1, 2, 0}, {3, 1, -4}});
  const auto loss = custom_cross_entropy(logits, labels);
  show("a cross-entropy of one's own", loss, {1.81115723088});
  loss.backward();
  fmt::print("  its gradient by the logits  {:.6f}\n  and by the labels           {:.6f}\n",
             fmt::join(logits.gradients(), " "), fmt::join(labels.gradients(), " "));
}

void cross_entropy_loss_tutorial(Tape<double>& tape) {
  const xt::xarray<double> labels{{1, 0}, {1, 1}};
  const auto predictions = tape.variable(xt::xarray<double>{{0.9, 1}, {0.3, 1}});
  show("CategoricalCrossentropy()",
       losses::categorical_cross_entropy(predictions, labels, keras::categorical_crossentropy()),
       {1.23795786755});

  const auto scores = tape.variable(xt::xarray<double>{{7, 8, 2}, {1, 6, 8}});
  const auto each = losses::softmax_cross_entropy(scores, xt::xarray<double>{{3, 2, 1}, {0, 1, 0.7}},
                                                  tensorflow::softmax_cross_entropy_with_logits());
  show("tf.nn.softmax_cross_entropy_with_logits", each, {10.890432964, 2.21714248178});
  sum(each).backward();
  fmt::print("  its gradient  {:.6f}\n", fmt::join(scores.gradients(), " "));
  fmt::print(
      "  these labels sum to 6 and 1.7: TensorFlow's gradient, softmax - labels, is not the derivative\n");

  const double nan = std::nan("");
  show("CategoricalCrossentropy() of labels with NaN",
       losses::categorical_cross_entropy(predictions, xt::xarray<double>{{1, nan}, {nan, 1}},
                                         keras::categorical_crossentropy()),
       {nan}, "neither masks it");
  show("CategoricalCrossentropy(), as the tutorial repeats it",
       losses::categorical_cross_entropy(predictions, labels, keras::categorical_crossentropy()),
       {1.23795786755});
  show("BinaryCrossentropy(from_logits=True)",
       losses::sigmoid_cross_entropy(tape.variable(Numbers{-15.6, 2.27, 8.94, -13.8}), Numbers{1, 0, 1, 1},
                                     keras::binary_crossentropy_from_logits()),
       {7.94211223609});

  const xt::xarray<double> unnormalised{{3, 2}, {0, 1}};
  const auto logits = tape.variable(xt::xarray<double>{{0, 1}, {1, 0}});
  auto weighted = tensorflow::v1_softmax_cross_entropy();
  weighted.sample_weights = xt::xarray<double>{{1, 0}, {0, 1}};
  try {
    losses::softmax_cross_entropy(logits, unnormalised, weighted);
  } catch (const WeightsShapeError& error) {
    fmt::print("compat.v1.losses.softmax_cross_entropy with a mask of the shape of the logits\n");
    fmt::print("  xtape       {}\n  TensorFlow  refuses it too\n", error.what());
  }
  weighted.sample_weights = Numbers{1, 0};
  show("the same with one weight a row", losses::softmax_cross_entropy(logits, unnormalised, weighted),
       {4.56630843759});
  show("the same without weights",
       losses::softmax_cross_entropy(logits, unnormalised, tensorflow::v1_softmax_cross_entropy()),
       {2.93978506255});

  show("CategoricalCrossentropy() of predictions of 0 and 1",
       losses::categorical_cross_entropy(tape.variable(xt::xarray<double>{{1, 0}, {1, 0}}),
                                         xt::xarray<double>{{1, 1}, {0, 1}},
                                         keras::categorical_crossentropy()),
       {16.1180957010});

  auto positive = tensorflow::sigmoid_cross_entropy_with_logits();
  positive.pos_weight = 1.5;
  show("tf.nn.weighted_cross_entropy_with_logits",
       losses::sigmoid_cross_entropy(tape.variable(Numbers{1, 0, -9}), Numbers{0.1, 1, 1}, positive),
       {1.22892477189, 1.03972077084, 13.5001851033});

  const auto above_one = tape.variable(xt::xarray<double>{{0.1, 1.2, 1.2}, {1, 2.1, 0.95}});
  const xt::xarray<int> classes{2, 1};
  show("SparseCategoricalCrossentropy() of predictions above 1",
       losses::categorical_cross_entropy(above_one, classes, keras::categorical_crossentropy()),
       {0.911871276}, "Keras normalises, then clips: 0.695374356; TensorFlow clips, then normalises:");
  show("SparseCategoricalCrossentropy() of TensorFlow",
       losses::categorical_cross_entropy(above_one, classes,
                                         keras::sparse_categorical_crossentropy_of_tensorflow()),
       {0.9118712760});
}

void find_the_nan(Tape<double>& tape) {
  fmt::print("tape.check_finite(), and the example with NaN again\n");
  tape.check_finite();
  const auto predictions = tape.variable(xt::xarray<double>{{0.9, 1}, {0.3, 1}});
  const double nan = std::nan("");
  try {
    losses::categorical_cross_entropy(predictions, xt::xarray<double>{{1, nan}, {nan, 1}});
  } catch (const NonFiniteError& error) {
    fmt::print("  {}\n", error.what());
  }
  try {
    log(predictions - 1.0);
  } catch (const NonFiniteError& error) {
    fmt::print("  {}\n", error.what());
  }
}

int main() {
  Tape<double> tape;
  fmt::print("Binary cross entropy in TensorFlow\n\n");
  binary_cross_entropy_tutorial(tape);
  fmt::print("\nCross entropy with a customised function\n\n");
  custom_cross_entropy_tutorial(tape);
  fmt::print("\nCross-entropy loss in TensorFlow\n\n");
  cross_entropy_loss_tutorial(tape);
  fmt::print("\nWhere a NaN comes from\n\n");
  find_the_nan(tape);
  fmt::print("\n{} unexplained differences\n", differences);
  return differences == 0 ? 0 : 1;
}
