// SPDX-License-Identifier: BSD-3-Clause
// What losses refuse, in which words. Each refusal leaves the tape as it was.
#include <optional>
#include <string>
#include <utility>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Divisor;
using losses::EmptyMean;
using losses::Reduction;

namespace {

// A loss of predictions of shape (2, 3), with its options to spoil.
template <class Labels, class Options>
class Family {
 public:
  using Loss = Variable<double> (*)(Variable<double>, Labels, const Options&);

  // `predictions` is what messages call them.
  Family(std::string name, std::string predictions, Loss loss)
      : name(std::move(name)), predictions(std::move(predictions)), loss(loss) {}

  template <class Error>
  std::string refusal(const Labels& labels) {
    return refusal_of<Error>(x, labels);
  }
  template <class Error>
  std::string refusal_of(Variable<double> x, const Labels& labels) {
    return testing::refusal<Error>(tape, [&] { loss(x, labels, options); });
  }

  std::string name, predictions;
  Loss loss;
  Options options;
  Tape<double> tape;
  Variable<double> x = tape.variable(xt::xarray<double>{{0.2, 0.3, 0.5}, {0.1, 0.8, 0.1}});
};

const xt::xarray<int> class_indices{2, 1};
const xt::xarray<double> labels{{0, 0, 1}, {0.5, 0.5, 0}};

template <class Check>
void for_each_loss_of_logits(Check check) {
  check(Family("softmax_cross_entropy", "logits", losses::softmax_cross_entropy<double>));
  check(Family("softmax_focal", "logits", losses::softmax_focal<double>));
  check(Family("poly_cross_entropy", "logits", losses::poly_cross_entropy<double>));
  check(Family("symmetric_cross_entropy", "logits", losses::symmetric_cross_entropy<double>));
}

template <class Check>
void for_each_loss_of_soft_labels(Check check) {
  for_each_loss_of_logits(check);
  check(Family("categorical_cross_entropy", "probabilities", losses::categorical_cross_entropy<double>));
  check(Family("categorical_focal", "probabilities", losses::categorical_focal<double>));
}

template <class Check>
void for_each_loss_of_classes(Check check) {
  for_each_loss_of_soft_labels(check);
  check(Family("nll", "log_probabilities", losses::nll<double>));
  check(Family("generalized_cross_entropy", "probabilities", losses::generalized_cross_entropy<double>));
}

template <class Check>
void for_each_smoothed_loss_of_elements(Check check) {
  check(Family("sigmoid_cross_entropy", "logits", losses::sigmoid_cross_entropy<double>));
  check(Family("binary_cross_entropy", "probabilities", losses::binary_cross_entropy<double>));
  check(Family("sigmoid_focal", "logits", losses::sigmoid_focal<double>));
  check(Family("binary_focal", "probabilities", losses::binary_focal<double>));
}

template <class Check>
void for_each_loss_of_elements(Check check) {
  for_each_smoothed_loss_of_elements(check);
  check(Family("soft_margin", "logits", losses::soft_margin<double>));
}

template <class Check>
void for_each_divergence(Check check) {
  check(Family("kl_divergence", "probabilities", losses::kl_divergence<double>));
  check(Family("kl_divergence_from_log", "log_probabilities", losses::kl_divergence_from_log<double>));
}

template <class Check>
void for_each_loss_of_errors(Check check) {
  check(Family("squared_error", "outputs", losses::squared_error<double>));
  check(Family("huber", "outputs", losses::huber<double>));
}

}  // namespace

// ---- Labels

TEST_CASE("Losses of classes say how to make class indices of other shapes fit", "[losses][errors]") {
  for_each_loss_of_classes([](auto family) {
    const std::string rule = family.name + ": class_indices must have one entry per sample of " +
                             family.predictions + " (2, 3), shape (2), got ";
    CHECK(family.template refusal<ShapeError>(xt::zeros<int>({3})) == rule + "(3)");
    CHECK(family.template refusal<ShapeError>(1) == rule + "()");
    CHECK(family.template refusal<ShapeError>(xt::zeros<int>({2, 1})) == rule + "(2, 1); drop the last axis");
  });
}

