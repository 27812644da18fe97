// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/distributed/communicator.hpp"
#include "xtape/distributed/ordered_sum.hpp"
#include "xtape/distributed/single_process.hpp"
