// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/arena.hpp"
#include "xtape/autograd/claim.hpp"
#include "xtape/autograd/claims.hpp"
#include "xtape/autograd/gradcheck.hpp"
#include "xtape/autograd/gradient_memory.hpp"
#include "xtape/autograd/gradient_pool.hpp"
#include "xtape/autograd/gradients.hpp"
#include "xtape/autograd/node.hpp"
#include "xtape/autograd/parameter.hpp"
#include "xtape/autograd/profile.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/autograd/rollback.hpp"
#include "xtape/autograd/shard.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/autograd/to_dot.hpp"
#include "xtape/autograd/variable.hpp"