TEST_CASE("Losses of soft labels say how to give them one-hot rows", "[losses][errors]") {
  for_each_loss_of_soft_labels([](auto family) {
    CHECK(family.template refusal<ShapeError>(xt::xarray<int>{{0, 0, 1}, {0, 1, 0}}) ==
          family.name + ": class_indices must have one entry per sample of " + family.predictions +
              " (2, 3), shape (2), got (2, 3); one-hot rows go in as floating-point soft labels, or as the "
              "positions of their ones");
  });
}

TEST_CASE("Losses of class indices alone say how to give them one-hot rows", "[losses][errors]") {
  const auto check = [](auto family) {
    CHECK(family.template refusal<ShapeError>(xt::xarray<int>{{0, 0, 1}, {0, 1, 0}}) ==
          family.name + ": class_indices must have one entry per sample of " + family.predictions +
              " (2, 3), shape (2), got (2, 3); one-hot rows go in as the positions of their ones");
  };
  check(Family("nll", "log_probabilities", losses::nll<double>));
  check(Family("generalized_cross_entropy", "probabilities", losses::generalized_cross_entropy<double>));
}

TEST_CASE("Losses of elements say which last axis is one too many", "[losses][errors]") {
  Tape<double> tape;
  const auto column = tape.variable(xt::zeros<double>({3, 1})), row = tape.variable(xt::zeros<double>({3}));
  CHECK(refusal<ShapeError>(tape, [&] { losses::sigmoid_cross_entropy(column, row); }) ==
        "sigmoid_cross_entropy: labels must have the shape of logits (3, 1), got (3); drop the last axis of "
        "logits");
  CHECK(refusal<ShapeError>(tape, [&] { losses::sigmoid_cross_entropy(row, column); }) ==
        "sigmoid_cross_entropy: labels must have the shape of logits (3), got (3, 1); drop the last axis of "
        "labels");
}

TEST_CASE("Losses of classes say where a class index is out of range", "[losses][errors]") {
  for_each_loss_of_classes([](auto family) {
    const auto text = [&](const std::string& index) {
      return family.name + ": class_indices[1] is " + index + ", but " + family.predictions +
             " (2, 3) has classes 0 to 2; to skip such samples set ignore_index = " + index;
    };
    CHECK(family.template refusal<LabelError>(xt::xarray<int>{0, 3}) == text("3"));
    CHECK(family.template refusal<LabelError>(xt::xarray<int>{2, -100}) == text("-100"));
    family.options.ignore_index = -1;
    CHECK(family.template refusal<LabelError>(xt::xarray<int>{-1, -100}) == text("-100"));
  });
}

TEST_CASE("Losses of classes say so where classes are counted from 1", "[losses][errors]") {
  for_each_loss_of_classes([](auto family) {
    CHECK(family.template refusal<LabelError>(xt::xarray<int>{3, 1}) ==
          family.name + ": class_indices[0] is 3, but " + family.predictions +
              " (2, 3) has classes 0 to 2; classes are counted from 0, and no 0 occurs in class_indices: "
              "subtract 1 if these count from 1");
  });
}

TEST_CASE("Losses of classes say how to make soft labels of other shapes fit", "[losses][errors]") {
  for_each_loss_of_soft_labels([](auto family) {
    const std::string rule =
        family.name + ": soft_labels must have the shape of " + family.predictions + " (2, 3), got ";
    CHECK(family.template refusal<ShapeError>(xt::xarray<double>{0, 1, 0}) == rule + "(3)");
    CHECK(family.template refusal<ShapeError>(xt::xarray<double>{2, 1}) ==
          rule + "(2); class indices must be of an integer type");
    CHECK(family.template refusal<ShapeError>(xt::zeros<double>({2, 1})) ==
          rule + "(2, 1); class indices must be of an integer type, without the last axis");
  });
}

