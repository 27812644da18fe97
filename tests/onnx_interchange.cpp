// SPDX-License-Identifier: BSD-3-Clause
#include <exception>
#include <iostream>
#include <string>

#include "every_layer.hpp"
#include "xtape/onnx.hpp"
#include "xtape/xtape.hpp"

// onnx_interchange DIRECTORY SEED: writes models in the ONNX format, and for each rows and what it gives of
// them, for onnx_interchange.py.

using namespace xtape;
using inference::OutputKind;
using inference::Pipeline;

namespace {

constexpr std::size_t rows_of_each = 1000;

class Writer {
 public:
  explicit Writer(std::string directory) : directory_(std::move(directory)) {}

  // What the file is to give: probabilities, or numbers.
  template <class T>
  void write(const std::string& name, const Pipeline<T>& pipeline, const Array<T>& rows) {
    const std::string path = directory_ + "/" + (sizeof(T) == 4 ? "float " : "double ") + name;
    io::export_onnx(path + ".onnx", pipeline);
    NamedArrays arrays;
    arrays.add("features", ArrayView<const T>(rows));
    if (pipeline.outputs_are == OutputKind::numbers)
      arrays.add("outputs", AnyArray(pipeline.outputs(rows)));
    else
      arrays.add("outputs", AnyArray(pipeline.probabilities(rows)));
    data::write_npz(path + ".npz", arrays);
  }

 private:
  std::string directory_;
};

template <class T>
void write_layers(Writer& writer, Random& random) {
  for (auto& of : testing::every_layer<T>(random)) {
    const Pipeline<T> pipeline{.model = *of.model, .row = of.row, .outputs_are = OutputKind::numbers};
    writer.write(of.name, pipeline, testing::random_rows(of, rows_of_each, random));
  }
}

template <class T>
Array<T> measurements(const Shape& row, Random& random) {
  Shape shape{rows_of_each};
  for (const std::size_t extent : row) shape.append(extent);
  Array<T> rows(shape);
  for (T& x : rows) x = static_cast<T>(40 + 15 * random.normal());
  return rows;
}

// With all steps before it and after it.
template <class T>
void write_pipelines(Writer& writer, Random& random) {
  constexpr T missing = std::numeric_limits<T>::quiet_NaN();
  nn::Sequential<T> model;
  model.template add<nn::Linear>(6, 16, random)
      .template add<nn::Relu>()
      .template add<nn::Linear>(16, 3, random);
  Array<T> rows = measurements<T>({6}, random);
  for (std::size_t i = 0; i < rows.size(); i += 17) rows[i] = missing;
  data::MeanImputer<T> imputer;
  imputer.fit(rows);
  data::Standardizer<T> standardizer;
  standardizer.fit(imputer.applied(rows));
  Pipeline<T> pipeline{.model = model,
                       .row = {6},
                       .imputer = imputer,
                       .standardizer = standardizer,
                       .factor = 0.75,
                       .shift = -0.25,
                       .temperature = 1.5,
                       .class_names = {"a", "b", "c"}};
  writer.write("pipeline of classes", pipeline, rows);
  pipeline.outputs_are = OutputKind::multilabel;
  writer.write("pipeline of labels", pipeline, rows);

  nn::Sequential<T> one;
  one.template add<nn::Linear>(6, 1, random);
  Pipeline<T> binary = pipeline;
  binary.model = one;
  binary.outputs_are = OutputKind::binary;
  binary.class_names = {"no", "yes"};
  writer.write("pipeline of yes or no", binary, rows);

  nn::Sequential<T> grades;
  grades.template add<nn::Linear>(6, 1, random).template add<nn::Ordinal>(5);
  binary.model = grades;
  binary.outputs_are = OutputKind::classes;
  binary.class_names = {};
  writer.write("pipeline of grades", binary, rows);

  nn::Sequential<T> images;
  images.template add<nn::Flatten>().template add<nn::Linear>(64, 32, random).template add<nn::Gelu>();
  images.template add<nn::Linear>(32, 10, random);
  const Pipeline<T> of_images{.model = images, .row = {1, 8, 8}, .factor = 1 / 80., .shift = -0.5};
  writer.write("pipeline of images", of_images, measurements<T>({1, 8, 8}, random));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::cerr << "usage: onnx_interchange DIRECTORY SEED\n";
    return 2;
  }
  Writer writer(argv[1]);
  Random random(std::stoull(argv[2]));
  write_layers<float>(writer, random);
  write_layers<double>(writer, random);
  write_pipelines<float>(writer, random);
  write_pipelines<double>(writer, random);
} catch (const std::exception& error) {
  std::cerr << "onnx_interchange: " << error.what() << '\n';
  return 1;
}
