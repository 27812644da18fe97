// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "case.hpp"

namespace reference {

// Computes a case in T, which is float or double. An xtape::Error becomes the outcome's error.
// Throws MalformedCase if its family is unknown or it does not fit to that, or nlohmann's exceptions.
template <class T>
Outcome run(const Case& test);

extern template Outcome run<float>(const Case&);
extern template Outcome run<double>(const Case&);

}  // namespace reference