TEST_CASE("Losses of classes refuse to ignore an index among soft labels", "[losses][errors]") {
  for_each_loss_of_soft_labels([](auto family) {
    family.options.ignore_index = 0;
    CHECK(family.template refusal<ArgumentError>(labels) ==
          family.name +
              ": ignore_index is for class indices, got 0 with soft labels; unset it, and leave samples out "
              "by mask");
  });
}

TEST_CASE("Losses of elements never stretch labels", "[losses][errors]") {
  const auto check = [](const std::string& labels_name) {
    return [=](auto family) {
      const std::string rule = family.name + ": " + labels_name + " must have the shape of " +
                               family.predictions + " (2, 3), got ";
      CHECK(family.template refusal<ShapeError>(xt::xarray<double>{0, 1, 0}) == rule + "(3)");
      CHECK(family.template refusal<ShapeError>(xt::zeros<double>({2, 1})) == rule + "(2, 1)");
      CHECK(family.template refusal<ShapeError>(1.0) == rule + "()");
    };
  };
  for_each_loss_of_elements(check("labels"));
  for_each_divergence(check("targets"));
  for_each_loss_of_errors(check("targets"));
}

TEST_CASE("Losses take labels from their own tape only", "[losses][errors]") {
  Tape<double> other;
  const auto elsewhere = other.variable(labels);
  const auto check = [&](auto family) {
    CHECK(family.template refusal<TapeError>(elsewhere) ==
          family.name + ": all inputs must be of one tape, got input 1 of another tape than input 0");
  };
  for_each_loss_of_soft_labels(check);
  for_each_loss_of_elements(check);
  for_each_divergence(check);
  for_each_loss_of_errors(check);
}

// ---- Axes

TEST_CASE("Losses refuse an axis that is not there", "[losses][errors]") {
  const auto check = [](const auto& labels_of_family) {
    return [&](auto family) {
      for (const int axis : {2, -3}) {
        family.options.axis = axis;
        CHECK(family.template refusal<ArgumentError>(labels_of_family) ==
              family.name + ": axis must be in [-2, 2) for shape (2, 3), got " + std::to_string(axis));
      }
    };
  };
  for_each_loss_of_classes(check(class_indices));
  for_each_loss_of_elements(check(labels));
  for_each_divergence(check(labels));
  for_each_loss_of_errors(check(labels));
}

TEST_CASE("Losses of classes refuse a scalar and an array without classes", "[losses][errors]") {
  for_each_loss_of_classes([](auto family) {
    const auto scalar = family.tape.variable(0.5),
               no_classes = family.tape.variable(xt::zeros<double>({2, 0}));
    CHECK(family.template refusal_of<ArgumentError>(scalar, class_indices) ==
          family.name + ": " + family.predictions + " must have an axis -1, got a scalar, which has none");
    CHECK(family.template refusal_of<ArgumentError>(no_classes, class_indices) ==
          family.name + ": " + family.predictions +
              " must have at least one class along axis -1, got (2, 0)");
  });
}

TEST_CASE("Divergences refuse a scalar", "[losses][kl_divergence][errors]") {
  for_each_divergence([](auto family) {
    const auto scalar = family.tape.variable(0.5);
    CHECK(family.template refusal_of<ArgumentError>(scalar, scalar) ==
          family.name + ": " + family.predictions + " must have an axis -1, got a scalar, which has none");
  });
}

// ---- Weights and masks

TEST_CASE("Losses refuse sample weights and masks that do not fit their samples", "[losses][errors]") {
  const xt::xarray<double> weights = xt::ones<double>({2, 1});
  const xt::xarray<bool> mask{true, false, true};
  const auto check = [&](const auto& labels_of_family) {
    return [&](auto family) {
      family.options.axis = 1;
      const std::string rule = " or have the shape of the losses (2), in which extents may be 1, got ";
      family.options.sample_weights = weights;
      CHECK(family.template refusal<WeightsShapeError>(labels_of_family) ==
            family.name + ": sample_weights must be a number" + rule + "(2, 1); drop the last axis");
      family.options.sample_weights = {};
      family.options.mask = mask;
      CHECK(family.template refusal<ShapeError>(labels_of_family) ==
            family.name + ": mask must be true, false" + rule + "(3)");
    };
  };
  for_each_loss_of_classes(check(class_indices));
  for_each_loss_of_elements(check(labels));
  for_each_divergence(check(labels));
  for_each_loss_of_errors(check(labels));
}

