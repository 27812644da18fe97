// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <span>

#include "xtape/arrays/shape.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {

/// What a program implements to have rows taken that come one after the other, and may be too many to keep:
/// of a file that is read from its begin to its end, of a connection, of a generator. CsvStream is one. Where
/// rows can be asked for by their numbers, a RowSource serves better: then each order is equally likely.
///
///     struct Recordings : data::RowStream<float> {
///       std::ifstream file{"recordings.bin", std::ios::binary};
///       xtape::Shape feature_shape() const override { return {16}; }
///       void rewind() override {
///         file.clear();
///         file.seekg(0);
///       }
///       std::size_t read(std::size_t rows, std::span<float> features, std::span<float> targets,
///                        std::span<double>) override {
///         for (std::size_t row = 0; row < rows; ++row) {
///           file.read(reinterpret_cast<char*>(features.data() + row * 16), 16 * sizeof(float));
///           if (!file.read(reinterpret_cast<char*>(targets.data() + row), sizeof(float))) return row;
///         }
///         return rows;
///       }
///     };
///
/// A training calls it from one thread at a time, which is not always the one that called train(). What it
/// throws ends the training, and is thrown on by train().
template <class T>
class RowStream {
 public:
  virtual ~RowStream() = default;

  /// Of the features of one row: (4) for four numbers. The same in every call, as are the next two.
  virtual Shape feature_shape() const = 0;
  /// Of the targets of one row: () for one number, such as a class index.
  virtual Shape target_shape() const { return {}; }
  /// Whether each row has a weight.
  virtual bool has_weights() const { return false; }

  /// The next row is the first again. Called before each pass, the first one too.
  virtual void rewind() = 0;

  /// Writes the next rows one behind the other.
  /// @param rows      how many are wanted: at least 1
  /// @param features  feature_shape().elements() for each row wanted
  /// @param targets   target_shape().elements() for each
  /// @param weights   one for each; none if there are no weights
  /// @return          how many were written: fewer than wanted only where no more come
  virtual std::size_t read(std::size_t rows, std::span<T> features, std::span<T> targets,
                           std::span<double> weights) = 0;
};

}  // namespace xtape::data
#pragma GCC visibility pop
