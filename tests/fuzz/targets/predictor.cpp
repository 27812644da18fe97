// SPDX-License-Identifier: BSD-3-Clause
// Models of a few layers, and predictors of them: of any number of rows up to the largest batch a predictor
// gives the bits that the model gives by the tape, and it takes what the model takes.
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "bytes.hpp"
#include "every_layer.hpp"
#include "finding.hpp"
#include "xtape/inference/predictor.hpp"

using namespace xtape;
using namespace xtape::fuzz;
using testing::given_by_tape;

namespace {

template <class T>
Array<T> random_rows(const Shape& row, std::size_t count, Random& random) {
  return testing::random_rows(testing::LayerCase<T>{.name = "", .row = row, .model = nullptr}, count, random);
}

// Decoded from bytes.
template <class T>
class Program {
 public:
  explicit Program(Bytes bytes) : bytes_(bytes), random_(bytes_.next()), row_(some_row()), at_end_(row_) {}

  void run() {
    const std::size_t layers = 1 + bytes_.below(4);
    for (std::size_t layer = 0; layer < layers; ++layer) {
      add_layer();
      testing::randomize<T>(model_, random_);
      model_.eval();
      const std::optional<Shape> result = row_of_result();
      if (!result.has_value()) return require(!takes_rows(), "a predictor takes no more than its model");
      at_end_ = *result;
    }
    compare();
  }

 private:
  std::size_t from_1_to(std::size_t most) { return 1 + bytes_.below(most); }
  Size2d size(std::size_t least, std::size_t most) {
    const std::size_t rows = least + bytes_.below(most - least + 1);
    return {rows, least + bytes_.below(most - least + 1)};
  }

  Shape some_row() {
    if (bytes_.flag()) return {from_1_to(40)};
    const std::size_t channels = bytes_.flag() ? from_1_to(4) : 64;
    return {channels, from_1_to(9), from_1_to(9)};
  }

  bool are_images() const { return at_end_.rank() == 3; }

  void add_layer() {
    switch (bytes_.below(8)) {
      case 0:
      case 1:
        return are_images() ? add_convolution() : add_linear();
      case 2:
        return add_linear();
      case 3:
        return add_pooling();
      case 4:
        return add_normalization();
      case 5:
        model_.template add<nn::Flatten>();
        return;
      default:
        return add_activation();
    }
  }

  // With more elements a BLAS would take part, whose last bits are its own.
  void add_linear() {
    const std::size_t in = at_end_.rank() == 0 ? 1 : at_end_[at_end_.rank() - 1], out = from_1_to(40);
    if (in > 1024) return add_activation();
    model_.template add<nn::Linear>(in, out, random_, nn::LinearOptions<T>{.bias = bytes_.flag()});
  }

  void add_convolution() {
    const std::size_t groups = at_end_[0] % 2 == 0 && bytes_.below(4) == 0 ? 2 : 1;
    const std::size_t out = groups * (bytes_.flag() ? from_1_to(9) : 32);
    const Size2d kernel = bytes_.flag() ? Size2d(1) : size(1, 3);
    const Size2d stride = size(1, 3), padding = bytes_.flag() ? Size2d(0) : size(0, 3), dilation = size(1, 2);
    model_.template add<nn::Conv2d>(at_end_[0], out, kernel, random_,
                                    nn::Conv2dOptions<T>{.stride = stride,
                                                         .padding = padding,
                                                         .dilation = dilation,
                                                         .groups = groups,
                                                         .bias = bytes_.flag()});
  }

  void add_pooling() {
    const Size2d kernel = size(2, 3), stride = size(1, 3), padding = size(0, 1);
    if (bytes_.flag()) {
      model_.template add<nn::MaxPool2d>(kernel, MaxPool2dOptions{.stride = stride, .padding = padding});
    } else {
      model_.template add<nn::AvgPool2d>(
          kernel, AvgPool2dOptions{.stride = stride, .padding = padding, .count_include_pad = bytes_.flag()});
    }
  }

  void add_normalization() {
    const std::size_t rank = at_end_.rank();
    if (rank == 0 || bytes_.flag()) {
      model_.template add<nn::LayerNorm>(rank == 0 ? Shape{1} : Shape{at_end_[rank - 1]});
    } else if (are_images()) {
      model_.template add<nn::BatchNorm2d>(at_end_[0]);
    } else {
      model_.template add<nn::BatchNorm1d>(at_end_[0]);
    }
  }

  void add_activation() {
    switch (bytes_.below(6)) {
      case 0:
        model_.template add<nn::Tanh>();
        return;
      case 1:
        model_.template add<nn::Sigmoid>();
        return;
      case 2:
        model_.template add<nn::Gelu>();
        return;
      case 3:
        model_.template add<nn::LeakyRelu>(T(0.125));
        return;
      default:
        model_.template add<nn::Relu>();
    }
  }

  // Nothing where the model does not take its rows.
  std::optional<Shape> row_of_result() {
    try {
      const Array<T> result = given_by_tape(model_, random_rows<T>(row_, 1, random_));
      Shape row;
      for (std::size_t axis = 1; axis < result.shape().rank(); ++axis) row.append(result.shape()[axis]);
      return row;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  bool takes_rows() {
    try {
      inference::Predictor<T>(model_, row_, 1);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  void compare() {
    const std::size_t largest = from_1_to(40);
    const inference::Predictor<T> predictor(model_, row_, largest);
    auto workspace = predictor.workspace();
    require(predictor.output_row() == at_end_, "a predictor knows the shape of its results");
    for (int call = 0; call < 3; ++call) {
      const Array<T> in = random_rows<T>(row_, 1 + bytes_.below(largest), random_);
      const Array<T> expected = given_by_tape(model_, in);
      Array<T> out(expected.shape());
      require(predictor.predict(in, out, workspace), "a predictor takes rows up to the largest batch");
      require(std::memcmp(out.data(), expected.data(), out.size() * sizeof(T)) == 0,
              "a predictor gives the bits of the tape");
    }
  }

  Bytes bytes_;
  Random random_;
  Shape row_, at_end_;  // of a row before the layers and after those there are
  nn::Sequential<T> model_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  if (bytes.flag()) {
    Program<float>(bytes).run();
  } else {
    Program<double>(bytes).run();
  }
  return 0;
}