TEST_CASE("reduce refuses weights and masks that do not fit the losses", "[losses][reduce][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(labels);
  const std::string rule = " or have the shape of the losses (2, 3), in which extents may be 1, got ";
  CHECK(refusal<WeightsShapeError>(tape, [&] {
          losses::reduce(x, {.sample_weights = xt::xarray<double>{1, 2, 3}});
        }) == "reduce: sample_weights must be a number" + rule + "(3)");
  CHECK(refusal<ShapeError>(tape, [&] {
          losses::reduce(x, {.mask = xt::xarray<bool>{true, false}});
        }) == "reduce: mask must be true, false" + rule + "(2)");
}

TEST_CASE("Losses of classes refuse class weights that are not one for each class", "[losses][errors]") {
  const xt::xarray<double> two{1, 2};
  for_each_loss_of_classes([&](auto family) {
    const std::string rule = "have one entry per class, shape (3), got ";
    if constexpr (requires { family.options.class_weights; }) {
      family.options.class_weights = two;
      CHECK(family.template refusal<WeightsShapeError>(class_indices) ==
            family.name + ": class_weights must " + rule + "(2)");
      family.options.class_weights = 2;
      CHECK(family.template refusal<WeightsShapeError>(class_indices) ==
            family.name + ": class_weights must " + rule + "()");
    } else if constexpr (requires { family.options.alpha = two; }) {
      family.options.alpha = two;
      CHECK(family.template refusal<ArgumentError>(class_indices) ==
            family.name + ": alpha must be a number or " + rule + "(2)");
    }
  });
}

TEST_CASE("Losses of elements refuse weights that do not broadcast to the predictions", "[losses][errors]") {
  const xt::xarray<double> two{1, 2}, deep = xt::ones<double>({1, 2, 3});
  for_each_loss_of_elements([&](auto family) {
    const std::string rule = " must broadcast to the shape of " + family.predictions +
                             " (2, 3) (aligned at the last axis, extents equal or 1), got ";
    family.options.class_weights = two;
    CHECK(family.template refusal<WeightsShapeError>(labels) ==
          family.name + ": class_weights" + rule + "(2)");
    family.options.class_weights = {};
    if constexpr (requires { family.options.pos_weight; }) {
      family.options.pos_weight = deep;
      CHECK(family.template refusal<WeightsShapeError>(labels) ==
            family.name + ": pos_weight" + rule + "(1, 2, 3)");
    }
  });
}

TEST_CASE("Losses of logits refuse a class mask of another shape", "[losses][errors]") {
  const xt::xarray<bool> two{true, false};
  for_each_loss_of_logits([&](auto family) {
    family.options.class_mask = two;
    CHECK(
        family.template refusal<ShapeError>(class_indices) ==
        family.name +
            ": class_mask must have one entry per class, shape (3), or the shape of logits (2, 3), got (2)");
  });
}

TEST_CASE("kl_divergence_from_log refuses a class mask of another shape", "[losses][kl_divergence][errors]") {
  Family family("kl_divergence_from_log", "log_probabilities", losses::kl_divergence_from_log<double>);
  const std::string text =
      "kl_divergence_from_log: class_mask must have the shape of log_probabilities (2, 3)";
  family.options.class_mask = xt::xarray<bool>{true, false};
  CHECK(family.refusal<ShapeError>(labels) ==
        text + " or one entry for each along the axis, shape (3), got (2)");
  family.options.class_mask = xt::xarray<bool>{true, false, true};
  family.options.axis = std::nullopt;
  CHECK(family.refusal<ShapeError>(labels) == text + ", got (3)");
}

