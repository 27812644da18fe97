// SPDX-License-Identifier: BSD-3-Clause
#include "losses/check_logits.hpp"

#include <string>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::check_binary_logits;
using losses::check_class_logits;

TEMPLATE_TEST_CASE("check_logits refuses what softmax made as scores of classes", "[losses][check_logits]",
                   float, double) {
  Tape<TestType> tape;
  tape.check_logits();
  const auto p = softmax(tape.variable(irregular({3, 2})));
  CHECK(refusal<ArgumentError>(tape, [&] { check_class_logits("softmax_cross_entropy", p, -1); }) ==
        "softmax_cross_entropy: logits (3, 2) must be scores, got probabilities made by softmax; give what "
        "went into the softmax, or use a loss of probabilities, such as categorical_cross_entropy");
}

TEST_CASE("check_logits refuses what softmax made also where the values do not show it",
          "[losses][check_logits]") {
  Tape<double> tape;
  tape.check_logits();
  const auto other_axis = softmax(tape.variable(irregular({3, 2})), 0);
  const auto one_class = softmax(tape.variable(irregular({3, 1})));
  CHECK_THROWS_AS(check_class_logits("loss", other_axis, 1), ArgumentError);
  CHECK_THROWS_AS(check_class_logits("loss", one_class, 1), ArgumentError);
}

TEST_CASE("check_logits refuses probabilities of classes whatever made them", "[losses][check_logits]") {
  Tape<double> tape;
  tape.check_logits();
  const auto given = tape.constant(array({2, 2}, {0.25, 0.75, 1, 0}));
  const auto computed = exp(log_softmax(given, 0));
  CHECK(refusal<ArgumentError>(tape, [&] { check_class_logits("softmax_cross_entropy", given, 1); }) ==
        "softmax_cross_entropy: logits (2, 2) must be scores, got samples in [0, 1] that sum to 1, made by "
        "constant; give what went into the softmax, or use a loss of probabilities, such as "
        "categorical_cross_entropy");
  CHECK(refusal<ArgumentError>(tape, [&] { check_class_logits("softmax_focal", computed, 0); }) ==
        "softmax_focal: logits (2, 2) must be scores, got samples in [0, 1] that sum to 1, made by exp; "
        "give what went into the softmax, or use a loss of probabilities, such as categorical_cross_entropy");
}

TEST_CASE("check_logits lets scores and log-probabilities of classes pass", "[losses][check_logits]") {
  Tape<double> tape;
  tape.check_logits();
  const auto x = tape.variable(irregular({3, 2}));
  CHECK_NOTHROW(check_class_logits("loss", x, 1));
  CHECK_NOTHROW(check_class_logits("loss", log_softmax(x), 1));
  CHECK_NOTHROW(check_class_logits("loss", sigmoid(x), 1));
}

TEST_CASE("check_logits refuses what sigmoid or softmax made as binary scores", "[losses][check_logits]") {
  Tape<double> tape;
  tape.check_logits();
  const auto x = tape.variable(irregular({3, 2})), by_sigmoid = sigmoid(x), by_softmax = softmax(x);
  CHECK(refusal<ArgumentError>(tape, [&] { check_binary_logits("sigmoid_cross_entropy", by_sigmoid); }) ==
        "sigmoid_cross_entropy: logits (3, 2) must be scores, got probabilities made by sigmoid; give what "
        "went into the sigmoid, or use a loss of probabilities, such as binary_cross_entropy");
  CHECK(refusal<ArgumentError>(tape, [&] { check_binary_logits("sigmoid_cross_entropy", by_softmax); }) ==
        "sigmoid_cross_entropy: logits (3, 2) must be scores, got probabilities made by softmax; give what "
        "went into the softmax, or use a loss of probabilities, such as binary_cross_entropy");
}

TEST_CASE("check_logits lets binary scores in [0, 1] pass", "[losses][check_logits]") {
  Tape<double> tape;
  tape.check_logits();
  CHECK_NOTHROW(check_binary_logits("loss", tape.variable(irregular({3, 2}, 0, 1))));
}

TEST_CASE("check_logits is off at first and can be switched off again", "[losses][check_logits]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({3, 2})), by_softmax = softmax(x), by_sigmoid = sigmoid(x);
  CHECK_FALSE(tape.checks_logits());
  CHECK_NOTHROW(check_class_logits("loss", by_softmax, 1));
  CHECK_NOTHROW(check_binary_logits("loss", by_sigmoid));
  tape.check_logits();
  CHECK_THROWS_AS(check_class_logits("loss", by_softmax, 1), ArgumentError);
  CHECK_THROWS_AS(check_binary_logits("loss", by_sigmoid), ArgumentError);
  tape.check_logits(false);
  CHECK_NOTHROW(check_class_logits("loss", by_softmax, 1));
  CHECK_NOTHROW(check_binary_logits("loss", by_sigmoid));
}

