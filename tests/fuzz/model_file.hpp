// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "directory.hpp"
#include "xtape/inference/pipeline.hpp"
#include "xtape/io/model.hpp"
#include "xtape/io/safetensors.hpp"
#include "xtape/nn.hpp"

namespace xtape::fuzz {

inline constexpr std::size_t model_count = 4;

/// A small model that learned nothing, of each kind of layer that has parameters.
inline void add_layers(std::size_t kind, nn::Sequential<float>& model, Random& random) {
  switch (kind) {
    case 0:
      model.add<nn::Linear>(2, 3, random)
          .add<nn::BatchNorm1d>(3)
          .add<nn::Relu>()
          .add<nn::Linear>(3, 2, random);
      break;
    case 1:
      model.add<nn::Conv2d>(1, 2, 2, random).add<nn::BatchNorm2d>(2).add<nn::MaxPool2d>(2).add<nn::Flatten>();
      break;
    case 2:
      model.add<nn::Embedding>(3, 2, random).add<nn::Flatten>().add<nn::LayerNorm>(Shape{4}).add<nn::Gelu>();
      break;
    default:
      model.add<nn::Dropout>(0.5, random)
          .add<nn::LeakyRelu>()
          .add<nn::Linear>(2, 1, random)
          .add<nn::Ordinal>(3);
  }
}

inline Shape row_of(std::size_t kind) { return kind == 1 ? Shape{1, 3, 3} : Shape{2}; }

/// Where the description is among the metadata.
inline constexpr const char* description = "xtape.model";

/// What save_model writes of such a model, with steps before it.
inline io::Safetensors whole_file(const Directory& directory, std::size_t kind) {
  Random random(1);
  nn::Sequential<float> model;
  add_layers(kind, model, random);
  data::MeanImputer<float> imputer;
  data::Standardizer<float> standardizer;
  Shape rows{1};
  for (const std::size_t extent : row_of(kind)) rows.append(extent);
  imputer.fit(Array<float>(rows));
  standardizer.fit(Array<float>(rows));
  io::save_model(directory / "x", inference::Pipeline<float>{.model = model,
                                                             .row = row_of(kind),
                                                             .imputer = imputer,
                                                             .standardizer = standardizer,
                                                             .outputs_are = inference::OutputKind::numbers});
  return io::read_safetensors(directory / "x");
}

}  // namespace xtape::fuzz