TEST_CASE("softmax_focal and poly_cross_entropy refuse the index of a masked class", "[losses][errors]") {
  const xt::xarray<bool> two_classes{true, true, false};
  for_each_loss_of_logits([&](auto family) {
    if (family.name == "softmax_cross_entropy") return;
    family.options.class_mask = two_classes;
    CHECK(family.template refusal<LabelError>(class_indices) ==
          family.name +
              ": class_indices[0] is 2, which class_mask leaves out; leave such samples out by mask");
  });
}

// ---- Numbers

TEST_CASE("Losses refuse to smooth labels by less than nothing or more than all", "[losses][errors]") {
  const auto check = [](const auto& labels_of_family) {
    return [&](auto family) {
      const std::string rule = family.name + ": label_smoothing must be in [0, 1], got ";
      family.options.label_smoothing = 1.5;
      CHECK(family.template refusal<ArgumentError>(labels_of_family) == rule + "1.5");
      family.options.label_smoothing = NaN;
      CHECK(family.template refusal<ArgumentError>(labels_of_family) == rule + "nan");
    };
  };
  for_each_loss_of_soft_labels(check(class_indices));
  for_each_smoothed_loss_of_elements(check(labels));
}

TEST_CASE("Losses of classes refuse a smoothing prior that is no distribution over them",
          "[losses][errors]") {
  for_each_loss_of_soft_labels([](auto family) {
    const std::string prior = family.name + ": smoothing_prior must ";
    family.options.label_smoothing = 0.1;
    family.options.smoothing_prior = xt::xarray<double>{0.5, 0.5};
    CHECK(family.template refusal<ArgumentError>(class_indices) ==
          prior + "have one entry per class, shape (3), got (2)");
    family.options.smoothing_prior = xt::xarray<double>{0.5, 0.5, 0.5};
    CHECK(family.template refusal<ArgumentError>(class_indices) == prior + "sum to 1, got a sum of 1.5");
    family.options.smoothing_prior = xt::xarray<double>{1, 0.5, -0.5};
    CHECK(family.template refusal<ArgumentError>(class_indices) ==
          prior + "be probabilities, got -0.5 at [2]");
  });
}

TEST_CASE("Losses of logits refuse a smoothing prior of masked classes only", "[losses][errors]") {
  const xt::xarray<bool> last_two{false, true, true};
  for_each_loss_of_logits([&](auto family) {
    family.options.label_smoothing = 0.1;
    family.options.class_mask = last_two;
    family.options.smoothing_prior = xt::xarray<double>{1, 0, 0};
    CHECK(family.template refusal<ArgumentError>(class_indices) ==
          family.name +
              ": smoothing_prior must leave something to the classes that class_mask leaves, got 0 for all "
              "those "
              "of sample[0]");
  });
}

TEST_CASE("Losses of elements refuse a smoothing prior that is no probability", "[losses][errors]") {
  for_each_smoothed_loss_of_elements([](auto family) {
    family.options.smoothing_prior = 1.5;
    CHECK(family.template refusal<ArgumentError>(labels) ==
          family.name + ": smoothing_prior must be in [0, 1], got 1.5");
  });
}

TEST_CASE("Losses refuse to divide by a number that is not positive and finite", "[losses][errors]") {
  const auto check = [](const auto& labels_of_family) {
    return [&](auto family) {
      const std::string rule =
          family.name + ": the divisor of the reduction must be positive and finite, got ";
      for (const auto& [divisor, text] : {std::pair{0.0, "0"}, {-2.0, "-2"}, {inf, "inf"}, {NaN, "nan"}}) {
        family.options.reduction = Reduction::mean_by(divisor);
        CHECK(family.template refusal<ArgumentError>(labels_of_family) == rule + text);
      }
    };
  };
  for_each_loss_of_classes(check(class_indices));
  for_each_loss_of_elements(check(labels));
  for_each_divergence(check(labels));
  for_each_loss_of_errors(check(labels));
}

