// SPDX-License-Identifier: BSD-3-Clause
// As seeds.cpp, for the target that needs Protocol Buffers: onnx_seeds DIRECTORY.
#include <filesystem>
#include <iostream>
#include <string>

#include "every_layer.hpp"
#include "xtape/data.hpp"
#include "xtape/onnx.hpp"

using namespace xtape;
using inference::OutputKind;
using inference::Pipeline;

namespace {

class Seeds {
 public:
  explicit Seeds(const std::string& directory) : directory_(directory) {}
  std::string next() { return (directory_ / ("seed-" + std::to_string(count_++))).string(); }

 private:
  std::filesystem::path directory_;
  int count_ = 0;
};

void add_pipelines(Seeds& seeds, Random& random) {
  Array<float> rows(Shape{4, 2});
  for (float& x : rows) x = static_cast<float>(random.normal());
  data::MeanImputer<float> imputer;
  imputer.fit(rows);
  data::Standardizer<float> standardizer;
  standardizer.fit(rows);
  nn::Sequential<float> model;
  model.add<nn::Linear>(2, 1, random);
  for (const OutputKind kind : {OutputKind::multilabel, OutputKind::binary, OutputKind::numbers}) {
    io::export_onnx<float>(seeds.next(), {.model = model,
                                          .row = {2},
                                          .columns = {{"a", {}}, {"b", "c"}},
                                          .imputer = imputer,
                                          .standardizer = standardizer,
                                          .factor = 2,
                                          .shift = 1,
                                          .outputs_are = kind,
                                          .temperature = 2});
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "onnx_seeds DIRECTORY\n";
    return 2;
  }
  const std::string directory = std::string(arguments[1]) + "/onnx";
  std::filesystem::create_directories(directory);
  Seeds seeds(directory);
  Random random(1);
  for (auto& of : testing::every_layer<float>(random)) {
    if (of.name == "Linear without bias") continue;  // longer than run.sh lets an input be
    const bool are_classes = of.name == "Ordinal" || of.name == "Linear";
    io::export_onnx<float>(seeds.next(),
                           {.model = *of.model,
                            .row = of.row,
                            .outputs_are = are_classes ? OutputKind::classes : OutputKind::numbers});
  }
  for (auto& of : testing::every_layer<double>(random)) {
    if (of.name == "LayerNorm" || of.name == "Elu")
      io::export_onnx<double>(seeds.next(),
                              {.model = *of.model, .row = of.row, .outputs_are = OutputKind::numbers});
  }
  add_pipelines(seeds, random);
  for (const auto& entry : std::filesystem::directory_iterator("tests/data/onnx")) {
    if (entry.path().extension() == ".onnx")
      std::filesystem::copy_file(entry.path(), seeds.next(),
                                 std::filesystem::copy_options::overwrite_existing);
  }
}
