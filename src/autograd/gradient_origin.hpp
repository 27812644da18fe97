// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"

namespace xtape {

// The operation whose gradient rule has made the first number that is not finite out of finite ones, in the
// latest backward from root, with all gradients kept. Null where that cannot be told.
template <class T>
const char* origin_of_not_finite_gradient(Variable<T> root);

}  // namespace xtape