TEST_CASE("check_logits names the loss when there is no such axis", "[losses][check_logits][errors]") {
  Tape<double> tape;
  tape.check_logits();
  const auto x = tape.variable(irregular({3, 2}));
  CHECK(refusal<ArgumentError>(tape, [&] { check_class_logits("poly_cross_entropy", x, 2); }) ==
        "poly_cross_entropy: axis must be in [-2, 2) for shape (3, 2), got 2");
}

TEST_CASE("every loss of logits refuses probabilities while the tape checks, and none else",
          "[losses][check_logits]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), by_softmax = softmax(x), by_sigmoid = sigmoid(x);
  const std::vector<int> classes{2, 0};
  const xt::xarray<double> labels = xt::ones<double>({2, 3});
  const auto fits_probabilities = [&] {
    losses::categorical_cross_entropy(by_softmax, classes);
    losses::categorical_focal(by_softmax, classes);
    losses::generalized_cross_entropy(by_softmax, classes);
    losses::kl_divergence(by_softmax, labels);
    losses::binary_cross_entropy(by_sigmoid, labels);
    losses::binary_focal(by_sigmoid, labels);
  };
  CHECK_NOTHROW(losses::softmax_cross_entropy(by_softmax, classes));
  tape.check_logits();
  CHECK_NOTHROW(fits_probabilities());
  CHECK_NOTHROW(losses::softmax_cross_entropy(x, classes));
  CHECK_NOTHROW(losses::sigmoid_cross_entropy(x, labels));

  const auto names_itself = [&](const std::string& name, auto loss) {
    return refusal<ArgumentError>(tape, loss).starts_with(name + ": logits (2, 3) must be scores, got prob");
  };
  CHECK(names_itself("softmax_cross_entropy", [&] { losses::softmax_cross_entropy(by_softmax, classes); }));
  CHECK(names_itself("poly_cross_entropy", [&] { losses::poly_cross_entropy(by_softmax, classes); }));
  CHECK(names_itself("softmax_focal", [&] { losses::softmax_focal(by_softmax, classes); }));
  CHECK(names_itself("sigmoid_cross_entropy", [&] { losses::sigmoid_cross_entropy(by_sigmoid, labels); }));
  CHECK(names_itself("sigmoid_focal", [&] { losses::sigmoid_focal(by_sigmoid, labels); }));
  CHECK(names_itself("soft_margin", [&] { losses::soft_margin(by_sigmoid, labels); }));
}

TEST_CASE("every loss of yes-or-no labels refuses others while the tape checks", "[losses][check_logits]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({3}, 0.1, 0.9));
  const xt::xarray<double> bytes{0, 255, 0}, signs{1, -1, 1}, soft{0, 0.25, 1};
  const auto refused = [&](auto loss) {
    return refusal<LabelError>(tape, loss).substr(0, 12) != "nothing was ";
  };
  CHECK_NOTHROW(losses::sigmoid_cross_entropy(x, bytes));
  tape.check_logits();
  const auto each = [&](const xt::xarray<double>& labels, bool expected) {
    CHECK(refused([&] { losses::sigmoid_cross_entropy(x, labels); }) == expected);
    CHECK(refused([&] { losses::sigmoid_focal(x, labels); }) == expected);
    CHECK(refused([&] { losses::binary_cross_entropy(x, labels); }) == expected);
    CHECK(refused([&] { losses::binary_focal(x, labels); }) == expected);
  };
  each(bytes, true);
  each(signs, true);
  each(soft, false);
  CHECK_NOTHROW(losses::soft_margin(x, signs));
  CHECK(refusal<LabelError>(tape, [&] { losses::soft_margin(x, bytes); }) ==
        "soft_margin: labels must be in [-1, 1] and not 0, which teaches nothing, got 0 at labels[0]; write "
        "1 for "
        "yes and -1 for no");
  CHECK(
      refusal<LabelError>(tape, [&] { losses::sigmoid_cross_entropy(x, bytes); }) ==
      "sigmoid_cross_entropy: labels must be in [0, 1], got 255 at labels[1]; write 1 for yes and 0 for no");
  CHECK(refusal<LabelError>(tape, [&] { losses::sigmoid_cross_entropy(x, signs); }) ==
        "sigmoid_cross_entropy: labels must be in [0, 1], got -1 at labels[1]; write 1 for yes and 0 for no, "
        "or take soft_margin, whose labels are -1 and 1");
}

