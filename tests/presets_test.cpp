// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
namespace losses = xtape::losses;
using losses::Reduction;

namespace presets_test {
namespace {

const auto rows = array({2, 3}, {1, -2, 0.5, 0, 3, -1});
const auto soft_rows = array({2, 3}, {0.2, 0.3, 0.5, 0.1, 0, 0.9});
const auto yes_or_no = array({2, 3}, {1, 0, 0.25, 0, 1, 0.9});
const std::vector<int> classes{2, 1};
const std::vector<double> weights{0.5, 2, 3};

// The examples of Keras's documentation.
const auto binary_logits = array({2, 2}, {-18.6, 0.51, 2.94, -12.8});
const auto binary_probabilities = array({2, 2}, {0.6, 0.4, 0.4, 0.6});
const auto binary_labels = array({2, 2}, {0, 1, 0, 0});
const auto class_probabilities = array({2, 3}, {0.05, 0.95, 0, 0.1, 0.8, 0.1});

std::vector<double> given(const Variable<double>& loss) { return values(loss); }

// One for each example.
AllClose are(std::vector<double> expected) { return AllClose(std::move(expected), 1e-14); }
// Published numbers have as many digits as they have.
AllClose are_about(std::vector<double> expected, double absolute) {
  return {std::move(expected), 0, absolute};
}

}  // namespace

TEST_CASE("the presets of Keras for logits give what its definitions do", "[losses][presets]") {
  using namespace losses::keras;
  Tape<double> tape;
  const auto x = tape.variable(rows), z = tape.variable(binary_logits);
  // The first is PyTorch's; the others are Keras's published numbers, to 17 digits.
  CHECK_THAT(given(losses::softmax_cross_entropy(x, soft_rows, categorical_crossentropy_from_logits())),
             are({2.81024040304985601}));
  CHECK_THAT(given(losses::sigmoid_cross_entropy(z, binary_labels, binary_crossentropy_from_logits())),
             are({0.86545794978109725}));
  auto weighted = binary_crossentropy_from_logits();
  weighted.sample_weights = std::vector{0.8, 0.2};
  CHECK_THAT(given(losses::sigmoid_cross_entropy(z, binary_labels, weighted)), are({0.24363858891670922}));
  auto focal = binary_focal_crossentropy_from_logits();
  CHECK_THAT(given(losses::sigmoid_focal(z, binary_labels, focal)), are({0.6912120758320663}));
  focal.alpha = 0.25;
  CHECK_THAT(given(losses::sigmoid_focal(z, binary_labels, focal)), are({0.51013329547524269}));
  // 0.25 times the mean of 0.4035... and 0.0002..., by 120 digits
  CHECK_THAT(given(losses::softmax_focal(x, classes, categorical_focal_crossentropy_from_logits())),
             are({(0.40355893894537784 + 0.00026784407610953004) / 8}));
}

TEST_CASE("the presets of Keras for probabilities give the numbers of its documentation",
          "[losses][presets]") {
  using namespace losses::keras;
  Tape<double> tape;
  const auto p = tape.variable(class_probabilities), b = tape.variable(binary_probabilities);
  const std::vector<int> labels{1, 2};
  const auto each = [](auto options) {
    options.reduction = Reduction::none;
    return options;
  };
  const auto mean = losses::categorical_cross_entropy(p, labels, categorical_crossentropy());
  CHECK_THAT(given(mean), are_about({1.177}, 6e-4));
  CHECK_THAT(given(mean), are({1.1769391936907981}));
  CHECK_THAT(given(losses::binary_cross_entropy(b, binary_labels, each(binary_crossentropy()))),
             are_about({0.916, 0.714}, 6e-4));
  CHECK_THAT(given(losses::binary_cross_entropy(b, binary_labels, binary_crossentropy())),
             are({0.81492445484711394}));
  CHECK_THAT(given(losses::binary_focal(b, binary_labels, each(binary_focal_crossentropy()))),
             are_about({0.330, 0.206}, 6e-4));
  CHECK_THAT(given(losses::binary_focal(b, binary_labels, binary_focal_crossentropy())),
             are({0.26783152255666147}));
  CHECK_THAT(given(losses::categorical_focal(p, labels, each(categorical_focal_crossentropy()))),
             AllClose({3.2058331e-05, 0.46627346}, 3e-6));
  CHECK_THAT(given(losses::categorical_focal(p, labels, categorical_focal_crossentropy())),
             are({0.23315276982014324}));
  const auto kl = losses::kl_divergence(b, array({2, 2}, {0, 1, 0, 0}), kl_divergence());
  CHECK_THAT(given(kl), are_about({0.458}, 6e-4));
  CHECK_THAT(given(kl), are({0.45814304511982883}));
  // (1 - sqrt(p)) / 0.5
  CHECK_THAT(
      given(losses::generalized_cross_entropy(b, std::vector{0, 0}, categorical_generalized_cross_entropy())),
      are({2 - std::sqrt(0.6) - std::sqrt(0.4)}));
}

TEST_CASE("the preset of sparse classes in TensorFlow clips before it normalises", "[losses][presets]") {
  Tape<double> tape;
  const auto p = tape.variable(array({1, 3}, {0.4, 0, 3}));
  CHECK_THAT(given(losses::categorical_cross_entropy(
                 p, std::vector{0}, losses::keras::sparse_categorical_crossentropy_of_tensorflow())),
             are({1.252762968495368}));
}

TEST_CASE("the reductions of Keras divide by samples that are not ignored, or by weights",
          "[losses][presets]") {
  using namespace losses::keras;
  Tape<double> tape;
  const auto x = tape.variable(std::vector{1, 2, 4});
  const auto mean = [&](Reduction reduction, losses::Mask mask) {
    return losses::reduce(x, {.sample_weights = std::vector{1, 0, 3}, .mask = mask, .reduction = reduction})
        .item();
  };
  CHECK(mean(sum_over_batch_size, {}) == 13 / 3.0);
  CHECK(mean(sum_over_batch_size, std::vector{1, 1, 0}) == 0.5);
  CHECK(mean(mean_with_sample_weight, {}) == 3.25);
  CHECK(mean(mean_with_sample_weight, std::vector{1, 1, 0}) == 1);
  CHECK(mean(sum_over_batch_size, false) == 0);
  CHECK(mean(mean_with_sample_weight, false) == 0);
}

TEST_CASE("the presets of tf.nn reduce nothing", "[losses][presets]") {
  using namespace losses::tensorflow;
  Tape<double> tape;
  const auto x = tape.variable(rows);
  CHECK_THAT(given(losses::softmax_cross_entropy(x, classes, softmax_cross_entropy_with_logits())),
             are({1.00459690234228338, 0.06588390375742911}));
  CHECK_THAT(given(losses::sigmoid_cross_entropy(x, yes_or_no, sigmoid_cross_entropy_with_logits())),
             are({0.31326168751822286, 0.1269280110429726, 0.84907698418010669, 0.69314718055994529,
                  0.04858735157374196, 1.21326168751822294}));
  auto weighted = sigmoid_cross_entropy_with_logits();
  weighted.pos_weight = 0.5;
  CHECK_THAT(given(losses::sigmoid_cross_entropy(tape.variable(std::vector{1.5, -0.1, -10.0}),
                                                 std::vector{1.0, 0.5, 0.0}, weighted)),
             are_about({0.100706644, 0.508297503, 4.57763672e-05}, 4e-7));
}

TEST_CASE("the presets of tf.compat.v1.losses divide by the weights that are not 0", "[losses][presets]") {
  using namespace losses::tensorflow;
  Tape<double> tape;
  const auto x = tape.variable(rows), three = tape.variable(std::vector{1, 2, 3});
  auto softmax = v1_softmax_cross_entropy();
  softmax.sample_weights = std::vector{0, 2};
  CHECK_THAT(given(losses::softmax_cross_entropy(x, classes, softmax)), are({2 * 0.06588390375742911}));
  auto sigmoid = v1_sigmoid_cross_entropy();
  sigmoid.sample_weights = array({2, 1}, {2, 0});
  CHECK_THAT(given(losses::sigmoid_cross_entropy(x, yes_or_no, sigmoid)),
             are({2 * (0.31326168751822286 + 0.1269280110429726 + 0.84907698418010669) / 3}));
  CHECK_THAT(given(losses::binary_cross_entropy(tape.variable(std::vector{0.9, 0.2, 0.6}),
                                                std::vector{1.0, 0.0, 0.25}, v1_log_loss())),
             are({(0.10536040454672134 + 0.22314342631421758 + 0.81492422568047418) / 3}));
  auto weighted = v1_compute_weighted_loss();
  weighted.sample_weights = std::vector{0, 1, 3};
  CHECK(losses::reduce(three, weighted).item() == 5.5);
  weighted.reduction = losses::tensorflow::mean;
  CHECK(losses::reduce(three, weighted).item() == 2.75);
  weighted.reduction = losses::tensorflow::sum_over_batch_size;
  CHECK(losses::reduce(three, weighted).item() == 11 / 3.0);
  weighted.sample_weights = 0;
  for (const Reduction reduction : {sum_by_nonzero_weights, losses::tensorflow::mean}) {
    weighted.reduction = reduction;
    CHECK(losses::reduce(three, weighted).item() == 0);
  }
}

TEST_CASE("the presets of PyTorch give what it computes in float64", "[losses][presets]") {
  using namespace losses::torch;
  Tape<double> tape;
  const auto x = tape.variable(rows);
  auto options = losses::torch::cross_entropy();
  options.class_weights = weights;
  auto loss = losses::softmax_cross_entropy(x, classes, options);
  CHECK_THAT(given(loss), are({0.6291117029083416}));
  CHECK_THAT(given(losses::softmax_cross_entropy(x, std::vector{2, -100}, options)),
             are({1.0045969023422834}));
  options.label_smoothing = 0.1;
  CHECK_THAT(given(losses::softmax_cross_entropy(x, classes, options)), are({0.7271181621744969}));
  auto soft = cross_entropy_with_probabilities();
  soft.class_weights = weights;
  CHECK_THAT(given(losses::softmax_cross_entropy(x, soft_rows, soft)), are({7.395646960242978}));
  const auto log_probabilities = tape.variable(array({2, 3}, {-0.5, -2, -1.25, -3, -0.25, -1.5}));
  auto nll = nll_loss();
  nll.class_weights = weights;
  CHECK_THAT(given(losses::nll(log_probabilities, classes, nll)), are({0.85}));
  CHECK_THAT(given(losses::nll(log_probabilities, std::vector{2, -100}, nll)), are({1.25}));
  auto logits = bce_with_logits_loss();
  logits.class_weights = weights;
  logits.pos_weight = std::vector{1, 2, 4};
  CHECK_THAT(given(losses::sigmoid_cross_entropy(x, yes_or_no, logits)), are({3.1404197934696394}));
  auto multilabel = multilabel_soft_margin_loss();
  multilabel.class_weights = weights;
  CHECK_THAT(given(losses::sigmoid_cross_entropy(x, array({2, 3}, {1, 0, 1, 0, 1, 1}), multilabel)),
             are({1.0360418623945837}));
  CHECK_THAT(given(losses::soft_margin(x, array({2, 3}, {-1, 1, 1, 1, -1, -1}), soft_margin_loss())),
             are({1.3282104837322022}));
  auto bce = bce_loss();
  bce.class_weights = weights;
  const auto p = tape.variable(array({2, 3}, {0.9, 0.2, 0.6, 0.5, 0.05, 0.3}));
  CHECK_THAT(given(losses::binary_cross_entropy(p, yes_or_no, bce)), are({2.1065846528747127}));
  CHECK_THAT(given(losses::binary_cross_entropy(tape.variable(0.0), 1, bce_loss())), are({100}));
  const auto logs = tape.variable(array({2, 3}, {-1.5, -0.7, -1.2, -0.25, -2, -3}));
  const auto targets = array({2, 3}, {0.1, 0.6, 0.3, 0.7, 0.1, 0.2});
  auto kl = kl_div_loss();
  CHECK_THAT(given(losses::kl_divergence_from_log(logs, targets, kl)), are({0.03420595376664715}));
  kl.reduction = Reduction::mean_by(2);
  CHECK_THAT(given(losses::kl_divergence_from_log(logs, targets, kl)), are({0.10261786129994147}));
}

TEST_CASE("the presets of PyTorch have the classes on axis 1", "[losses][presets]") {
  Tape<double> tape;
  const auto x = tape.variable(array({1, 3, 2}, {-0.5, -2, -1.25, -3, -0.25, -1.5}));
  const xt::xarray<int> labels{{2, 1}};
  CHECK_THAT(given(losses::softmax_cross_entropy(x, labels, losses::torch::cross_entropy())),
             are({1.4340265862030077}));
  CHECK_THAT(given(losses::nll(x, labels, losses::torch::nll_loss())), are({1.625}));
}

TEST_CASE("the presets of optax reduce nothing", "[losses][presets]") {
  using namespace losses::optax;
  Tape<double> tape;
  const auto x = tape.variable(rows);
  // The example of its documentation
  CHECK_THAT(
      given(losses::softmax_cross_entropy(tape.variable(array({2, 3}, {1.2, -0.8, -0.5, 0.9, -1.2, 1.1})),
                                          array({2, 3}, {1, 0, 0, 0, 1, 0}), softmax_cross_entropy())),
      are_about({0.2761, 2.9518}, 6e-5));
  CHECK_THAT(given(losses::sigmoid_cross_entropy(x, yes_or_no, sigmoid_binary_cross_entropy())),
             are({0.31326168751822286, 0.1269280110429726, 0.84907698418010669, 0.69314718055994529,
                  0.04858735157374196, 1.21326168751822294}));
  // By 120 digits, the rest
  CHECK_THAT(given(losses::sigmoid_focal(x, yes_or_no, sigmoid_focal_loss())),
             are({0.022658057508467332, 0.0018035628352403754, 0.2674411965602602, 0.17328679513998633,
                  0.00010928332449699752, 0.56903820411893327}));
  CHECK_THAT(
      given(losses::poly_cross_entropy(x, array({2, 3}, {0, 0, 1, 0, 1, 0}), poly_loss_cross_entropy())),
      are({2.2722124697786831, 0.19340480000441773}));
  const auto logs = tape.variable(array({1, 3}, {-1.5, -0.7, -1.2}));
  const auto targets = array({1, 3}, {0.1, 0.6, 0.3}), log_targets = array({1, 3}, {-2, -0.5, -1.25});
  CHECK_THAT(given(losses::kl_divergence_from_log(logs, targets, kl_divergence())),
             are({0.032054275143220148}));
  CHECK_THAT(given(losses::kl_divergence_from_log(logs, targets, convex_kl_divergence())),
             are({0.052963950995261651}));
  CHECK_THAT(given(losses::kl_divergence_from_log(logs, log_targets, kl_divergence_with_log_targets())),
             are({0.039313250481210794}));
}

// Keras' documentation publishes the numbers; here are they, to 17 digits where they have fewer.
TEST_CASE("the presets of Keras for errors give the numbers of its documentation", "[losses][presets]") {
  using namespace losses::keras;
  Tape<double> tape;
  const auto labels = array({2, 2}, {0, 1, 0, 0});
  const auto x = tape.variable(array({2, 2}, {1, 1, 1, 0}));
  auto squared = mean_squared_error();
  CHECK_THAT(given(losses::squared_error(x, labels, squared)), are({0.5}));
  squared.sample_weights = std::vector{0.7, 0.3};
  CHECK_THAT(given(losses::squared_error(x, labels, squared)), are({0.25}));
  squared = mean_squared_error();
  squared.reduction = Reduction::none;
  CHECK_THAT(given(losses::squared_error(x, labels, squared)), are({0.5, 0.5}));

  const auto y = tape.variable(array({2, 2}, {0.6, 0.4, 0.4, 0.6}));
  auto options = losses::keras::huber();
  CHECK_THAT(given(losses::huber(y, labels, options)), are({0.155}));
  options.sample_weights = std::vector{1, 0};
  CHECK_THAT(given(losses::huber(y, labels, options)), are({0.09}));
  options = losses::keras::huber();
  options.reduction = Reduction::sum;
  CHECK_THAT(given(losses::huber(y, labels, options)), are({0.31}));
  options.reduction = Reduction::none;
  CHECK_THAT(given(losses::huber(y, labels, options)), are({0.18, 0.13}));
}

// By hand, from the definitions that their documentations give; so are those of the two cases below.
TEST_CASE("the presets of tf.compat.v1.losses for errors divide by the weights that are not 0",
          "[losses][presets]") {
  using namespace losses::tensorflow;
  Tape<double> tape;
  const auto x = tape.variable(array({2, 3}, {4, 8, 12, 8, 1, 3}));
  const auto t = array({2, 3}, {1, 9, 2, -5, -2, 6});
  // The errors are 3, -1, 10 and 13, 3, -3.
  auto squared = v1_mean_squared_error();
  CHECK_THAT(given(losses::squared_error(x, t, squared)), are({297.0 / 6}));
  squared.sample_weights = array({2, 1}, {0, 2});
  CHECK_THAT(given(losses::squared_error(x, t, squared)), are({2 * 187.0 / 3}));
  auto options = v1_huber_loss();
  CHECK_THAT(given(losses::huber(x, t, options)), are({(2.5 + 0.5 + 9.5 + 12.5 + 2.5 + 2.5) / 6}));
  options.delta = 4;
  options.sample_weights = array({2, 1}, {0, 2});
  CHECK_THAT(given(losses::huber(x, t, options)), are({2 * (44 + 4.5 + 4.5) / 3}));
}

TEST_CASE("the presets of PyTorch for errors give what its definitions do", "[losses][presets]") {
  using namespace losses::torch;
  Tape<double> tape;
  const auto x = tape.variable(array({4}, {0.5, -0.25, 3, -2})),
             zeros = tape.constant(array({4}, {0, 0, 0, 0}));
  CHECK_THAT(given(losses::squared_error(x, zeros, mse_loss())), are({13.3125 / 4}));
  auto options = huber_loss();
  CHECK_THAT(given(losses::huber(x, zeros, options)), are({(0.125 + 0.03125 + 2.5 + 1.5) / 4}));
  options.delta = 2;
  CHECK_THAT(given(losses::huber(x, zeros, options)), are({(0.125 + 0.03125 + 4 + 2) / 4}));
  CHECK_THAT(given(losses::huber(x, zeros, smooth_l1_loss())), are({(0.125 + 0.03125 + 2.5 + 1.5) / 4}));
  CHECK_THAT(given(losses::huber(x, zeros, smooth_l1_loss(0.25))),
             are({(0.375 + 0.125 + 2.875 + 1.875) / 4}));
  CHECK_THROWS_WITH(losses::huber(x, zeros, smooth_l1_loss(0)),
                    "huber: delta must be finite and above 0, got 0");
}

TEST_CASE("the presets of optax for errors reduce nothing", "[losses][presets]") {
  using namespace losses::optax;
  Tape<double> tape;
  const auto x = tape.variable(array({4}, {0.5, -0.25, 3, -2})),
             zeros = tape.constant(array({4}, {0, 0, 0, 0}));
  CHECK_THAT(given(losses::squared_error(x, zeros, losses::optax::squared_error())),
             are({0.25, 0.0625, 9, 4}));
  CHECK_THAT(given(losses::squared_error(x, zeros, l2_loss())), are({0.125, 0.03125, 4.5, 2}));
  CHECK_THAT(given(losses::huber(x, zeros, huber_loss())), are({0.125, 0.03125, 2.5, 1.5}));
}

}  // namespace presets_test
