// SPDX-License-Identifier: BSD-3-Clause
// Compiled with a traversal by columns, which must be refused.
#include "xtape/xtape.hpp"