TEST_CASE("a loss over a single class is refused while the tape checks", "[losses][check_logits]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2, 1}, {1, 2})), ones = tape.constant(array({2, 1}, {1, 1}));
  const std::vector<int> classes{0, 0};
  CHECK(losses::softmax_cross_entropy(x, classes).item() == 0);
  tape.check_logits();
  CHECK(refusal<ShapeError>(tape, [&] { losses::softmax_cross_entropy(x, classes); }) ==
        "softmax_cross_entropy: logits must have at least two classes along axis -1, got (2, 1), which have "
        "the same "
        "loss whatever they are; for yes or no take sigmoid_cross_entropy or binary_cross_entropy");
  CHECK_THROWS_AS(losses::softmax_focal(x, classes), ShapeError);
  CHECK_THROWS_AS(losses::categorical_cross_entropy(ones, classes), ShapeError);
  CHECK_THROWS_AS(losses::linear_softmax_cross_entropy(x, tape.variable(array({1, 1}, {1})), classes),
                  ShapeError);
}

TEST_CASE("soft labels that are no distribution are refused while the tape checks",
          "[losses][check_logits]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 2}));
  const auto percent = array({2, 2}, {0.5, 0.5, 50, 50}), negative = array({2, 2}, {-0.5, 1.5, 0, 1}),
             rounded = array({2, 2}, {0.501, 0.501, 0.25, 0.75});
  CHECK_NOTHROW(losses::softmax_cross_entropy(x, percent));
  tape.check_logits();
  CHECK(refusal<LabelError>(tape, [&] { losses::softmax_cross_entropy(x, percent); }) ==
        "softmax_cross_entropy: soft_labels must be from 0 and sum to 1 along the class axis, got other "
        "numbers at "
        "sample[1]; divide them by their sum, or, where several classes are true at once, take "
        "sigmoid_cross_entropy");
  CHECK_THROWS_AS(losses::softmax_cross_entropy(x, negative), LabelError);
  CHECK_THROWS_AS(losses::poly_cross_entropy(x, percent), LabelError);
  CHECK_NOTHROW(losses::softmax_cross_entropy(x, rounded));
  CHECK_NOTHROW(losses::softmax_cross_entropy(x, percent, {.mask = {true, false}}));
}

TEST_CASE("predictions that are no probabilities are refused while the tape checks",
          "[losses][check_logits]") {
  Tape<double> tape;
  const auto scores = tape.variable(array({1, 2}, {-1, 2}));
  const std::vector<int> classes{0};
  CHECK_NOTHROW(losses::categorical_cross_entropy(scores, classes));
  tape.check_logits();
  CHECK(refusal<ValueError>(tape, [&] { losses::categorical_cross_entropy(scores, classes); }) ==
        "categorical_cross_entropy: probabilities must be from 0 and sum to 1 along the class axis, got "
        "other numbers "
        "at sample[0]; logits go to softmax_cross_entropy");
  CHECK_THROWS_AS(losses::categorical_focal(scores, classes), ValueError);
  CHECK_THROWS_AS(losses::generalized_cross_entropy(tape.variable(array({1, 2}, {1, 2})), classes),
                  ValueError);
  CHECK_NOTHROW(losses::categorical_cross_entropy(softmax(scores), classes));
}

TEST_CASE("nll refuses what are no logarithms of probabilities while the tape checks",
          "[losses][check_logits]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2, 2}, {-1, 2, 0, 1})), p = softmax(x);
  const std::vector<int> classes{0, 1};
  CHECK_NOTHROW(losses::nll(p, classes));
  tape.check_logits();
  CHECK(refusal<ValueError>(tape, [&] { losses::nll(p, classes); }) ==
        "nll: log_probabilities must be logarithms of probabilities, got probabilities at sample[0]; give "
        "log_softmax(logits), or the logits to softmax_cross_entropy");
  CHECK(refusal<ValueError>(tape, [&] { losses::nll(x, classes); }) ==
        "nll: log_probabilities must be logarithms of probabilities, got numbers whose exponentials do not "
        "sum to 1 "
        "at sample[0]; give log_softmax(logits), or the logits to softmax_cross_entropy");
  CHECK_NOTHROW(losses::nll(log_softmax(x), classes));
}

TEST_CASE("check_logits lets labels pass that are left out", "[losses][check_logits]") {
  Tape<float> tape;
  tape.check_logits();
  const auto x = tape.variable(xt::xarray<float>{{1, 2}, {3, 4}});
  CHECK_NOTHROW(losses::sigmoid_cross_entropy(x, xt::xarray<float>{{0, 1}, {-1, 255}},
                                              {.axis = 1, .mask = {true, false}}));
  CHECK_THROWS_AS(losses::sigmoid_cross_entropy(x, xt::xarray<float>{{0, 1}, {-1, 255}},
                                                {.axis = 1, .mask = {false, true}}),
                  LabelError);
}
