// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/onnx/model.hpp"
