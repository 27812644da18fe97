// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "files.hpp"
#include "matchers.hpp"
#include "temporary_directory.hpp"
#include "xtape/xtape.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace temporaries_test {

// So many that they lie on the heap, where AddressSanitizer sees what reads them too late.
constexpr std::size_t many = 1000;

Array<float> ones(const Shape& shape) {
  Array<float> array(shape);
  for (float& x : array) x = 1;
  return array;
}

// Takes the memory that a temporary has left.
void overwrite_freed_memory() {
  std::vector<std::vector<float>> others(20, std::vector<float>(many, 7));
  CHECK(others[19][many - 1] == 7);
}

TEST_CASE("a view of a temporary that owns its memory does not compile", "[core][temporaries]") {
  STATIC_REQUIRE_FALSE(std::constructible_from<ArrayView<const float>, std::vector<float>>);
  STATIC_REQUIRE_FALSE(std::convertible_to<std::vector<float>, ArrayView<const float>>);
  STATIC_REQUIRE_FALSE(std::convertible_to<std::array<float, 3>, ArrayView<const float>>);
  STATIC_REQUIRE_FALSE(std::convertible_to<xt::xarray<float>, ArrayView<const float>>);
  STATIC_REQUIRE_FALSE(std::convertible_to<Array<float>, ArrayView<const float>>);
  STATIC_REQUIRE_FALSE(std::convertible_to<ArrayInput<float>, ArrayView<const float>>);

  STATIC_REQUIRE(std::convertible_to<std::vector<float>&, ArrayView<const float>>);
  STATIC_REQUIRE(std::convertible_to<const std::vector<float>&, ArrayView<const float>>);
  STATIC_REQUIRE(std::convertible_to<xt::xarray<float>&, ArrayView<const float>>);
  STATIC_REQUIRE(std::convertible_to<const Array<float>&, ArrayView<const float>>);
  STATIC_REQUIRE(std::convertible_to<const ArrayInput<float>&, ArrayView<const float>>);
  STATIC_REQUIRE(std::convertible_to<std::span<const float>, ArrayView<const float>>);
  STATIC_REQUIRE(std::convertible_to<ArrayView<float>, ArrayView<const float>>);
  STATIC_REQUIRE(
      std::convertible_to<decltype(std::declval<Parameter<float>&>().value()), ArrayView<const float>>);
}

TEST_CASE("a tape does not borrow a temporary", "[core][temporaries]") {
  const auto can_borrow = []<class Source>(std::type_identity<Source>) {
    return requires(Tape<float> & tape, Source && source) { tape.borrow(std::forward<Source>(source)); };
  };
  CHECK_FALSE(can_borrow(std::type_identity<std::vector<float>>()));
  CHECK_FALSE(can_borrow(std::type_identity<xt::xarray<float>>()));
  CHECK_FALSE(can_borrow(std::type_identity<Array<float>>()));
  CHECK(can_borrow(std::type_identity<const Array<float>&>()));
  CHECK(can_borrow(std::type_identity<std::span<const float>>()));
}

TEST_CASE("an input keeps a temporary and reads what has a name where it stands", "[core][temporaries]") {
  const ArrayInput<float> kept = std::vector<float>(many, 1), array = ones({many}),
                          tensor = xt::xarray<float>(xt::ones<float>({many}));
  const ArrayInput<float> copy = kept;
  std::vector<float> named(many, 1);
  const ArrayInput<float> borrowed = named;
  overwrite_freed_memory();
  named[0] = 2;
  for (const ArrayInput<float>* input : {&kept, &array, &tensor, &copy}) {
    CHECK(input->shape() == Shape{many});
    CHECK((*input)[0] == 1);
    CHECK((*input)[many - 1] == 1);
  }
  CHECK(borrowed[0] == 2);
  CHECK(borrowed.data() == named.data());
}

