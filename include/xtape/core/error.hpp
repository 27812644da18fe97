// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <stdexcept>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// Base of every exception that xtape throws. The text names the function, the argument, the rule,
/// what came instead and, where one mistake is common, the fix. What throws changes nothing first.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes that do not fit together, or a rank or extent that an array must not have.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// Weights that fit neither the losses nor the classes.
class WeightsShapeError : public ShapeError {
 public:
  using ShapeError::ShapeError;
};

/// A class index outside [0, classes), or a yes-or-no label outside its range.
class LabelError : public Error {
 public:
  using Error::Error;
};

/// An element that the function is not defined for, such as a probability above 1.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// An option or a number that makes no sense where it was given.
class ArgumentError : public Error {
 public:
  using Error::Error;
};

/// A call that the tape cannot answer as things stand: backward from something that needs no gradient,
/// the gradient before backward, variables of two tapes in one operation.
class TapeError : public Error {
 public:
  using Error::Error;
};

/// A variable used after the frame in which it was recorded has ended.
class StaleVariable : public TapeError {
 public:
  using TapeError::TapeError;
};

/// An operation that made a NaN or an infinity while Tape::check_finite is on.
class NonFiniteError : public Error {
 public:
  using Error::Error;
};

/// A file that is missing or does not hold what it should. The text names the file and the place in it.
class FileError : public Error {
 public:
  using Error::Error;
};

/// A file that the system does not find, open or read. The text has its reason.
class UnreadableFileError : public FileError {
 public:
  using FileError::FileError;
};

/// Processes that cannot reach each other, or do not agree in what they send. The text has the reason of what
/// connects them.
class CommunicationError : public Error {
 public:
  using Error::Error;
};

}  // namespace xtape
#pragma GCC visibility pop
