// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/files/stored_array.hpp"
