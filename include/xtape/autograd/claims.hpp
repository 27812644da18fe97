// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/parameter.hpp"

#pragma GCC visibility push(default)
namespace xtape::detail {

// The parameters to whose gradients one tape, or whatever has it, adds: it alone, until release().
template <class T>
class Claims {
 public:
  Claims() = default;
  ~Claims() { release(); }
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  bool has(const Parameter<T>& parameter) const noexcept { return parameter.claim_.is_of(this); }
  // False if it is somebody else's.
  bool take_if_free(Parameter<T>& parameter) noexcept;
  // @throws TapeError  it is somebody else's.
  void take(const char* function, Parameter<T>& parameter);
  void release() noexcept;

 private:
  Parameter<T>* newest_ = nullptr;  // they form a list
};

extern template class Claims<float>;
extern template class Claims<double>;

}  // namespace xtape::detail
#pragma GCC visibility pop
