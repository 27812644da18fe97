// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/any_array.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/arrays/convert.hpp"
#include "xtape/arrays/evaluate.hpp"
#include "xtape/arrays/label_options.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/arrays/shape.hpp"
#include "xtape/arrays/xtensor.hpp"
