// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// All of xtape, but xtape/mpi.hpp and xtape/onnx.hpp, which are libraries of their own.
#include "xtape/arrays.hpp"
#include "xtape/autograd.hpp"
#include "xtape/core.hpp"
#include "xtape/data.hpp"
#include "xtape/distributed.hpp"
#include "xtape/files.hpp"
#include "xtape/inference.hpp"
#include "xtape/io.hpp"
#include "xtape/losses.hpp"
#include "xtape/metrics.hpp"
#include "xtape/nn.hpp"
#include "xtape/ops.hpp"
#include "xtape/optim.hpp"
#include "xtape/random.hpp"
#include "xtape/threads.hpp"
#include "xtape/training.hpp"
