// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/ops/arithmetic.hpp"
#include "xtape/ops/axes.hpp"
#include "xtape/ops/convolution.hpp"
#include "xtape/ops/dropout.hpp"
#include "xtape/ops/elementwise.hpp"
#include "xtape/ops/matmul.hpp"
#include "xtape/ops/normalization.hpp"
#include "xtape/ops/ordinal.hpp"
#include "xtape/ops/pooling.hpp"
#include "xtape/ops/rearrange.hpp"
#include "xtape/ops/reduce.hpp"
#include "xtape/ops/size2d.hpp"
#include "xtape/ops/softmax.hpp"