TEST_CASE("Losses refuse a mean of nothing where that is an error", "[losses][errors]") {
  const auto check = [](const auto& labels_of_family, const std::string& count) {
    return [&, count](auto family) {
      const std::string text = family.name + ": the mean must not be empty (EmptyMean::error), got " + count +
                               " losses and a divisor of 0";
      family.options.sample_weights = 0;
      for (const Divisor divisor :
           {Divisor::sum_of_weights, Divisor::sum_of_unbroadcast_weights, Divisor::nonzero_weights}) {
        family.options.reduction = Reduction::mean_by(divisor, EmptyMean::error);
        CHECK(family.template refusal<ArgumentError>(labels_of_family) == text);
      }
      family.options.sample_weights = {};
      family.options.mask = false;
      family.options.reduction = Reduction::mean_by(Divisor::valid_elements, EmptyMean::error);
      CHECK(family.template refusal<ArgumentError>(labels_of_family) == text);
    };
  };
  for_each_loss_of_classes(check(class_indices, "2"));
  for_each_loss_of_elements(check(labels, "6"));
  for_each_divergence(check(labels, "2"));
  for_each_loss_of_errors(check(labels, "6"));
}

TEST_CASE("Losses without classes refuse to divide by class weights of labels", "[losses][errors]") {
  const auto check = [](auto family) {
    family.options.reduction = Reduction::mean_by(Divisor::sum_of_target_class_weights);
    CHECK(family.template refusal<ArgumentError>(labels) ==
          family.name +
              ": Divisor::sum_of_target_class_weights needs classes, which this loss has not; say "
              "Divisor::sum_of_weights");
  };
  for_each_loss_of_elements(check);
  for_each_divergence(check);
  for_each_loss_of_errors(check);
}

TEST_CASE("Losses refuse a mean by weights that add up to infinity", "[losses][errors]") {
  const std::string rule =
      "softmax_cross_entropy: the weights that a mean divides by must add up to a finite number, got inf";
  Tape<double> tape;
  const auto logits = tape.variable(xt::xarray<double>{{0, 1}, {2, 0}});
  const xt::xarray<int> classes{0, 1};
  const auto refused = [&](const losses::SoftmaxCrossEntropyOptions& options) {
    return refusal<ArgumentError>(tape, [&] { losses::softmax_cross_entropy(logits, classes, options); });
  };
  const Reduction by_weights = Reduction::mean_by(Divisor::sum_of_weights),
                  by_classes = Reduction::mean_by(Divisor::sum_of_target_class_weights);
  CHECK(refused({.sample_weights = xt::xarray<double>{inf, 1}, .reduction = by_weights}) == rule);
  CHECK(refused({.sample_weights = xt::xarray<double>{1e308, 1e308}, .reduction = by_weights}) == rule);
  CHECK(refused({.class_weights = xt::xarray<double>{inf, 1}, .reduction = by_classes}) == rule);
  CHECK(refused({.reduction = Reduction::mean_by(1e-310)}) ==
        "softmax_cross_entropy: the divisor of the reduction must be positive and finite, and so its "
        "reciprocal, got 1e-310");
}

TEST_CASE("reduce refuses a divisor that makes no sense", "[losses][reduce][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(labels);
  const auto refused = [&](Reduction reduction, const losses::Mask& mask = {}) {
    return refusal<ArgumentError>(tape, [&] { losses::reduce(x, {.mask = mask, .reduction = reduction}); });
  };
  CHECK(refused(Reduction::mean_by(0.0)) ==
        "reduce: the divisor of the reduction must be positive and finite, got 0");
  CHECK(refused(Reduction::mean_by(Divisor::sum_of_target_class_weights)) ==
        "reduce: Divisor::sum_of_target_class_weights needs classes, which this loss has not; say "
        "Divisor::sum_of_weights");
  CHECK(refused(Reduction::mean_by(Divisor::valid_elements, EmptyMean::error), false) ==
        "reduce: the mean must not be empty (EmptyMean::error), got 6 losses and a divisor of 0");
}

