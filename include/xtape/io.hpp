// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/io/checkpoint.hpp"
#include "xtape/io/export_c.hpp"
#include "xtape/io/model.hpp"
#include "xtape/io/safetensors.hpp"
#include "xtape/io/weights.hpp"
