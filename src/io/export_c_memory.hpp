// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/export_c_program.hpp"

namespace xtape::io::plain_c {

// Where the values of a program are: in what the caller gives or takes, or in a workspace, which values share
// whose lives do not overlap. A function of single elements works in place where its input is not read again.
class MemoryPlan {
 public:
  explicit MemoryPlan(const Program& program);

  // As C writes it: "in", "out", "workspace + 12".
  std::string address(std::size_t value) const;

  // In floats.
  std::size_t workspace() const { return workspace_ / sizeof(float); }

 private:
  // A piece of memory that values have one after the other.
  struct Piece {
    std::size_t bytes, first_step, last_step, offset = 0;
  };

  void share(const Program& program);
  void place();

  const Program& program_;
  std::vector<std::size_t> piece_of_;  // of each value
  std::vector<Piece> pieces_;
  std::size_t workspace_ = 0;  // in bytes
};

}  // namespace xtape::io::plain_c