TEST_CASE("Losses of logits refuse a temperature that cannot divide them", "[losses][errors]") {
  const auto check = [](auto& family, const auto& labels_of_family) {
    for (const auto& [temperature, text] : {std::pair{0.0, "0"}, {-2.0, "-2"}, {inf, "inf"}, {NaN, "nan"}}) {
      family.options.temperature = temperature;
      CHECK(family.template refusal<ArgumentError>(labels_of_family) ==
            family.name + ": temperature must be finite and above 0, got " + text +
                "; 1 leaves the logits as they are");
    }
  };
  for_each_loss_of_logits([&](auto family) { check(family, class_indices); });
  const auto check_elements = [&](auto family) { check(family, labels); };
  check_elements(Family("sigmoid_cross_entropy", "logits", losses::sigmoid_cross_entropy<double>));
  check_elements(Family("sigmoid_focal", "logits", losses::sigmoid_focal<double>));
  check_elements(Family("soft_margin", "logits", losses::soft_margin<double>));
}

TEST_CASE("softmax_cross_entropy refuses a negative z-loss", "[losses][softmax_cross_entropy][errors]") {
  Family family("softmax_cross_entropy", "logits", losses::softmax_cross_entropy<double>);
  family.options.z_loss = -1;
  CHECK(family.refusal<ArgumentError>(class_indices) ==
        "softmax_cross_entropy: z_loss must be finite and at least 0, got -1");
}

TEST_CASE("Losses of errors refuse a scale that is not above 0", "[losses][errors]") {
  for_each_loss_of_errors([](auto family) {
    for (const auto& [scale, text] : {std::pair{0.0, "0"}, {-2.0, "-2"}, {inf, "inf"}, {NaN, "nan"}}) {
      family.options.scale = scale;
      CHECK(family.template refusal<ArgumentError>(labels) ==
            family.name + ": scale must be finite and above 0, got " + text);
    }
  });
}

TEST_CASE("huber refuses a delta that is not above 0", "[losses][huber][errors]") {
  Family family("huber", "outputs", losses::huber<double>);
  for (const auto& [delta, text] : {std::pair{0.0, "0"}, {-2.0, "-2"}, {inf, "inf"}, {NaN, "nan"}}) {
    family.options.delta = delta;
    CHECK(family.refusal<ArgumentError>(labels) ==
          std::string("huber: delta must be finite and above 0, got ") + text);
  }
}

TEST_CASE("generalized_cross_entropy refuses a q outside (0, 1)",
          "[losses][generalized_cross_entropy][errors]") {
  Family family("generalized_cross_entropy", "probabilities", losses::generalized_cross_entropy<double>);
  for (const auto& [q, text] : {std::pair{0.0, "0"}, {1.0, "1"}, {NaN, "nan"}}) {
    family.options.q = q;
    CHECK(family.refusal<ArgumentError>(class_indices) ==
          std::string("generalized_cross_entropy: q must be in (0, 1), got ") + text);
  }
}

TEST_CASE("poly_cross_entropy refuses an epsilon that is no number", "[losses][poly_cross_entropy][errors]") {
  Family family("poly_cross_entropy", "logits", losses::poly_cross_entropy<double>);
  family.options.epsilon = NaN;
  CHECK(family.refusal<ArgumentError>(class_indices) ==
        "poly_cross_entropy: epsilon must be finite, got nan");
}

TEST_CASE("Focal losses refuse a gamma below 0", "[losses][focal][errors]") {
  const auto check = [](auto family, const auto& labels_of_family) {
    family.options.gamma = -0.5;
    CHECK(family.template refusal<ArgumentError>(labels_of_family) ==
          family.name + ": gamma must be finite and at least 0, got -0.5");
  };
  check(Family("softmax_focal", "logits", losses::softmax_focal<double>), class_indices);
  check(Family("categorical_focal", "probabilities", losses::categorical_focal<double>), class_indices);
  check(Family("sigmoid_focal", "logits", losses::sigmoid_focal<double>), labels);
  check(Family("binary_focal", "probabilities", losses::binary_focal<double>), labels);
}

