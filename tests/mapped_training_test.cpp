// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"
#include "named_arrays_equal.hpp"
#include "temporary_directory.hpp"
#include "training_problem.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace mapped_training_test {
namespace {

/// The weights after training on a dataset, with checkpoints where a directory is given.
template <class T>
NamedArrays trained(const training::Dataset<T>& data, std::size_t epochs,
                    const std::string& checkpoints = "") {
  WholeTraining<T> training(3);
  auto options = training.options(epochs);
  options.checkpoint_directory = checkpoints;
  training::train(training.model, data, options);
  return training.model.state();
}

}  // namespace

TEMPLATE_TEST_CASE("features that stay in their file train as those in memory, bit for bit",
                   "[training][mapped][threads]", float, double) {
  using T = TestType;
  const Clouds<T> clouds(160);
  const TemporaryDirectory directory;
  data::write_npy(directory / "features.npy", clouds.features);
  data::write_npy(directory / "labels.npy", clouds.labels);
  training::Dataset<T> mapped = clouds.data;
  mapped.features = data::map_npy(directory / "features.npy");
  mapped.targets = data::map_npy(directory / "labels.npy");
  CHECK(are_same_bits(trained(mapped, 4), trained(clouds.data, 4)));
}

TEST_CASE("bytes that stay in their file train as the floats that they stand for, bit for bit",
          "[training][mapped][threads]") {
  Array<std::uint8_t> bytes(Shape{160, 2});
  Array<float> floats(Shape{160, 2});
  Random random(5);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(random.below(256));
    floats[i] = static_cast<float>(bytes[i] / 255.0);
  }
  const TemporaryDirectory directory;
  data::write_npy(directory / "bytes.npy", bytes);
  const Clouds<float> clouds(160);
  training::Dataset<float> mapped = clouds.data, in_memory = clouds.data;
  mapped.features = data::Rows<float>(data::map_npy(directory / "bytes.npy")).scaled(1.0 / 255);
  in_memory.features = floats;
  CHECK(are_same_bits(trained(mapped, 4), trained(in_memory, 4)));
}

TEST_CASE("a training on a mapped file goes on from a checkpoint of one on memory, bit for bit",
          "[training][mapped][threads]") {
  const Clouds<float> clouds(160);
  const TemporaryDirectory directory;
  data::write_npy(directory / "features.npy", clouds.features);
  training::Dataset<float> mapped = clouds.data;
  mapped.features = data::map_npy(directory / "features.npy");
  trained(mapped, 2, directory / "a");
  trained(clouds.data, 4, directory / "a");
  CHECK(are_same_bits(trained(mapped, 6, directory / "a"), trained(clouds.data, 6)));
}

TEST_CASE("whole numbers in a file are scaled before they are rounded, as those in memory",
          "[training][mapped]") {
  const std::vector<std::int32_t> numbers{1000000001, 1000000065};
  const TemporaryDirectory directory;
  data::write_npy(directory / "numbers.npy", ArrayView<const std::int32_t>(numbers));
  const auto mapped = data::Rows<float>(data::map_npy(directory / "numbers.npy")).scaled(1, -1e9);
  std::vector<float> read(2);
  mapped.read_rows(std::vector<std::size_t>{0, 1}, read);
  CHECK(read == std::vector<float>{1, 65});
  std::vector<std::int64_t> indices(1);
  data::write_npy(directory / "reals.npy", ArrayView<const float>(read));
  CHECK_THROWS_WITH(data::Rows<std::int64_t>(data::map_npy(directory / "reals.npy"))
                        .read_rows(std::vector<std::size_t>{0}, indices),
                    "MappedArray::read_rows: the elements must be integers to be read as such, got float32");
}

}  // namespace mapped_training_test