TEST_CASE("indices, labels and scores keep temporaries", "[core][temporaries]") {
  const Indices indices = std::vector<int>(many, 1);
  const Condition condition = std::vector<bool>(many, true);
  const losses::ClassLabels<float> classes = xt::xarray<std::int64_t>(xt::ones<std::int64_t>({many}));
  const losses::Labels<float> labels = std::vector<double>(many, 1), number = 0.5;
  const metrics::Scores scores = ones({many, 2});
  overwrite_freed_memory();

  Tape<float> tape;
  const auto logits = tape.constant(ones({many, 2}));
  CHECK_THAT(losses::softmax_cross_entropy(logits, indices).item(), WithinRel(std::log(2.0), 1e-6));
  CHECK_THAT(losses::softmax_cross_entropy(logits, classes).item(), WithinRel(std::log(2.0), 1e-6));
  const auto binary = tape.constant(ones({many}));
  CHECK_THAT(losses::sigmoid_cross_entropy(binary, labels).item(),
             WithinRel(std::log1p(std::exp(-1.0)), 1e-6));
  CHECK_THAT(losses::sigmoid_cross_entropy(tape.constant(0.0F), number).item(),
             WithinRel(std::log(2.0), 1e-6));
  CHECK(where(condition, binary, binary).values()[many - 1] == 1);
  CHECK(metrics::top_k_accuracy(scores, indices, 2).value == 1);
}

TEST_CASE("expressions and views as arguments are read as they are", "[core][temporaries]") {
  const xt::xarray<int> labels = xt::arange<int>(2 * many);
  const Indices expression = labels % 2, part = xt::view(labels, xt::range(0, 2));
  std::vector<std::int64_t> values(2);
  part.copy_to(ArrayView<std::int64_t>(values));
  CHECK(values == std::vector<std::int64_t>{0, 1});
  CHECK(expression.shape() == Shape{2 * many});
}

TEST_CASE("a dataset of temporaries can be kept in a variable", "[training][temporaries]") {
  const TemporaryDirectory directory;
  std::string text = "a,b,y\n";
  for (int row = 0; row < 400; ++row)
    text += std::to_string(row % 2) + "," + std::to_string(row % 3) + "," + std::to_string(row % 2) + "\n";
  const std::string path = directory / "table.csv";
  std::ofstream(path) << text;
  const data::CsvTable table = data::read_csv(path);
  std::vector<std::size_t> rows(400);
  for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = row;
  const training::Dataset<float> data{.features = table.features<float>("y"),
                                      .targets = table.labels("y"),
                                      .train = rows,
                                      .validation = rows};
  overwrite_freed_memory();

  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Linear>(2, 2, random);
  optim::Adam<float> optimizer(model.parameters(), {.learning_rate = 0.1});
  const training::History history =
      training::train(model, data, {.optimizer = optimizer, .random = random, .epochs = 10});
  CHECK(history.epochs.back().validation_accuracy == 1);
}

TEST_CASE("what a temporary gives outlives it", "[core][temporaries]") {
  Random random(1);
  nn::Linear<float> layer(64, 64, random);
  const auto& weight = layer.state()["weight"].get<float>();
  const Array<float> copy = layer.state().get<float>("test", "weight", Shape{64, 64});
  const Shape& shape = ones({3, 4}).shape();
  const Shape& any_shape = layer.state()["weight"].shape();
  overwrite_freed_memory();
  CHECK(std::equal(weight.begin(), weight.end(), layer.weight.values().begin()));
  CHECK(std::equal(copy.begin(), copy.end(), layer.weight.values().begin()));
  CHECK(shape == Shape{3, 4});
  CHECK(any_shape == Shape{64, 64});

  STATIC_REQUIRE(std::is_same_v<decltype(layer.state().get<float>("test", "weight", Shape{})), Array<float>>);
}

TEST_CASE("what a temporary table gives outlives it", "[data][temporaries]") {
  const TemporaryDirectory directory;
  const std::string path = directory / "table.csv";
  std::ofstream(path) << "a,b\n1,2\n3,4\n";
  const auto& values = data::read_csv(path).values();
  const auto& columns = data::read_csv(path).columns();
  overwrite_freed_memory();
  CHECK(std::vector<double>(values.begin(), values.end()) == std::vector<double>{1, 2, 3, 4});
  CHECK(columns == std::vector<std::string>{"a", "b"});
}

TEST_CASE("functions take temporaries as they take what has a name", "[core][temporaries]") {
  data::Standardizer<float> standardizer;
  standardizer.fit(xt::xarray<float>{{1, 2}, {3, 6}});
  CHECK(standardizer.applied(xt::xarray<float>{{3, 6}})[1] == 1);
  CHECK(metrics::balanced_accuracy(
            metrics::confusion_matrix(std::vector<int>{0, 1}, std::vector<int>{0, 1}, 2)) == 1);
  Tape<float> tape;
  const auto x = tape.variable(xt::xarray<float>{1, 2});
  (x * x).backward(xt::xarray<float>{1, 10});
  CHECK(x.grad()(1) == 40);
}

}  // namespace temporaries_test