TEST_CASE("Binary focal losses refuse a negative alpha", "[losses][focal][errors]") {
  const auto check = [](auto family) {
    family.options.alpha = -0.25;
    CHECK(family.template refusal<ArgumentError>(labels) ==
          family.name + ": alpha must be finite and at least 0, got -0.25");
  };
  check(Family("sigmoid_focal", "logits", losses::sigmoid_focal<double>));
  check(Family("binary_focal", "probabilities", losses::binary_focal<double>));
}

TEST_CASE("Losses that clip refuse an epsilon that leaves nothing between the ends", "[losses][errors]") {
  const auto check = [](auto family, const auto& labels_of_family) {
    const std::string rule =
        family.name + ": epsilon must be in [0, 0.5), so that it clips to [epsilon, 1 - epsilon], got ";
    family.options.epsilon = 0.5;
    CHECK(family.template refusal<ArgumentError>(labels_of_family) == rule + "0.5");
    family.options.epsilon = -1e-7;
    CHECK(family.template refusal<ArgumentError>(labels_of_family) == rule + "-1e-07");
  };
  check(Family("softmax_focal", "logits", losses::softmax_focal<double>), class_indices);
  check(Family("categorical_focal", "probabilities", losses::categorical_focal<double>), class_indices);
  check(Family("categorical_cross_entropy", "probabilities", losses::categorical_cross_entropy<double>),
        class_indices);
  check(Family("sigmoid_focal", "logits", losses::sigmoid_focal<double>), labels);
  check(Family("binary_focal", "probabilities", losses::binary_focal<double>), labels);
  check(Family("binary_cross_entropy", "probabilities", losses::binary_cross_entropy<double>), labels);
  check(Family("kl_divergence", "probabilities", losses::kl_divergence<double>), labels);
}

TEST_CASE("binary_cross_entropy refuses what its guard cannot keep from log(0)",
          "[losses][binary_cross_entropy][errors]") {
  Family family("binary_cross_entropy", "probabilities", losses::binary_cross_entropy<double>);
  family.options.guard = losses::LogGuard::add_epsilon;
  family.options.epsilon = -0.1;
  CHECK(family.refusal<ArgumentError>(labels) ==
        "binary_cross_entropy: epsilon must be finite and at least 0, got -0.1");
  family.options.guard = losses::LogGuard::clamp_logarithm;
  const auto logits = family.tape.variable(xt::xarray<double>{{0.5, 1, 0}, {0.5, 1.5, -2}});
  CHECK(family.refusal_of<ValueError>(logits, labels) ==
        "binary_cross_entropy: probabilities must be in [0, 1], got 1.5 at probabilities[1, 1]; logits go to "
        "sigmoid_cross_entropy");
}

TEST_CASE("binary_cross_entropy takes logits for probabilities where they are masked",
          "[losses][binary_cross_entropy][errors]") {
  Family family("binary_cross_entropy", "probabilities", losses::binary_cross_entropy<double>);
  family.options.guard = losses::LogGuard::clamp_logarithm;
  family.options.mask = xt::xarray<bool>{{true, true, true}, {true, false, false}};
  const auto logits = family.tape.variable(xt::xarray<double>{{0.5, 1, 0}, {0.5, 1.5, -2}});
  CHECK_NOTHROW(family.loss(logits, labels, family.options));
}

TEST_CASE("Losses refuse a variant that is none of theirs", "[losses][errors]") {
  Family binary("binary_cross_entropy", "probabilities", losses::binary_cross_entropy<double>);
  binary.options.guard = static_cast<losses::LogGuard>(9);
  CHECK(binary.refusal<ArgumentError>(labels) == "binary_cross_entropy: guard must be a LogGuard, got 9");
  Family divergence("kl_divergence_from_log", "log_probabilities", losses::kl_divergence_from_log<double>);
  divergence.options.variant = static_cast<losses::KlVariant>(9);
  CHECK(divergence.refusal<ArgumentError>(labels) ==
        "kl_divergence_from_log: variant must be a KlVariant, got 9");
}
