// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

namespace xtape {

// Calls a function at the end of the scope, however that comes.
template <class Function>
class AtEnd {
 public:
  explicit AtEnd(Function function) : function_(std::move(function)) {}
  ~AtEnd() { function_(); }
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;

 private:
  Function function_;
};

}  // namespace xtape
