// SPDX-License-Identifier: BSD-3-Clause
#include "array_stream.hpp"
#include "files.hpp"
#include "matchers.hpp"
#include "named_arrays_equal.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::CsvRows;
using data::CsvStream;

namespace csv_stream_test {
namespace {

constexpr const char* fruit =
    "mass,colour,name,weight,price,ripe\n"
    "1.5,red,apple,1,0.25,1\n"
    "2.5,green,pear,2,0.5,0\n"
    "3.5,red,fig,0.5,0.75,1\n"
    "4.5,blue,pear,0,1,0\n"
    "5.5,green,apple,4,1.25,1\n";

/// All rows of a stream.
template <class T>
struct Read {
  std::vector<T> features, targets;
  std::vector<double> weights;

  Read(CsvStream<T>& stream, std::size_t at_a_time) {
    const std::size_t width = stream.feature_shape().elements();
    stream.rewind();
    for (std::size_t count = at_a_time; count == at_a_time;) {
      std::vector<T> x(at_a_time * width), y(at_a_time);
      std::vector<double> w(stream.has_weights() ? at_a_time : 0);
      count = stream.read(at_a_time, x, y, w);
      features.insert(features.end(), x.begin(), x.begin() + static_cast<std::ptrdiff_t>(count * width));
      targets.insert(targets.end(), y.begin(), y.begin() + static_cast<std::ptrdiff_t>(count));
      if (!w.empty())
        weights.insert(weights.end(), w.begin(), w.begin() + static_cast<std::ptrdiff_t>(count));
    }
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a stream of a file gives the numbers of its columns, and 0 and 1 for its categories",
                   "[data][csv]", float, double) {
  using T = TestType;
  const TemporaryPath path(fruit);
  CsvStream<T> stream(CsvRows(path), "name", {.left_out = {"price", "ripe"}, .weights = "weight"});
  CHECK(stream.class_names() == std::vector<std::string>{"apple", "fig", "pear"});
  const std::vector<data::FeatureColumn> columns{
      {"mass"}, {"colour", "blue"}, {"colour", "green"}, {"colour", "red"}};
  CHECK(stream.feature_columns() == columns);
  CHECK(stream.feature_shape() == Shape{4});
  CHECK(stream.target_shape() == Shape{});
  for (const std::size_t at_a_time : {1U, 2U, 5U, 6U, 1000U}) {
    const Read<T> all(stream, at_a_time);
    CHECK(all.features ==
          std::vector<T>{1.5, 0, 0, 1, 2.5, 0, 1, 0, 3.5, 0, 0, 1, 4.5, 1, 0, 0, 5.5, 0, 1, 0});
    CHECK(all.targets == std::vector<T>{0, 2, 1, 2, 0});
    CHECK(all.weights == std::vector<double>{1, 2, 0.5, 0, 4});
  }
}

TEST_CASE("a target of numbers is streamed as it is", "[data][csv]") {
  const TemporaryPath path(fruit);
  CsvStream<double> stream(CsvRows(path), "price", {.left_out = {"name", "ripe", "weight", "colour"}});
  CHECK(stream.class_names().empty());
  CHECK_FALSE(stream.has_weights());
  const Read<double> all(stream, 2);
  CHECK(all.features == std::vector<double>{1.5, 2.5, 3.5, 4.5, 5.5});
  CHECK(all.targets == std::vector<double>{0.25, 0.5, 0.75, 1, 1.25});
}

TEST_CASE("numbers that are read as text are classes of a stream", "[data][csv]") {
  const TemporaryPath path("x,digit\n1,7\n2,3\n3,7\n");
  CsvStream<float> stream(CsvRows(path, {.text = {"digit"}}), "digit");
  CHECK(stream.class_names() == std::vector<std::string>{"3", "7"});
  CHECK(Read<float>(stream, 2).targets == std::vector<float>{1, 0, 1});
}

TEST_CASE("a further file is streamed by the columns and classes of the first", "[data][csv]") {
  const TemporaryPath first(fruit);
  const TemporaryPath further("name,mass,colour\nfig,7.5,green\n");
  const std::vector<std::string> left_out{"price", "ripe", "weight"};
  CsvStream<float> stream(CsvRows(data::read_csv(first), further), "name");
  CHECK(stream.feature_columns() == CsvStream<float>(CsvRows(first), "name", {left_out}).feature_columns());
  const Read<float> all(stream, 10);
  CHECK(all.features == std::vector<float>{7.5, 0, 1, 0});
  CHECK(all.targets == std::vector<float>{1});
}

TEMPLATE_TEST_CASE(
    "a training on a stream of a file is one on the arrays that read_csv makes of it, bit for bit",
    "[data][csv][training]", float, double) {
  using T = TestType;
  const auto trained = [](data::RowStream<T>& stream) {
    Random random(1);
    nn::Linear<T> model(4, 3, random);
    optim::Adam<T> optimizer(model.parameters());
    training::train(model, {.stream = stream, .window = 3},
                    {.optimizer = optimizer, .random = random, .epochs = 5, .batch_size = 2});
    return model.state();
  };
  const TemporaryPath path(fruit);
  const auto table = data::read_csv(path);
  const std::vector<std::string> left_out{"price", "ripe", "weight"};
  const auto features = table.take_columns<T>(table.feature_columns("name", left_out));
  ArrayStream<T> arrays(features, table.class_labels("name").class_indices);
  CsvStream<T> stream(CsvRows(path), "name", {.left_out = left_out});
  CHECK(are_same_bits(trained(stream), trained(arrays)));
}

TEST_CASE("a stream names the columns and fields that it cannot take", "[data][csv][errors]") {
  const TemporaryPath path(fruit);
  CHECK_THROWS_WITH(CsvStream<float>(CsvRows(path), "nme"), ContainsSubstring("nme"));
  CHECK_THROWS_WITH(CsvStream<float>(CsvRows(path), "name", {.left_out = {"colours"}}),
                    ContainsSubstring("colours"));
  CHECK_THROWS_WITH(CsvStream<float>(CsvRows(path), "name", {.weights = "wait"}), ContainsSubstring("wait"));

  const TemporaryPath missing("x,y\n1,a\n2,\n3,b\n");
  CsvStream<float> stream(CsvRows(missing), "y");
  std::vector<float> x(2), y(2);
  CHECK_THROWS_AS(stream.read(2, x, y, {}), FileError);

  Random random(1);
  nn::Linear<float> model(1, 2, random);
  optim::SGD<float> optimizer(model.parameters());
  CHECK_THROWS_AS(
      training::train(model, {.stream = stream}, {.optimizer = optimizer, .random = random, .epochs = 1}),
      FileError);
}

}  // namespace csv_stream_test
