// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/nn/activations.hpp"
#include "xtape/nn/batch_norm.hpp"
#include "xtape/nn/conv2d.hpp"
#include "xtape/nn/dropout.hpp"
#include "xtape/nn/embedding.hpp"
#include "xtape/nn/flatten.hpp"
#include "xtape/nn/gradcheck.hpp"
#include "xtape/nn/initializers.hpp"
#include "xtape/nn/layer_norm.hpp"
#include "xtape/nn/linear.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/nn/ordinal.hpp"
#include "xtape/nn/pooling.hpp"
#include "xtape/nn/sequential.hpp"
